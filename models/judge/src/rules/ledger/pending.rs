//! What a description has pending, beside the history of its run: activities and children that were begun and have not ended.

use super::answer::{Wrong, moment, read_as};
use crate::rules::backoff::interval;
use resurgam_formats::event::{ActivityTaskScheduled, Body, Event, EventId, Field, Moment, RetryPolicy, Span};
use resurgam_formats::evidence::Run;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

/// What the history says of an activity or a child.
struct Begun<'e> {
    event: &'e Event,
    ended: Option<EventId>,
    cancel_requested: bool,
    /// The run of a child, and the event that says it.
    run: Option<(EventId, &'e str)>,
}

/// All that was begun in a run, by the event that says so, and the last of each activity id.
struct Histories<'e> {
    all: FxHashMap<EventId, Begun<'e>>,
    activities: FxHashMap<&'e str, EventId>,
}

impl<'e> Histories<'e> {
    fn of(run: &'e Run) -> Self {
        let (mut all, mut activities) = (FxHashMap::default(), FxHashMap::default());
        for event in &run.events {
            let begun = Begun { event, ended: None, cancel_requested: false, run: None };
            match &event.body {
                Body::ActivityTaskScheduled(body) => {
                    // An activity id may be used again: the last one counts.
                    activities.insert(body.activity_id.as_str(), event.id);
                    all.insert(event.id, begun);
                }
                Body::StartChildWorkflowExecutionInitiated(_) => {
                    all.insert(event.id, begun);
                }
                Body::ActivityTaskCancelRequested(request) => {
                    all.entry(request.scheduled).and_modify(|it| it.cancel_requested = true);
                }
                Body::ChildWorkflowExecutionStarted(started) => {
                    let run = Some((event.id, started.child.run_id.as_str()));
                    all.entry(started.initiated).and_modify(|it| it.run = run);
                }
                Body::StartChildWorkflowExecutionFailed(failed) => {
                    all.entry(failed.initiated).and_modify(|it| it.ended = Some(event.id));
                }
                body if body.is_completion() => body.each_reference(|field, begun| {
                    if field == "scheduledEventId" || field == "initiatedEventId" {
                        all.entry(begun).and_modify(|it| it.ended = Some(event.id));
                    }
                }),
                _ => {}
            }
        }
        Self { all, activities }
    }
}

/// Compares what is pending with the history up to `length`.
pub(super) fn pending(answer: &Value, run: &Run, length: i64, running: bool, wrong: &mut Wrong) {
    let histories = Histories::of(run);
    let mut shown = FxHashSet::default();
    for pending in list(answer, "pendingActivities") {
        let id = pending.get("activityId").and_then(Value::as_str).unwrap_or_default();
        let scheduled = histories.activities.get(id).and_then(|scheduled| histories.all.get(scheduled));
        let Some(begun) = scheduled else {
            wrong.say(format!("activity {id} was never scheduled"));
            continue;
        };
        shown.insert(begun.event.id);
        if let Body::ActivityTaskScheduled(body) = &begun.event.body {
            activity(id, pending, begun, body, length, wrong);
        }
    }
    for pending in list(answer, "pendingChildren") {
        let initiated = Field::read(pending.get("initiatedId").cloned().unwrap_or_default()).unwrap_or(EventId(0));
        let Some(begun) = histories.all.get(&initiated) else {
            wrong.say(format!("no child was initiated by event {initiated}"));
            continue;
        };
        shown.insert(initiated);
        child(pending, begun, length, wrong);
    }
    if running {
        // What has ended may wait in the buffer, and its event is written later; what never ends was pending all the time.
        let open = histories.all.values().filter(|begun| begun.event.id.0 <= length && begun.ended.is_none());
        let mut missing: Vec<_> = open.map(|begun| begun.event.id).filter(|id| !shown.contains(id)).collect();
        missing.sort_unstable();
        for event in missing {
            wrong.say(format!("what event {event} began has not ended, and is not pending"));
        }
    }
}

/// Nothing is heard of an activity before it was scheduled, if no clock is wrong.
pub(super) fn heard_too_early(answer: &Value, run: &Run, wrong: &mut Wrong) {
    let histories = Histories::of(run);
    for pending in list(answer, "pendingActivities") {
        let id = pending.get("activityId").and_then(Value::as_str).unwrap_or_default();
        let scheduled = histories.activities.get(id).and_then(|scheduled| histories.all.get(scheduled)?.event.time);
        let heard = moment(pending.get("lastHeartbeatTime"));
        if heard.zip(scheduled).is_some_and(|(heard, scheduled)| heard < scheduled) {
            wrong.say(format!("activity {id} was heard of before it was scheduled"));
        }
    }
}

