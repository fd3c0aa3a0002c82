//! L18: a description shows how far pending activities are.

use super::answer::Wrong;
use super::heartbeats::{self, ActivityKey, Heartbeat};
use crate::profile::Capability;
use crate::rules::index::Ended;
use crate::rules::proof::{acknowledged, answers_may_be_lost, may_apply};
use crate::rules::reported::in_our_words;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{EventId, Failure, Field as _};
use resurgam_formats::evidence::Handed;
use resurgam_formats::failure::kind_of;
use resurgam_formats::plan::TaskKind;
use resurgam_formats::recording::{ActivityEnd, Description, Reply};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Compares pending activities of descriptions with what workers were handed and what they reported.
pub(super) struct Progress;

static ABOUT: About = About {
    id: "L18",
    slug: "pending",
    title: "a pending activity is in the attempt that workers had and reported, with the failure, progress and worker of that attempt",
    reason: "Whoever looks for the reason why a workflow does not go on looks at its pending activities: how often was it tried, \
             what went wrong last, who has it now? An attempt that is not counted, or the failure of another one, sends them \
             to the wrong place; and a tool that resets or unpauses by it does harm.",
    source: "docs/temporal-semantics.md: “Reads of histories”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"failed":{"application":{"kind":"flaky","non_retryable":false}}}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":4,"type":"invoke","operation":2,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":5,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2,"answer":{"pendingActivities":[{"activityId":"1","attempt":1,"state":"PENDING_ACTIVITY_STATE_SCHEDULED"}]}}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"failed":{"application":{"kind":"flaky","non_retryable":false}}}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":4,"type":"invoke","operation":2,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":5,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2,"answer":{"pendingActivities":[{"activityId":"1","attempt":2,"state":"PENDING_ACTIVITY_STATE_SCHEDULED","lastFailure":{"applicationFailureInfo":{"type":"flaky"}}}]}}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1"#
    ),
};

/// What workers were handed and reported of activities.
struct Ledgers<'e> {
    handed: FxHashMap<ActivityKey<'e>, Vec<&'e Handed>>,
    heartbeats: FxHashMap<ActivityKey<'e>, Vec<Heartbeat>>,
    labels: bool,
    /// A task may have been lost on its way to a worker.
    lost: bool,
}

impl<'e> Ledgers<'e> {
    fn of(evidence: &Indexed<'e>) -> Self {
        let heartbeats = heartbeats::reported(evidence);
        let mut handed: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for task in evidence.evidence().tasks.values().filter(|task| task.task.kind == TaskKind::Activity) {
            handed.entry(key(task)).or_default().push(task);
        }
        let labels = evidence.header.as_ref().is_some_and(|header| header.labels);
        Self { handed, heartbeats, labels, lost: answers_may_be_lost(evidence) }
    }
}

fn key(task: &Handed) -> ActivityKey<'_> {
    (&task.task.workflow_id, &task.task.run_id, &task.task.activity_id)
}

impl Rule for Progress {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::LinearizableReads)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let ledgers = Ledgers::of(evidence);
        let known = evidence.by_execution();
        // What a closed run had pending when it closed is shown at the end too, long after everybody was told.
        for (at, description) in &evidence.descriptions {
            let Some(run) = known.get(&(description.workflow_id.as_str(), description.run_id.as_str())) else {
                continue;
            };
            findings.look_at(run);
            let mut wrong = Wrong::default();
            for pending in pending(description) {
                findings.examine();
                one(description, pending, (*at, *at), evidence, &ledgers, &mut wrong);
            }
            if let Some(words) = wrong.words() {
                findings.violated(&[EventId(1)], format!("the description is wrong: {words}"));
            }
        }
        for operation in evidence.operations.values() {
            for (attempt, reply) in operation.replies() {
                let (Reply::Description(description), Some(told)) = (reply, attempt.returned) else { continue };
                let run = (description.workflow_id.as_str(), description.run_id.as_str());
                let Some(run) = known.get(&run) else { continue };
                findings.look_at(run);
                let mut wrong = Wrong::default();
                for pending in pending(description) {
                    findings.examine();
                    one(description, pending, (attempt.invoked, told), evidence, &ledgers, &mut wrong);
                }
                if let Some(words) = wrong.words() {
                    findings.violated_by(&[operation.id], &[EventId(1)], format!("the description is wrong: {words}"));
                }
            }
        }
    }
}

fn pending(description: &Description) -> impl Iterator<Item = &Value> {
    let all = description.answer.as_ref().and_then(|answer| answer.get("pendingActivities"));
    all.and_then(Value::as_array).into_iter().flatten()
}

