//! L14: a task says of itself what the history says.

use super::answer::{NORMAL, Wrong, moment, read_as};
use super::carried::Carried;
use super::heartbeats::{self, ActivityKey, Heartbeat};
use crate::rules::index::Key;
use crate::rules::proof::clocks_agree;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, EventId, WorkflowExecutionStarted};
use resurgam_formats::evidence::{Handed, Run};
use resurgam_formats::plan::{Action, TaskKind};
use resurgam_formats::recording::Task;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

/// Compares the answers to polls with histories.
pub(super) struct Tasks;

static ABOUT: About = About {
    id: "L14",
    slug: "handed",
    title: "a task that a worker is handed says of its type, times, limits and policy what the history says",
    reason: "A worker knows of a task what the answer to its poll says, and acts on it before anybody reads the history: it looks up \
             the code by the type, gives up when the limit has passed, waits for the next attempt by the policy. A task with another \
             type is failed by every worker; one without its limit is worked on long after it was given to somebody else.",
    source: "docs/temporal-semantics.md: “Activities”, “Events and what they refer to”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"a","answer":{"activityId":"a","activityType":{"name":"send"},"startToCloseTimeout":"5s","workflowType":{"name":"t"}}}
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t
        2 ActivityTaskScheduled activityId=a activityType.name=pay startToCloseTimeout=5s"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"a","answer":{"activityId":"a","activityType":{"name":"pay"},"startToCloseTimeout":"5s","heartbeatTimeout":"0s","workflowType":{"name":"t"}}}
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t
        2 ActivityTaskScheduled activityId=a activityType.name=pay startToCloseTimeout=5s"#
    ),
};

/// What an activity task has from its Scheduled event, under the same names.
const ACTIVITY: [&str; 7] = [
    "activityId",
    "activityType",
    "header",
    "heartbeatTimeout",
    "retryPolicy",
    "scheduleToCloseTimeout",
    "startToCloseTimeout",
];

/// Where things are in the histories of a case.
struct Places<'e> {
    /// Scheduled events of activities, by run and activity id.
    scheduled: FxHashMap<(Key<'e>, &'e str), &'e Event>,
    /// Started events of activities, by run, Scheduled event, attempt and worker.
    started: FxHashMap<(Key<'e>, EventId, i64, &'e str), &'e Event>,
    /// Completed workflow tasks of a run: the event, and the one that started the task.
    completed: FxHashMap<Key<'e>, Vec<(EventId, EventId)>>,
    /// Workflows that were sent updates.
    updated: FxHashSet<&'e str>,
    /// What was reported of activities: the attempt, the task that reported, when, and whether that was acknowledged before.
    heartbeats: FxHashMap<ActivityKey<'e>, Vec<Heartbeat>>,
    /// Workers wrote labels.
    labels: bool,
    /// No clock was wrong.
    clocks: bool,
}

impl<'e> Places<'e> {
    fn new(evidence: &Indexed<'e>, clocks: bool) -> Self {
        let (mut scheduled, mut started) = (FxHashMap::default(), FxHashMap::default());
        let mut completed: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for run in &evidence.evidence().runs {
            let key = (run.workflow_id.as_str(), run.run_id.as_str());
            for event in &run.events {
                match &event.body {
                    Body::ActivityTaskScheduled(it) => {
                        scheduled.insert((key, it.activity_id.as_str()), event);
                    }
                    Body::ActivityTaskStarted(it) => {
                        started.insert((key, it.scheduled, it.attempt, it.identity.as_str()), event);
                    }
                    Body::WorkflowTaskCompleted(it) => completed.entry(key).or_default().push((event.id, it.started)),
                    _ => {}
                }
            }
        }
        let updates = evidence.asked().filter(|call| matches!(call.action, Action::Update { .. }));
        let updated = updates.map(|call| call.workflow_id).collect();
        let labels = evidence.header.as_ref().is_some_and(|header| header.labels);
        let heartbeats = heartbeats::reported(evidence);
        Self { scheduled, started, completed, updated, heartbeats, labels, clocks }
    }
}