fn list<'v>(answer: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn activity(
    id: &str,
    pending: &Value,
    begun: &Begun<'_>,
    body: &ActivityTaskScheduled,
    length: i64,
    wrong: &mut Wrong,
) {
    if begun.ended.is_some_and(|end| end.0 <= length) {
        wrong.say(format!("activity {id} is pending, and has ended"));
    }
    wrong.field("activityType", pending.get("activityType"), body.activity_type.write().as_ref());
    let number = |name: &str| pending.get(name).and_then(Value::as_i64).unwrap_or(0);
    let attempt = number("attempt");
    let most = body.retry_policy.as_ref().map_or(0, |policy| policy.maximum_attempts);
    if attempt < 1 || most > 0 && attempt > most {
        wrong.say(format!("activity {id} is in attempt {attempt} of {most}"));
    }
    if body.retry_policy.is_some() && number("maximumAttempts") != most {
        wrong.say(format!("activity {id} has {} attempts, not {most}", number("maximumAttempts")));
    }
    if (attempt > 1) != pending.get("lastFailure").is_some() {
        wrong.say(format!("activity {id}, attempt {attempt}: a last failure belongs to the attempts after the first"));
    }
    let state = pending.get("state").and_then(Value::as_str).unwrap_or_default();
    if state == "PENDING_ACTIVITY_STATE_CANCEL_REQUESTED" && !begun.cancel_requested {
        wrong.say(format!("activity {id} was asked to cancel by nobody"));
    }
    if attempt == 1
        && pending.get("scheduledTime").is_some()
        && moment(pending.get("scheduledTime")) != begun.event.time
    {
        wrong.say(format!("activity {id} was scheduled at another time"));
    }
    options(id, pending, body, wrong);
    let limit = Some(body.schedule_to_close.0).filter(|limit| *limit > 0);
    let expires = begun.event.time.zip(limit).map(|(at, limit)| at.saturating_add(limit));
    if begun.event.time.is_some() && moment(pending.get("expirationTime")) != expires {
        wrong.add("expirationTime", pending.get("expirationTime"), Moment(expires).write().as_ref());
    }
    let (over, next) = (moment(pending.get("lastAttemptCompleteTime")), moment(pending.get("scheduledTime")));
    if let (Some(policy), Some(over), Some(next)) = (&body.retry_policy, over, next)
        && state == "PENDING_ACTIVITY_STATE_SCHEDULED"
        && is_far(next.saturating_sub(over), interval(policy, attempt.saturating_sub(1)))
    {
        wrong.say(format!(
            "attempt {attempt} of activity {id} comes {} ms after the one before",
            next.saturating_sub(over) / 1_000_000
        ));
    }
    failure(id, pending, body, wrong);
    // The first attempt has a time for its progress, and none for what was never reported. A later one may carry on what was.
    let heartbeat = moment(pending.get("lastHeartbeatTime"));
    let details = pending.get("heartbeatDetails").is_some();
    if attempt == 1 && heartbeat.is_some() != details || heartbeat.is_some() && !details {
        wrong.say(format!("activity {id} was heard of at {:?}", pending.get("lastHeartbeatTime")));
    }
    // Before an attempt that waits for a worker: what the one after it would wait. The real server forgets the longest interval here.
    let endless = |policy: &RetryPolicy| RetryPolicy { maximum_interval: Span::default(), ..policy.clone() };
    if let Some(policy) = &body.retry_policy
        && state == "PENDING_ACTIVITY_STATE_SCHEDULED"
        && pending.get("nextAttemptScheduleTime").is_none()
        && pending.pointer("/lastFailure/timeoutFailureInfo").is_none()
        && let Some(wait) = pending.get("currentRetryInterval").and_then(|it| Span::read(it.clone()).ok())
        && is_far(wait.0, interval(policy, attempt))
        && is_far(wait.0, interval(&endless(policy), attempt))
    {
        wrong.say(format!("after attempt {attempt} activity {id} would wait {} ms", wait.0 / 1_000_000));
    }
    // When it does not wait, a server says what it would wait before the attempt after this one; and the real one says nothing
    // that makes sense after an attempt that timed out.
    if let Some(policy) = &body.retry_policy
        && pending.get("nextAttemptScheduleTime").is_some()
        && pending.get("lastAttemptCompleteTime").is_some()
        && let Some(wait) = pending.get("currentRetryInterval").and_then(|it| Span::read(it.clone()).ok())
        && is_far(wait.0, interval(policy, attempt.saturating_sub(1)))
    {
        wrong.say(format!("activity {id} waits {} ms before attempt {attempt}", wait.0 / 1_000_000));
    }
}

