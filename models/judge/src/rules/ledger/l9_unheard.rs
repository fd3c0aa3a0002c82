//! L9: a query or an update that waits for a worker reaches one.

use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, answers_may_be_lost, is_quiet};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{Answer, OperationId, Task};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Looks for calls that got no answer although a worker could have given it.
pub(super) struct Unheard;

static ABOUT: About = About {
    id: "L9",
    slug: "unheard",
    title: "where the target promises it: a query or an update that waits for a workflow task to end is handed to a worker",
    reason: "What comes while a worker has the workflow task waits, and goes out with the next one. If the worker closes the \
             run there is no next one, and a query has to be given to a worker by itself; if the task fails, the updates \
             that went out with it have to go out again. A server that forgets this lets the caller wait until its own \
             deadline, for something that could be told at once.",
    source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”; temporal#2033, temporal#5784. The real server does this under load: \
             in 6 of 2,000 cases without faults (docs/measurements.md)",
    violating: whole!(
        r#"
        {"at":1000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"events":[1,3]}
        {"at":2000000,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"state"}}}
        {"at":3000000,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"cancel_workflow"}]}}
        {"at":4000000,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":9900000000,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"DeadlineExceeded: context deadline exceeded"}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionCanceled workflowTaskCompletedEventId=4"#
    ),
    allowed: whole!(
        r#"
        {"at":1000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"events":[1,3]}
        {"at":2000000,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"state"}}}
        {"at":3000000,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"cancel_workflow"}]}}
        {"at":4000000,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":5000000,"type":"task","task":2,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"queries":1}
        {"at":9900000000,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"DeadlineExceeded: context deadline exceeded"}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionCanceled workflowTaskCompletedEventId=4"#
    ),
};

/// How long after the end of a workflow task, and after the timeouts of the next one, a call that waited for it must have
/// reached a worker, in nanoseconds.
const PATIENCE: At = 3_000_000_000;

impl Rule for Unheard {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::RepeatedHandOver)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let Some(header) = evidence.header.as_ref().filter(|_| evidence.is_whole()) else { return };
        // The poll of a worker that has gone may still wait on the server long after the fault, and be given the task.
        if answers_may_be_lost(evidence) {
            return;
        }
        let knobs = &header.plan.knobs;
        let patience = PATIENCE + (At::from(knobs.task_timeout_ms) + At::from(knobs.sticky_timeout_ms)) * 1_000_000;
        let answered = answered(evidence);
        for call in evidence.asked() {
            let carries: &dyn Fn(&Task) -> bool = match call.action {
                Action::Query { .. } => &|task| task.queries > 0,
                Action::Update { .. } => &|task| task.updates.iter().any(|id| id == call.request_id),
                Action::Start(_)
                | Action::Signal { .. }
                | Action::SignalWithStart { .. }
                | Action::Cancel
                | Action::Terminate
                | Action::Describe
                | Action::ReadHistory => continue,
            };
            for attempt in &call.operation.attempts {
                let (from, Some(until)) = (attempt.invoked, attempt.returned) else { continue };
                let ended = answered.get(call.workflow_id).into_iter().flatten();
                let ended = ended.filter(|after| after.sent > from && after.told < until && !carries(after.task));
                let Some(after) = ended.min_by_key(|after| after.told).filter(|_| is_quiet(evidence, from, until))
                else {
                    continue;
                };
                findings.examine();
                if after.told.saturating_add(patience) >= until {
                    continue;
                }
                // An update that was given to an earlier task, in vain, has to be given to a later one.
                let since = if matches!(call.action, Action::Query { .. }) { from } else { after.sent };
                let handed = evidence.tasks.values().any(|handed| {
                    handed.task.workflow_id == call.workflow_id
                        && (since..=until).contains(&handed.at)
                        && carries(&handed.task)
                });
                if matches!(attempt.answer, Answer::Info { .. }) && !handed {
                    let waited = until.saturating_sub(after.told) / 1_000_000;
                    let message =
                        format!("a workflow task ended, and {waited} ms later no worker had been handed the call");
                    findings.violated_by(&[call.operation.id, after.operation], &[], message);
                }
            }
        }
    }
}

/// A workflow task that a worker has answered, and was told so.
struct Answered<'a> {
    task: &'a Task,
    operation: OperationId,
    sent: At,
    told: At,
}

/// By workflow id.
fn answered<'e>(evidence: &Indexed<'e>) -> FxHashMap<&'e str, Vec<Answered<'e>>> {
    let mut all: FxHashMap<&str, Vec<Answered<'_>>> = FxHashMap::default();
    for ((workflow_id, _), answers) in evidence.decisions() {
        all.entry(workflow_id).or_default().extend(answers.iter().filter_map(|answer| {
            let told = acknowledged(answer.operation)?;
            Some(Answered {
                task: &answer.task.task,
                operation: answer.operation.id,
                sent: answer.operation.invoked(),
                told,
            })
        }));
    }
    all.values_mut().for_each(|answers| answers.sort_unstable_by_key(|answer| answer.operation));
    all
}