impl Rule for Tasks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let known = evidence.by_execution();
        let namespace = evidence.header.as_ref().map_or("", |header| header.namespace.as_str());
        let places = Places::new(evidence, clocks_agree(evidence));
        let carried = Carried::of(evidence);
        let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
        for handed in evidence.tasks.values() {
            let task = &handed.task;
            let Some(answer) = &task.answer else { continue };
            let Some(run) = known.get(&(task.workflow_id.as_str(), task.run_id.as_str())) else {
                // At the end the histories of all runs are read of which workers had tasks.
                if quiet {
                    let message = format!("task {} is of run {}, which has no history", task.task, task.run_id);
                    findings.violated(&[], message);
                }
                continue;
            };
            let Some(start) = run.started() else { continue };
            findings.look_at(run);
            findings.examine();
            let mut wrong = Wrong::default();
            common(answer, start, &mut wrong);
            let event = if task.kind == TaskKind::Activity {
                if !namespace.is_empty() {
                    wrong.field("workflowNamespace", answer.get("workflowNamespace"), Some(&Value::from(namespace)));
                }
                activity(handed, answer, run, &places, &mut wrong)
            } else {
                carried.wrong(handed).into_iter().for_each(|what| wrong.say(what));
                workflow_task(handed, answer, run, &places, &mut wrong)
            };
            if let Some(words) = wrong.words() {
                let kind = if task.kind == TaskKind::Activity { "activity task" } else { "workflow task" };
                findings.violated(&event.into_iter().collect::<Vec<_>>(), format!("{kind} {}: {words}", task.task));
            }
            if places.clocks && is_early(task, answer) {
                let words =
                    format!("activity task {}: attempt {} was started before its time", task.task, task.attempt);
                findings.violated_as("attempt-before-its-time", &[], &event.into_iter().collect::<Vec<_>>(), words);
            }
        }
    }
}

/// An attempt after the first that was started before the time for which it was scheduled.
fn is_early(task: &Task, answer: &Value) -> bool {
    let (current, started) = (moment(answer.get("currentAttemptScheduledTime")), moment(answer.get("startedTime")));
    let early = started.zip(current).is_some_and(|(started, current)| started < current);
    task.kind == TaskKind::Activity && task.attempt > 1 && early
}

/// What every task has from the start of its run.
fn common(answer: &Value, start: &WorkflowExecutionStarted, wrong: &mut Wrong) {
    let name = answer.pointer("/workflowType/name").and_then(Value::as_str).unwrap_or_default();
    if name != start.workflow_type.0 {
        wrong.say(format!("workflowType is {name:?}, not {:?}", start.workflow_type.0));
    }
}

/// An activity task, and the event that scheduled it.
fn activity(handed: &Handed, answer: &Value, run: &Run, places: &Places<'_>, wrong: &mut Wrong) -> Option<EventId> {
    let task = &handed.task;
    let key = (run.workflow_id.as_str(), run.run_id.as_str());
    let scheduled = places.scheduled.get(&(key, task.activity_id.as_str()))?;
    let paths = ACTIVITY.map(|name| (name, format!("/{name}")));
    let names: Vec<(&str, &str)> = paths.iter().map(|(name, path)| (*name, path.as_str())).collect();
    wrong.fields(&ACTIVITY, &read_as("ActivityTaskScheduled", answer, &names)?, &scheduled.body);
    let time = |name: &str| moment(answer.get(name));
    wrong.moment("scheduledTime", answer.get("scheduledTime"), scheduled.time);
    if task.attempt == 1 {
        wrong.moment("currentAttemptScheduledTime", answer.get("currentAttemptScheduledTime"), scheduled.time);
    }
    let (current, started) = (time("currentAttemptScheduledTime"), time("startedTime"));
    if scheduled.time.is_some() && (current.is_none() || started.is_none()) {
        wrong.say("it does not say when it was scheduled and started".into());
    }
    if places.clocks && (current < scheduled.time || task.attempt == 1 && started < current) {
        wrong.say("it was started before it was scheduled".into());
    }
    if places.labels {
        let reports = places.heartbeats.get(&(key.0, key.1, task.activity_id.as_str()));
        progress(handed, answer, reports.map_or(&[], Vec::as_slice), wrong);
    }
    // The attempt that ended is in the history, if the answer that said it had started was not lost.
    let same = places.started.get(&(key, scheduled.id, i64::from(task.attempt), task.worker.as_str()));
    wrong.moment("startedTime", answer.get("startedTime"), same.and_then(|event| event.time));
    Some(scheduled.id)
}

