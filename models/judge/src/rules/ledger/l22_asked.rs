//! L22: a worker that reports progress learns whether its activity was asked to cancel.

use crate::rules::Indexed;
use crate::rules::index::Key;
use crate::rules::proof::{acknowledged, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::{Call, Reply};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Compares the answers to heartbeats with the requests for cancellation.
pub(super) struct Cancels;

static ABOUT: About = About {
    id: "L22",
    slug: "asked",
    title: "the answer to a heartbeat asks for cancellation if the workflow does, and only then",
    reason: "Progress is reported for two reasons: so that it is not lost, and so that the activity learns that nobody wants its \
             result any more. If that is not said, work goes on for nothing until a timeout; if it is said without having been \
             asked for, an activity gives up a payment that the workflow waits for.",
    source: "docs/temporal-semantics.md: “Activities”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"heartbeat","task":1}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"heartbeat","cancel_requested":true}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"heartbeat","task":1}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"heartbeat","cancel_requested":true}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskCancelRequested scheduledEventId=2"#
    ),
};

impl Rule for Cancels {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let known = evidence.by_execution();
        let asked = asked(evidence);
        for operation in evidence.operations.values() {
            let Call::Heartbeat { task } = &operation.call else { continue };
            let Some(task) = evidence.tasks.get(task).map(|handed| &handed.task) else { continue };
            let key = (task.workflow_id.as_str(), task.run_id.as_str());
            let Some(run) = known.get(&key) else { continue };
            for (attempt, reply) in operation.replies() {
                let (Reply::Heartbeat { cancel_requested }, Some(told)) = (reply, attempt.returned) else { continue };
                let requested = requested(run, &task.activity_id);
                findings.look_at(run);
                findings.examine();
                let before = asked.get(&(key, task.activity_id.clone())).is_some_and(|at| *at < attempt.invoked);
                if *cancel_requested && requested.is_none() && shows(run, told) {
                    let message = format!("activity {} is told to cancel, which nobody asked of it", task.activity_id);
                    findings.violated_by(&[operation.id], &[], message);
                } else if let Some(event) = requested.filter(|_| !cancel_requested && before) {
                    let message = format!("activity {} was asked to cancel before, and is not told", task.activity_id);
                    findings.violated_by(&[operation.id], &[event], message);
                }
            }
        }
    }
}

/// The event by which a run asked an activity to cancel.
fn requested(run: &Run, activity_id: &str) -> Option<EventId> {
    let is_of = |id: EventId| {
        let scheduled = run.event(id).map(|event| &event.body);
        matches!(scheduled, Some(Body::ActivityTaskScheduled(task)) if task.activity_id == activity_id)
    };
    let mut events = run.events.iter();
    let found =
        events.find(|event| matches!(&event.body, Body::ActivityTaskCancelRequested(it) if is_of(it.scheduled)));
    found.map(|event| event.id)
}

/// By run and activity id, when a command to cancel an activity was acknowledged.
fn asked<'e>(evidence: &Indexed<'e>) -> FxHashMap<(Key<'e>, String), At> {
    let mut all = FxHashMap::default();
    for (key, answers) in evidence.decisions() {
        for answer in answers {
            let Some(at) = acknowledged(answer.operation) else { continue };
            for command in answer.commands {
                if let Command::RequestCancelActivity { seq } = command {
                    all.insert((*key, seq.to_string()), at);
                }
            }
        }
    }
    all
}