/// One pending activity of a description that was asked for and told at these times.
fn one(
    description: &Description,
    pending: &Value,
    (asked, told): (At, At),
    evidence: &Indexed<'_>,
    ledgers: &Ledgers<'_>,
    wrong: &mut Wrong,
) {
    let id = pending.get("activityId").and_then(Value::as_str).unwrap_or_default();
    let attempt = pending.get("attempt").and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    let key = (description.workflow_id.as_str(), description.run_id.as_str(), id);
    let ends = evidence.ends().get(&key).map_or(&[][..], Vec::as_slice);
    let handed = ledgers.handed.get(&key).map_or(&[][..], Vec::as_slice);
    let before: Vec<&Handed> = handed.iter().copied().filter(|task| task.at <= asked).collect();
    if let Some(last) = before.iter().map(|task| task.task.attempt).max().filter(|last| *last > attempt) {
        wrong.say(format!("activity {id} is in attempt {attempt}, a worker had attempt {last} before"));
    }
    had(id, pending, attempt, &before, ledgers.lost, wrong);
    reported(id, pending, attempt, (asked, told), ends, wrong);
    if ledgers.labels {
        let reports = ledgers.heartbeats.get(&key).map_or(&[][..], Vec::as_slice);
        progress(id, pending, attempt, (asked, told), reports, wrong);
    }
}

/// A worker had the attempt before the description was asked for.
fn had(id: &str, pending: &Value, attempt: u32, before: &[&Handed], lost: bool, wrong: &mut Wrong) {
    let workers: Vec<&str> =
        before.iter().filter(|task| task.task.attempt == attempt).map(|task| task.task.worker.as_str()).collect();
    if workers.is_empty() {
        return;
    }
    let said = pending.get("lastStartedTime");
    let mut answers =
        before.iter().filter(|task| task.task.attempt == attempt).filter_map(|task| task.task.answer.as_ref());
    if !lost && answers.clone().next().is_some() && !answers.any(|answer| answer.get("startedTime") == said) {
        wrong.say(format!("activity {id} was started at {said:?}, which no worker was told"));
    }
    let state = pending.get("state").and_then(Value::as_str).unwrap_or_default();
    if state != "PENDING_ACTIVITY_STATE_STARTED" && state != "PENDING_ACTIVITY_STATE_CANCEL_REQUESTED" {
        wrong.say(format!("a worker has attempt {attempt} of activity {id}, and its state is {state:?}"));
    }
    let worker = pending.get("lastWorkerIdentity").and_then(Value::as_str).unwrap_or_default();
    // It may have been handed over once more, to somebody who does not know it.
    if !lost && !workers.contains(&worker) {
        wrong.say(format!("activity {id} is with {worker:?}, and was handed to {}", workers.join(" and ")));
    }
}

/// What workers said of attempts: those that ended are over, and the last one failed as it is said.
fn reported(id: &str, pending: &Value, attempt: u32, (asked, told): (At, At), ends: &[Ended<'_>], wrong: &mut Wrong) {
    for end in ends {
        let over = acknowledged(end.operation).is_some_and(|at| at <= asked);
        let of = end.task.task.attempt;
        match end.end {
            ActivityEnd::Failed(_) if over && attempt <= of => {
                wrong.say(format!("activity {id} is in attempt {attempt}, which failed"));
            }
            ActivityEnd::Completed(_) | ActivityEnd::Canceled if over => {
                wrong.say(format!("activity {id} is pending, and has ended with attempt {of}"));
            }
            _ => {}
        }
    }
    let Some(failure) = pending.get("lastFailure") else { return };
    let words = Option::<Failure>::read(failure.clone()).ok().flatten();
    if words.is_some_and(|words| !in_our_words(&words)) {
        wrong.say(format!("activity {id} failed with words that are not our workers': {failure}"));
    }
    let Some(kind) = failure.pointer("/applicationFailureInfo/type").and_then(Value::as_str) else { return };
    // The last attempt that failed by a report; attempts after it may have timed out only with another kind of failure.
    let said = ends
        .iter()
        .filter(|end| end.task.task.attempt.checked_add(1) == Some(attempt) && end.operation.invoked() <= told);
    let mut said = said.filter(|end| end.operation.attempts.iter().any(may_apply));
    if !said.any(|end| matches!(end.end, ActivityEnd::Failed(said) if kind_of(said) == kind)) {
        wrong.say(format!("activity {id} failed with {kind:?} before attempt {attempt}, which nobody reported"));
    }
}

/// The progress that was reported last.
fn progress(
    id: &str,
    pending: &Value,
    attempt: u32,
    (asked, told): (At, At),
    reports: &[Heartbeat],
    wrong: &mut Wrong,
) {
    let reports: Vec<_> = reports.iter().filter(|it| it.attempt <= attempt && it.sent <= told).collect();
    let known = reports.iter().filter_map(|it| it.acknowledged.filter(|at| *at <= asked).map(|at| (at, it.sent)));
    let last = known.max().map(|(_, sent)| sent);
    if let Some(found) = heartbeats::strange(pending, &reports, last) {
        wrong.say(format!("the progress of activity {id} is {found}"));
    }
}