/// What the attempts before reported last.
fn progress(handed: &Handed, answer: &Value, reports: &[Heartbeat], wrong: &mut Wrong) {
    // An attempt may be handed over again, when whoever had it first has reported already.
    let before = |report: &&Heartbeat| {
        report.attempt <= handed.task.attempt && report.task != handed.task.task && report.sent < handed.at
    };
    let reports: Vec<&Heartbeat> = reports.iter().filter(before).collect();
    let ended = reports.iter().filter(|report| report.attempt < handed.task.attempt);
    let last = ended.filter_map(|report| report.acknowledged.map(|at| (at, report.sent))).max();
    if let Some(found) = heartbeats::strange(answer, &reports, last.map(|(_, sent)| sent)) {
        wrong.say(format!("heartbeatDetails is {found}, which was not reported last"));
    }
}

/// A workflow task, and its Started event.
fn workflow_task(
    handed: &Handed,
    answer: &Value,
    run: &Run,
    places: &Places<'_>,
    wrong: &mut Wrong,
) -> Option<EventId> {
    let task = &handed.task;
    let queue = answer.pointer("/workflowExecutionTaskQueue/name").and_then(Value::as_str).unwrap_or_default();
    let expected = run.started().map_or("", |start| start.task_queue.name.as_str());
    let kind = answer.pointer("/workflowExecutionTaskQueue/kind").and_then(Value::as_str);
    if queue != expected || kind.is_some_and(|kind| kind != NORMAL) {
        wrong.say(format!("workflowExecutionTaskQueue is {queue:?} of kind {kind:?}, not {expected:?}"));
    }
    let started = run.event(EventId(task.started))?;
    let Body::WorkflowTaskStarted(body) = &started.body else { return None };
    let completed =
        places.completed.get(&(run.workflow_id.as_str(), run.run_id.as_str())).map_or(&[][..], Vec::as_slice);
    let before = completed.partition_point(|(id, _)| *id < started.id);
    let previous = before.checked_sub(1).and_then(|place| completed.get(place)).map_or(0, |(_, started)| started.0);
    if task.previous_started != previous {
        wrong.say(format!("previousStartedEventId is {}, not {previous}", task.previous_started));
    }
    // The task of an update that was lost has left no trace, and another one has its numbers.
    let is_this = |event: &&Event| matches!(&event.body, Body::WorkflowTaskCompleted(it) if it.started == started.id);
    if !places.updated.contains(run.workflow_id.as_str())
        && task.attempt == 1
        && run.event(started.id.plus(1)).as_ref().is_some_and(is_this)
        && body.identity == task.worker
    {
        wrong.moment("startedTime", answer.get("startedTime"), started.time);
        let scheduled = run.event(body.scheduled).and_then(|event| event.time);
        // The real server writes both events at the start of a task that was to be a later attempt, until something new came.
        if scheduled != started.time {
            wrong.moment("scheduledTime", answer.get("scheduledTime"), scheduled);
        }
    }
    Some(started.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_later_attempt_before_its_time_is_early() {
        let task = |kind: &str, attempt: u32| -> Task {
            let task =
                json!({"task": 1, "worker": "v", "kind": kind, "workflow_id": "w", "run_id": "r", "attempt": attempt});
            serde_json::from_value(task).unwrap()
        };
        let answer =
            |started: &str| json!({"currentAttemptScheduledTime": "2026-01-01T00:00:02Z", "startedTime": started});
        let (before, then) = (answer("2026-01-01T00:00:01.9Z"), answer("2026-01-01T00:00:02Z"));
        assert!(is_early(&task("activity", 2), &before) && !is_early(&task("activity", 2), &then));
        assert!(!is_early(&task("activity", 1), &before) && !is_early(&task("workflow", 2), &before));
        assert!(!is_early(&task("activity", 2), &json!({"currentAttemptScheduledTime": "2026-01-01T00:00:02Z"})));
    }
}
