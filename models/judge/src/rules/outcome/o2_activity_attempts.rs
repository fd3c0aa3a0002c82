//! O2: the attempts of an activity and how it ended lie in what its script and its retry policy allow.

use crate::profile::HandOver;
use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, EventId, FailureKind};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::program::{ActEnd, ActivityCall, Failure};
use resurgam_formats::recording::{ActivityEnd, Call, OperationId, Reply, TaskId};
use std::collections::BTreeMap;

pub(super) struct ActivityAttempts;

static ABOUT: About = About {
    id: "O2",
    slug: "activity-attempts",
    title: "an activity is attempted as often as its retry policy says, and ends as its script can end",
    reason: "Retries are the promise that a flaky activity gets its chances, and the limit is the promise that a dangerous \
             one is not repeated. An attempt after the server acknowledged the end repeats a side effect that was \
             reported as done; an activity that is given up before its last attempt fails a workflow for nothing. This \
             is judged from what workers were handed and what they answered, not from the events in between.",
    source: "docs/temporal-semantics.md: “Activities”",
    violating: r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[{"end":{"fail":{"kind":"flaky","non_retryable":false}}}]},"start_to_close_ms":1000,"retry":{"initial_ms":10,"coefficient_tenths":10,"maximum_ms":10,"maximum_attempts":2},"cancellation":"try_cancel","into":0}}]}}
        {"at":3,"type":"task","task":2,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskFailed scheduledEventId=2 failure={"applicationFailureInfo":{"type":"flaky"}}"#,
    allowed: r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[{"end":{"fail":{"kind":"flaky","non_retryable":false}}}]},"start_to_close_ms":1000,"retry":{"initial_ms":10,"coefficient_tenths":10,"maximum_ms":10,"maximum_attempts":2},"cancellation":"try_cancel","into":0}}]}}
        {"at":3,"type":"task","task":2,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":4,"type":"task","task":3,"worker":"worker-2","kind":"activity","workflow_id":"w","run_id":"r","attempt":2,"activity_id":"1"}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskFailed scheduledEventId=2 failure={"applicationFailureInfo":{"type":"flaky"}}"#,
};

/// Workflow id, run id, activity id.
type Key<'e> = (&'e str, &'e str, u32);

/// What the ledgers say about one activity.
#[derive(Default)]
struct Activity<'e> {
    /// What workers scheduled it with; `None` if they do not agree.
    call: Option<Option<&'e ActivityCall>>,
    /// A worker asked it to cancel, or may have.
    asked: bool,
    /// Attempts as they were handed out, by number.
    attempts: BTreeMap<u32, Vec<TaskId>>,
    /// Acknowledged ends by task token: attempt, operation, how.
    ends: Vec<(u32, OperationId, &'e ActivityEnd)>,
}

impl Rule for ActivityAttempts {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let activities = gather(evidence);
        for ((workflow_id, run_id, seq), activity) in &activities {
            if activity.attempts.is_empty() {
                continue;
            }
            findings.look_at(&Run { workflow_id: (*workflow_id).into(), run_id: (*run_id).into(), ..Run::default() });
            findings.examine();
            attempts(*seq, activity, evidence.hand_over(), findings);
        }
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let mut scheduled: BTreeMap<EventId, u32> = BTreeMap::new();
            for event in &run.events {
                let about = match &event.body {
                    Body::ActivityTaskScheduled(body) => {
                        if let Ok(seq) = body.activity_id.parse() {
                            scheduled.insert(event.id, seq);
                        }
                        continue;
                    }
                    Body::ActivityTaskCompleted(body) => body.scheduled,
                    Body::ActivityTaskFailed(body) => body.scheduled,
                    Body::ActivityTaskTimedOut(body) => body.scheduled,
                    Body::ActivityTaskCanceled(body) => body.scheduled,
                    _ => continue,
                };
                let Some(seq) = scheduled.get(&about) else { continue };
                let Some(activity) = activities.get(&(run.workflow_id.as_str(), run.run_id.as_str(), *seq)) else {
                    continue;
                };
                let Some(Some(call)) = activity.call else { continue };
                findings.examine();
                if let Err(what) = outcome(run, &event.body, call, activity) {
                    findings.violated(&[event.id], format!("activity {seq} {what}"));
                }
            }
        }
    }
}

fn gather(evidence: &Evidence) -> BTreeMap<Key<'_>, Activity<'_>> {
    let mut activities: BTreeMap<Key<'_>, Activity<'_>> = BTreeMap::new();
    let key = |task: &TaskId| {
        let handed = &evidence.tasks.get(task)?.task;
        Some((handed, handed.workflow_id.as_str(), handed.run_id.as_str()))
    };
    for (task, handed) in &evidence.tasks {
        if let Ok(seq) = handed.task.activity_id.parse() {
            let place = (handed.task.workflow_id.as_str(), handed.task.run_id.as_str(), seq);
            activities.entry(place).or_default().attempts.entry(handed.task.attempt).or_default().push(*task);
        }
    }
    for operation in evidence.operations.values().filter(|operation| operation.may_have_effect()) {
        match &operation.call {
            Call::CompleteWorkflowTask { task, commands, .. } => {
                let Some((_, workflow_id, run_id)) = key(task) else { continue };
                for command in commands {
                    match command {
                        Command::ScheduleActivity { seq, call } => {
                            let known = activities.entry((workflow_id, run_id, *seq)).or_default();
                            let agrees = known.call.is_none_or(|other| other == Some(call));
                            known.call = Some(agrees.then_some(call));
                        }
                        Command::RequestCancelActivity { seq } => {
                            activities.entry((workflow_id, run_id, *seq)).or_default().asked = true;
                        }
                        _ => {}
                    }
                }
            }
            // A client that completes an activity by its id ends the current attempt, whichever that is: it proves nothing about attempts.
            Call::EndActivity { task, end, by_id: false } => {
                let Some((handed, workflow_id, run_id)) = key(task) else { continue };
                let Ok(seq) = handed.activity_id.parse() else { continue };
                if operation.replies().any(|(_, reply)| *reply == Reply::Done) {
                    let ends = &mut activities.entry((workflow_id, run_id, seq)).or_default().ends;
                    ends.push((handed.attempt, operation.id, end));
                }
            }
            _ => {}
        }
    }
    activities
}

