//! L2: every signal in a history was sent.

use crate::rules::Indexed;
use crate::rules::index::Asked;
use crate::rules::proof::{may_apply, number, possible, unreadable};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::OperationId;
use std::collections::BTreeMap;

/// Balances calls that signal with signals in histories.
pub(super) struct Signals;

static ABOUT: About = About {
    id: "L2",
    slug: "signals",
    title: "every signal in a history was sent with this name and value, and there are no more than attempts",
    reason: "H22 says that a signal which was sent arrives once; this is the other side of the ledger: what arrived was \
             sent. A signal that nobody sent, a value that changed on the way, or a signal that was refused and taken \
             all the same makes the workflow act on an order that nobody gave.",
    source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[8]"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"UNAVAILABLE"}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
};

impl Rule for Signals {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let mut sent: BTreeMap<(&str, &str, i64), (Vec<Asked<'_>>, usize)> = BTreeMap::new();
        for call in evidence.asked() {
            if let Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } = call.action {
                sent.entry((call.workflow_id, name, *value)).or_default().0.push(call);
            }
        }
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            arrived(run, &mut sent, findings);
        }
        findings.look_at_all();
        for ((workflow_id, name, value), (calls, found)) in &sent {
            let most =
                calls.iter().flat_map(|call| &call.operation.attempts).filter(|attempt| may_apply(attempt)).count();
            findings.examine();
            if *found > most {
                let by: Vec<OperationId> = calls.iter().map(|call| call.operation.id).collect();
                let message = format!(
                    "signal {name}({value}) stands {found} times in the runs of {workflow_id}, {most} attempts can have sent it"
                );
                findings.violated_by(&by, &[], message);
            }
        }
    }
}

/// Every signal of a run, except those of other workflows, has a call that may have sent it.
fn arrived<'a>(
    run: &'a Run,
    sent: &mut BTreeMap<(&'a str, &'a str, i64), (Vec<Asked<'a>>, usize)>,
    findings: &mut Findings,
) {
    findings.look_at(run);
    for event in &run.events {
        let Body::WorkflowExecutionSignaled(signal) = &event.body else { continue };
        if !signal.external.workflow_id.is_empty() || unreadable(&signal.input) {
            continue;
        }
        findings.examine();
        let value = number(&signal.input);
        let key = value.map(|value| (run.workflow_id.as_str(), signal.name.as_str(), value));
        let Some((calls, found)) = key.and_then(|key| sent.get_mut(&key)) else {
            let shown = value.map_or_else(|| "a value that is no integer".to_owned(), |value| value.to_string());
            findings.violated(&[event.id], format!("nobody sent signal {} with {shown}", signal.name));
            continue;
        };
        *found += 1;
        let by: Vec<OperationId> = calls.iter().map(|call| call.operation.id).collect();
        if !calls.iter().any(|call| possible(call.operation)) {
            let message = format!("every call that sent signal {} was refused, yet it arrived", signal.name);
            findings.violated_by(&by, &[event.id], message);
        } else if !signal.request_id.is_empty() && !calls.iter().any(|call| call.request_id == signal.request_id) {
            let message = format!("nobody sent signal {} with request id {}", signal.name, signal.request_id);
            findings.violated_by(&by, &[event.id], message);
        }
    }
}
