//! L6: a query sees everything that was acknowledged before it was asked.

use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, number, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Operation, Run};
use resurgam_formats::plan::Action;
use resurgam_formats::recording::Reply;
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Compares answers of queries with the signals of the run.
pub(super) struct Queries;

static ABOUT: About = About {
    id: "L6",
    slug: "queries",
    title: "a query reflects every signal that was acknowledged before it was sent, and nothing that is not in the history",
    reason: "A client that signals and then queries expects to see its own signal. A server that answers a query from a \
             worker that is behind shows a past that the client already knows to be over; one that shows more than the \
             history holds shows a future that may never come.",
    source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"state"}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"query","run_id":"r","value":0,"seen":1,"signals":0}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"state"}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"query","run_id":"r","value":0,"seen":1,"signals":0}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
};

/// A query may be answered from a pending workflow task of two events that is dropped afterwards.
const DROPPED: i64 = 2;

/// All signals that are alike: the only call that sent them (`None` if several did), and the only run that has one,
/// once (`None` if several have).
struct Alike<'a> {
    sent: Option<&'a Operation>,
    run: Option<&'a str>,
    found: bool,
}

impl Rule for Queries {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let acknowledged = arrivals(evidence);
        let runs = evidence.by_execution();
        let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
        for call in evidence.asked() {
            for (attempt, reply) in call.operation.replies() {
                let Reply::Query(answer) = reply else { continue };
                let Some(run) = runs.get(&(call.workflow_id, answer.run_id.as_str())) else {
                    if quiet && !evidence.perhaps_unnamed().contains(call.workflow_id) {
                        findings.look_at_all();
                        let message = format!("run {} answered the query, which has no history", answer.run_id);
                        findings.violated_by(&[call.operation.id], &[], message);
                    }
                    continue;
                };
                if !attempt.returned.is_some_and(|at| shows(run, at)) {
                    continue;
                }
                findings.look_at(run);
                findings.examine();
                let by = [call.operation.id];
                let times = acknowledged.get(answer.run_id.as_str()).map_or(&[][..], Vec::as_slice);
                let before = times.partition_point(|at| *at < attempt.invoked);
                let there = run.events.iter().filter(|event| matches!(event.body, Body::WorkflowExecutionSignaled(_)));
                // As many as the state that answered can have seen, no more and no less.
                let seen = there.clone().filter(|event| event.id.0 <= answer.seen).count();
                let there = there.count();
                // A worker that is given a query without history reads it by itself.
                let shown: Vec<_> = evidence.tasks.values().filter(|it| it.task.run_id == answer.run_id).collect();
                let reads = shown.iter().any(|it| it.task.queries > 0 && it.task.events.is_none());
                let mut shown = shown.iter().filter_map(|it| it.task.events).map(|(_, last)| last).peekable();
                let shown = reads || shown.peek().is_none() || shown.any(|last| last == answer.seen);
                let signals = answer.signals as usize;
                let last = run.events.last().map_or(0, |event| event.id.0);
                if signals < before {
                    let message = format!("{before} signals were acknowledged before the query, it shows {signals}");
                    findings.violated_by(&by, &[], message);
                } else if signals > there {
                    let message = format!("the query shows {signals} signals, the history has {there}");
                    findings.violated_by(&by, &[], message);
                } else if !shown {
                    let message = format!("the query reflects event {}, with which no task has ended", answer.seen);
                    findings.violated_by(&by, &[], message);
                } else if answer.seen <= last && signals != seen {
                    let message =
                        format!("the query shows {signals} signals up to event {}, which are {seen}", answer.seen);
                    findings.violated_by(&by, &[], message);
                } else if answer.seen > last.saturating_add(DROPPED) {
                    let message = format!("the query reflects event {}, the history has {last}", answer.seen);
                    findings.violated_by(&by, &[], message);
                }
            }
        }
    }
}

/// By run id, when signals that certainly stand in that run were acknowledged, in order. A signal counts only if it is
/// told apart from all others and stands in one place: a late attempt may put it into a later run.
fn arrivals<'a>(evidence: &'a Indexed<'_>) -> FxHashMap<&'a str, Vec<At>> {
    let mut kinds: FxHashMap<(&str, &str, i64), Alike<'_>> = FxHashMap::default();
    for call in evidence.asked() {
        if let Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } = call.action {
            kinds.entry((call.workflow_id, name, *value)).and_modify(|alike| alike.sent = None).or_insert(Alike {
                sent: Some(call.operation),
                run: None,
                found: false,
            });
        }
    }
    for run in &evidence.runs {
        for (name, value) in signals(run) {
            if let Some(alike) = kinds.get_mut(&(run.workflow_id.as_str(), name, value)) {
                alike.run = (!alike.found).then_some(&run.run_id);
                alike.found = true;
            }
        }
    }
    let unnamed = evidence.perhaps_unnamed();
    kinds.retain(|(workflow_id, ..), _| !unnamed.contains(workflow_id));
    let mut times: FxHashMap<&str, Vec<At>> = FxHashMap::default();
    for alike in kinds.values() {
        if let (Some(operation), Some(run)) = (alike.sent, alike.run)
            && let Some(at) = acknowledged(operation)
        {
            times.entry(run).or_default().push(at);
        }
    }
    times.values_mut().for_each(|times| times.sort_unstable());
    times
}

fn signals(run: &Run) -> impl Iterator<Item = (&str, i64)> {
    run.events.iter().filter_map(|event| match &event.body {
        Body::WorkflowExecutionSignaled(signal) if signal.external.workflow_id.is_empty() => {
            Some((signal.name.as_str(), number(&signal.input)?))
        }
        _ => None,
    })
}
