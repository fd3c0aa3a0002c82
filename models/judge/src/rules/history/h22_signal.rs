//! H22: an acknowledged signal arrives, once, and in order.

use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, number, possible, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::{Evidence, Operation, Run};
use resurgam_formats::plan::Action;
use resurgam_formats::recording::OperationId;
use resurgam_formats::time::At;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Matches signals in histories with the calls that sent them.
pub(super) struct Signals;

static ABOUT: About = About {
    id: "H22",
    slug: "signal",
    title: "a signal stands at most once in a run, somewhere if it was acknowledged, and in order of sending",
    reason: "A signal is how the world talks to a workflow: an order was paid, a person approved. If an acknowledged \
             signal is lost the workflow waits for ever; if a repeated call is taken twice the customer pays twice; if \
             two signals sent one after the other change places a correction is overwritten by what it corrected. The \
             server's events carry no request id of signals, so a signal is known by its name and value.",
    source: "docs/temporal-semantics.md: “Buffered events”, “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"UNAVAILABLE"}}
        {"at":3,"type":"invoke","operation":1,"attempt":2,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":4,"type":"return","operation":1,"attempt":2,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]
        3 WorkflowExecutionSignaled signalName=s input=[7]
        4 WorkflowExecutionTerminated"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"UNAVAILABLE"}}
        {"at":3,"type":"invoke","operation":1,"attempt":2,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":4,"type":"return","operation":1,"attempt":2,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r1
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]
        3 WorkflowExecutionTerminated
        run w/r2
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]
        3 WorkflowExecutionTerminated"#
    ),
};

/// Workflow id, name and value: what makes signals alike.
type Kind<'a> = (&'a str, &'a str, i64);

/// All signals that are alike.
#[derive(Default)]
struct Alike<'a> {
    sent: Vec<&'a Operation>,
    /// Where they stand: indexes of runs and how many events each has.
    found: FxHashMap<usize, Vec<EventId>>,
}

impl Rule for Signals {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        for run in &evidence.runs {
            request_ids(run, findings);
        }
        if !evidence.is_whole() {
            return;
        }
        let mut kinds: BTreeMap<Kind<'_>, Alike<'_>> = BTreeMap::new();
        for call in evidence.asked() {
            if let Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } = call.action {
                kinds.entry((call.workflow_id, name, *value)).or_default().sent.push(call.operation);
            }
        }
        for (index, run) in evidence.runs.iter().enumerate() {
            for (id, name, value) in signals(run) {
                if let Some(alike) = kinds.get_mut(&(run.workflow_id.as_str(), name, value)) {
                    alike.found.entry(index).or_default().push(id);
                }
            }
        }
        // Where a signal may stand in a run that the recording does not know, neither absence nor order is decided.
        let unnamed = evidence.perhaps_unnamed();
        let runs: FxHashMap<&str, Vec<&Run>> = evidence
            .by_workflow()
            .iter()
            .filter(|(workflow_id, _)| !unnamed.contains(*workflow_id))
            .map(|(workflow_id, runs)| (*workflow_id, runs.clone()))
            .collect();
        for (kind, alike) in &kinds {
            count(kind, alike, evidence, &runs, findings);
        }
        let named = |run: &&Run| !unnamed.contains(run.workflow_id.as_str());
        for (index, run) in evidence.runs.iter().enumerate().filter(|(_, run)| named(run)) {
            order(index, run, &kinds, findings);
        }
    }
}

/// The signals of a run that did not come from another workflow.
fn signals(run: &Run) -> impl Iterator<Item = (EventId, &str, i64)> {
    run.events.iter().filter_map(|event| match &event.body {
        Body::WorkflowExecutionSignaled(signal) if signal.external.workflow_id.is_empty() => {
            Some((event.id, signal.name.as_str(), number(&signal.input)?))
        }
        _ => None,
    })
}

/// Servers that write the request id of a signal must write each at most once per run.
fn request_ids(run: &Run, findings: &mut Findings) {
    let mut seen = FxHashMap::default();
    findings.look_at(run);
    for event in &run.events {
        if let Body::WorkflowExecutionSignaled(signal) = &event.body
            && !signal.request_id.is_empty()
        {
            findings.examine();
            if let Some(first) = seen.insert(signal.request_id.as_str(), event.id) {
                let message = format!("the signal with request id {} stands twice in the run", signal.request_id);
                findings.violated(&[first, event.id], message);
            }
        }
    }
}

