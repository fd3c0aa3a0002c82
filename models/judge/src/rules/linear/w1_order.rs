//! W1: what happened first stands first.

use super::words::{shown_by, what, who};
use crate::rules::witness::Bound;
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::Action;

use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Compares the order of events with the times of the calls they came from.
pub(super) struct Order;

static ABOUT: About = About {
    id: "W1",
    slug: "real-time",
    title: "an operation that was acknowledged before another was sent stands before it, and stands there",
    reason: "A client that waits for an answer before it does the next thing relies on that order: first the order is \
             paid, then it is shipped; first the run is terminated, then another is started. If the history tells it the \
             other way round, the workflow acts on a world that nobody saw, and no client can prevent it. Only what \
             waits in the buffer of a started workflow task may be written behind what the task commanded, and the ends \
             of activities and children behind everything else that waited with them.",
    source: "docs/temporal-semantics.md: “Buffered events”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q1","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q2","action":{"call":"signal","name":"s","value":8}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[8]
        3 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q1","action":{"call":"signal","name":"s","value":7}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q2","action":{"call":"signal","name":"s","value":8}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":5,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s input=[8]
        3 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
};

impl Rule for Order {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let witness = evidence.witness();
        let timeline = &witness.timeline;
        let lowest = timeline.lowest(&witness.effects.lower, true);
        for bound in &witness.effects.upper {
            if timeline.line(bound.run).is_some() {
                findings.examine();
            }
        }
        for conflict in timeline.conflicts(&lowest, &witness.effects.upper) {
            findings.look_at(&evidence.runs[conflict.second.run]);
            let (operations, events) = shown_by(timeline, &conflict);
            let message = |first: &Bound, second: &Bound| {
                format!(
                    "{} was there when {} ended, but stands behind {}, which came from {}, sent later",
                    what(timeline, second),
                    who(second),
                    what(timeline, first),
                    who(first)
                )
            };
            findings.violated_by(&operations, &events, message(&conflict.first, &conflict.second));
        }
        absent(evidence, findings);
    }
}

/// Acknowledged terminations and cancel requests must show in some run.
fn absent(evidence: &Indexed<'_>, findings: &mut Findings) {
    let runs = evidence.by_workflow();
    let unnamed = evidence.perhaps_unnamed();
    for call in evidence.asked().filter(|call| !unnamed.contains(call.workflow_id)) {
        let Some(at) = acknowledged(call.operation) else { continue };
        let runs = runs.get(call.workflow_id).map_or(&[][..], Vec::as_slice);
        if !runs.iter().all(|run| shows(run, at)) {
            continue;
        }
        let there = match call.action {
            Action::Terminate => runs.iter().any(|run| terminated(run, call.request_id)),
            // A run that is closed already answers the same, and writes nothing.
            Action::Cancel => runs.iter().any(|run| run.close().is_some() || cancelled(run)),
            Action::Start(_)
            | Action::Signal { .. }
            | Action::SignalWithStart { .. }
            | Action::Query { .. }
            | Action::Update { .. }
            | Action::Describe
            | Action::ReadHistory => continue,
        };
        findings.look_at_all();
        findings.examine();
        if !there {
            let message =
                format!("{} was told that it is done, and no run of {} shows it", call.operation.by, call.workflow_id);
            findings.violated_by(&[call.operation.id], &[], message);
        }
    }
}

/// True if this call terminated the run; a server that keeps no reason says nothing.
fn terminated(run: &Run, request_id: &str) -> bool {
    run.events.iter().any(|event| match &event.body {
        Body::WorkflowExecutionTerminated(close) => close.reason.is_empty() || close.reason == request_id,
        _ => false,
    })
}

fn cancelled(run: &Run) -> bool {
    run.events.iter().any(|event| matches!(event.body, Body::WorkflowExecutionCancelRequested(_)))
}