/// Judges which attempts there were. Numbers of attempts are compared, never times: a worker may note late what it
/// was handed long ago.
fn attempts(seq: u32, activity: &Activity<'_>, hand_over: HandOver, findings: &mut Findings) {
    let repeated = |tasks: &[TaskId]| tasks.len() > 1 && hand_over == HandOver::Once;
    let repeated: Vec<_> = activity.attempts.iter().filter(|(_, tasks)| repeated(tasks)).collect();
    for (attempt, tasks) in repeated {
        let text = format!("attempt {attempt} of activity {seq} was handed out {} times: tasks {tasks:?}", tasks.len());
        findings.violated(&[], text);
    }
    let Some((last, _)) = activity.attempts.last_key_value() else { return };
    let call = activity.call.flatten();
    if let Some(call) = call
        && call.retry.maximum_attempts > 0
        && *last > call.retry.maximum_attempts
    {
        let most = call.retry.maximum_attempts;
        findings.violated(&[], format!("activity {seq} got attempt {last}, its retry policy allows {most}"));
    }
    for (attempt, operation, end) in &activity.ends {
        let how = match end {
            ActivityEnd::Completed(_) => "completed",
            ActivityEnd::Canceled => "ended as cancelled",
            ActivityEnd::Failed(failure) if call.is_some_and(|call| !retryable(failure, call)) => "failed for good",
            ActivityEnd::Failed(_) => continue,
        };
        if last > attempt {
            let text = format!("activity {seq} {how} with attempt {attempt}, acknowledged, and yet got attempt {last}");
            findings.violated_by(&[*operation], &[], text);
        }
    }
}

fn retryable(failure: &Failure, call: &ActivityCall) -> bool {
    match failure {
        Failure::Application { kind, non_retryable } => !non_retryable && !call.retry.non_retryable.contains(kind),
        _ => true,
    }
}

/// Judges how the activity ended, as the workflow saw it.
fn outcome(run: &Run, body: &Body, call: &ActivityCall, activity: &Activity<'_>) -> Result<(), String> {
    let most = match call.retry.maximum_attempts {
        0 => usize::MAX,
        most => usize::try_from(most).unwrap_or(usize::MAX),
    };
    let mut ends = call.script.attempts.iter().take(most).map(|act| &act.end);
    match body {
        Body::ActivityTaskCompleted(body) => {
            let Some(value) = body.result.first_json().and_then(|value| value.as_i64()) else { return Ok(()) };
            let scripted = |end: &ActEnd| matches!(end, ActEnd::Return(v) | ActEnd::CompleteById(v) if *v == value);
            if ends.any(scripted) { Ok(()) } else { Err(format!("completed with {value}, which no attempt returns")) }
        }
        Body::ActivityTaskFailed(body) => {
            let Some(FailureKind::Application { kind, non_retryable }) = body.failure.as_ref().map(|it| &it.kind)
            else {
                return Ok(());
            };
            let failure = Failure::Application { kind: kind.clone(), non_retryable: *non_retryable };
            if !ends.any(|end| matches!(end, ActEnd::Fail { kind: scripted, .. } if scripted == kind)) {
                return Err(format!("failed with {kind:?}, with which no attempt fails"));
            }
            let unlimited = call.schedule_to_close_ms.is_none()
                && run.started().is_some_and(|it| it.run_timeout.0 == 0 && it.execution_timeout.0 == 0);
            // Not retried: a failure that forbids it, after a cancel request, past a deadline.
            if !retryable(&failure, call) || activity.asked || !unlimited {
                return Ok(());
            }
            let last = activity.attempts.last_key_value().map_or(0, |(attempt, _)| *attempt);
            match call.retry.maximum_attempts {
                _ if last == 0 => Ok(()),
                0 => Err("was given up, its retry policy has no limit".into()),
                most if last < most => Err(format!("was given up after attempt {last} of {most}")),
                _ => Ok(()),
            }
        }
        Body::ActivityTaskTimedOut(body) => {
            let Some(FailureKind::Timeout(which)) = body.failure.as_ref().map(|it| &it.kind) else { return Ok(()) };
            if which.is("HEARTBEAT") && call.heartbeat_ms.is_none() {
                return Err("missed a heartbeat that it did not owe".into());
            }
            Ok(())
        }
        Body::ActivityTaskCanceled(_) if !activity.asked => Err("ended as cancelled, which nobody asked for".into()),
        _ => Ok(()),
    }
}