fn count(
    (workflow_id, name, value): &Kind<'_>,
    alike: &Alike<'_>,
    evidence: &Evidence,
    runs: &FxHashMap<&str, Vec<&Run>>,
    findings: &mut Findings,
) {
    findings.look_at_all();
    findings.examine();
    let numbers: Vec<OperationId> = alike.sent.iter().map(|operation| operation.id).collect();
    // Every operation was sent at most once as far as one run is concerned, however many attempts it had.
    let most = alike.sent.iter().filter(|operation| possible(operation)).count();
    let mut places: Vec<_> = alike.found.iter().collect();
    places.sort_by_key(|(index, _)| **index);
    for (index, events) in places {
        if events.len() > most {
            findings.look_at(&evidence.runs[*index]);
            let message = format!(
                "signal {name}({value}) stands {} times in the run, {most} calls can have sent it",
                events.len()
            );
            findings.violated_by(&numbers, events, message);
        }
    }
    let every = |at: At| runs.get(workflow_id).is_some_and(|runs| runs.iter().all(|run| shows(run, at)));
    let acked: Vec<OperationId> = alike
        .sent
        .iter()
        .filter(|operation| acknowledged(operation).is_some_and(every))
        .map(|operation| operation.id)
        .collect();
    let total: usize = alike.found.values().map(Vec::len).sum();
    if acked.len() > total {
        findings.look_at_all();
        let message = format!(
            "signal {name}({value}) to {workflow_id} was acknowledged to {} calls, and stands {total} times in its runs",
            acked.len()
        );
        findings.violated_by(&acked, &[], message);
    }
}

/// If one call was acknowledged before another was sent, its signal comes first. Only for signals that are told apart
/// by name and value and stand in one run only: a late attempt may land in a later run.
fn order(index: usize, run: &Run, kinds: &BTreeMap<Kind<'_>, Alike<'_>>, findings: &mut Findings) {
    let mut latest: Option<(At, EventId, OperationId)> = None;
    let mut done = FxHashSet::default();
    findings.look_at(run);
    for (id, name, value) in signals(run) {
        let Some(alike) = kinds.get(&(run.workflow_id.as_str(), name, value)) else { continue };
        let [operation] = alike.sent[..] else { continue };
        if !done.insert(operation.id) {
            continue;
        }
        let alone = alike.found.len() == 1 && alike.found.contains_key(&index);
        if let (true, Some(at), Some((sent, earlier, by))) = (alone, acknowledged(operation), latest)
            && at < sent
        {
            findings.violated_by(
                &[operation.id, by],
                &[earlier, id],
                format!("signal {name}({value}) was acknowledged before operation {by} was sent, but stands after it"),
            );
        }
        if latest.is_none_or(|(sent, ..)| operation.invoked() > sent) {
            latest = Some((operation.invoked(), id, operation.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn sent(operation: u32, at: u64, value: i64) -> String {
        format!(
            r#"{{"at":{at},"type":"invoke","operation":{operation},"attempt":1,"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"q{operation}","action":{{"call":"signal","name":"s","value":{value}}}}}}}
               {{"at":{},"type":"return","operation":{operation},"attempt":1,"answer":{{"answer":"ok","value":{{"reply":"done"}}}}}}"#,
            at + 1
        )
    }

    fn outcome(lines: &str) -> Outcome {
        let text = whole!("LINES").replace("LINES", lines);
        let mut findings = Findings::default();
        Signals.judge(&Indexed::plain(&parse(&text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn acknowledged_and_absent_is_violated() {
        let run = "run w/r\n1 WorkflowExecutionStarted\n2 WorkflowExecutionTerminated";
        assert_eq!(outcome(&format!("{}\n{run}", sent(1, 1, 7))), Outcome::Violated);
    }

    #[test]
    fn order_binds_only_what_was_sent_in_order() {
        let run = "run w/r\n1 WorkflowExecutionStarted\n2 WorkflowExecutionSignaled signalName=s input=[8]\n\
                   3 WorkflowExecutionSignaled signalName=s input=[7]";
        assert_eq!(outcome(&format!("{}\n{}\n{run}", sent(1, 1, 7), sent(2, 5, 8))), Outcome::Violated);
        assert_eq!(outcome(&format!("{}\n{}\n{run}", sent(1, 5, 7), sent(2, 5, 8))), Outcome::Ok);
        assert_eq!(outcome(&format!("{}\n{}\n{run}", sent(1, 5, 7), sent(2, 1, 8))), Outcome::Ok);
    }
}