/// True if a wait is another one, beyond the grain of whole milliseconds.
fn is_far(found: i64, expected: Span) -> bool {
    found.saturating_sub(expected.0).unsigned_abs() > GRAIN.unsigned_abs()
}

/// An attempt that is followed by another one timed out because of a limit that it has, after its start.
fn failure(id: &str, pending: &Value, body: &ActivityTaskScheduled, wrong: &mut Wrong) {
    let Some(kind) = pending.pointer("/lastFailure/timeoutFailureInfo/timeoutType") else { return };
    let limit = match kind.as_str() {
        Some("TIMEOUT_TYPE_START_TO_CLOSE") => body.start_to_close,
        Some("TIMEOUT_TYPE_HEARTBEAT") => body.heartbeat,
        _ => Span(0),
    };
    if limit == Span(0) {
        wrong.say(format!("an attempt of activity {id} is said to have ended by {kind}"));
    }
}

/// What a server says that it goes by is what the event says, as long as nobody has changed it.
fn options(id: &str, pending: &Value, body: &ActivityTaskScheduled, wrong: &mut Wrong) {
    let Some(options) = pending.get("activityOptions").filter(|options| options.is_object()) else { return };
    let paths = OPTIONS.map(|name| (name, format!("/{name}")));
    let names: Vec<(&str, &str)> = paths.iter().map(|(name, path)| (*name, path.as_str())).collect();
    let Some(Body::ActivityTaskScheduled(mut found)) = read_as("ActivityTaskScheduled", options, &names) else {
        return wrong.say(format!("the options of activity {id} cannot be read"));
    };
    // The real server repeats neither the kind of the queue nor which errors must not be retried.
    if found.task_queue.kind.0.is_empty() {
        found.task_queue.kind.clone_from(&body.task_queue.kind);
    }
    if let (Some(found), Some(policy)) = (found.retry_policy.as_mut(), &body.retry_policy)
        && found.non_retryable.is_empty()
    {
        found.non_retryable.clone_from(&policy.non_retryable);
    }
    let normal = options.pointer("/taskQueue/normalName").and_then(Value::as_str);
    if normal.is_some_and(|normal| normal != body.task_queue.name) {
        wrong.say(format!("the queue of activity {id} belongs to {normal:?}"));
    }
    found.task_queue.normal_name.clone_from(&body.task_queue.normal_name);
    wrong.fields(&OPTIONS, &Body::ActivityTaskScheduled(found), &Body::ActivityTaskScheduled(Box::new(body.clone())));
}

/// What the options of an activity have from its Scheduled event, under the same names.
const OPTIONS: [&str; 6] = [
    "taskQueue",
    "scheduleToCloseTimeout",
    "scheduleToStartTimeout",
    "startToCloseTimeout",
    "heartbeatTimeout",
    "retryPolicy",
];

/// Counting in whole milliseconds may lose this much, in nanoseconds.
const GRAIN: i64 = 2_000_000;

fn child(pending: &Value, begun: &Begun<'_>, length: i64, wrong: &mut Wrong) {
    let Body::StartChildWorkflowExecutionInitiated(body) = &begun.event.body else {
        return wrong.say(format!("event {} began no child", begun.event.id));
    };
    if begun.ended.is_some_and(|end| end.0 <= length) {
        wrong.say(format!("child {} is pending, and has ended", body.workflow_id));
    }
    let names = [("workflowId", "/workflowId"), ("parentClosePolicy", "/parentClosePolicy")];
    match read_as("StartChildWorkflowExecutionInitiated", pending, &names) {
        Some(found) => wrong.fields(&names.map(|(name, _)| name), &found, &begun.event.body),
        None => wrong.say(format!("child {} cannot be read", body.workflow_id)),
    }
    wrong.field(
        "workflowTypeName",
        pending.get("workflowTypeName"),
        body.workflow_type.write().as_ref().and_then(|it| it.get("name")),
    );
    let run_id = pending.get("runId").and_then(Value::as_str).unwrap_or_default();
    let known = begun.run.filter(|(event, _)| event.0 <= length || !run_id.is_empty()).map(|(_, known)| known);
    if let Some(known) = known.filter(|known| *known != run_id) {
        wrong.say(format!("child {} has run {run_id:?}, not {known:?}", body.workflow_id));
    }
}
