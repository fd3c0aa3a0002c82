//! Histories of Cadence, from which Temporal grew: the same events under older names. Here each is brought into the names
//! and units of Temporal, so that one decoder reads both.
//!
//! What differs in meaning is not hidden: the evidence says that it is Cadence's, and only rules that are known to hold
//! there may call it violated.

use crate::event::{Body, Event, integer};
use serde_json::{Map, Value, json};

/// Fields whose name is not only shortened. Source: the public interface definitions of Cadence.
const RENAMED: [(&str, &str); 8] = [
    ("decisionTaskCompletedEventId", "workflowTaskCompletedEventId"),
    ("taskList", "taskQueue"),
    ("executionStartToCloseTimeoutSeconds", "workflowRunTimeout"),
    ("taskStartToCloseTimeoutSeconds", "workflowTaskTimeout"),
    ("firstDecisionTaskBackoffSeconds", "firstWorkflowTaskBackoff"),
    ("nonRetriableErrorReasons", "nonRetryableErrorTypes"),
    ("expirationIntervalInSeconds", "expirationInterval"),
    ("lastFailureReason", "lastFailure"),
];

/// Fields of bytes in Cadence, which are lists of payloads in Temporal. The details of a marker stay as they are.
const BYTES: [&str; 3] = ["input", "result", "details"];

/// How a reference to no event is written in places.
const NONE: i64 = -23;

/// What an event is written in.
pub(super) enum Dialect {
    /// Temporal's JSON, as far as this can tell.
    Temporal,
    /// The older names and units of Cadence.
    Cadence,
    /// That of Amazon's Simple Workflow Service, from which both took their names.
    Amazon,
}

/// The old web interface wrote all of them under one name.
fn holds_attributes(name: &str) -> bool {
    name.ends_with("Attributes") || name == "details"
}

/// Tells by names that the others never use.
pub(super) fn dialect(event: &Value) -> Dialect {
    let Value::Object(map) = event else { return Dialect::Temporal };
    if map.contains_key("eventTimestamp") && !map.contains_key("eventTime") {
        return Dialect::Amazon;
    }
    let kind = map.get("eventType").and_then(Value::as_str).unwrap_or_default();
    let attributes = map.iter().filter(|(name, _)| holds_attributes(name)).filter_map(|(_, it)| it.as_object());
    let names = ["decisionTaskCompletedEventId", "taskList", "executionStartToCloseTimeoutSeconds"];
    let old =
        kind.starts_with("DecisionTask") || attributes.into_iter().any(|it| names.iter().any(|n| it.contains_key(*n)));
    let timed = !map.contains_key("eventTime") && map.get("timestamp").is_some_and(|time| integer(time).is_ok());
    if old || timed { Dialect::Cadence } else { Dialect::Temporal }
}

/// True if [`translate`] looks through the events before it.
pub(super) fn looks_back(event: &Value) -> bool {
    event.get("eventType").and_then(Value::as_str) == Some("ActivityTaskCancelRequested")
}

/// The event in Temporal's names. `before` are the events that come before it.
pub(super) fn translate(event: Value, before: &[Event]) -> Value {
    let Value::Object(event) = event else { return event };
    let mut out = Map::new();
    let kind =
        event.get("eventType").and_then(Value::as_str).unwrap_or_default().replace("DecisionTask", "WorkflowTask");
    for (name, value) in event {
        match (name.as_str(), value) {
            ("eventType", _) => {}
            ("timestamp", time) => {
                if let Some(time) =
                    integer(&time).ok().and_then(|nanos| jiff::Timestamp::from_nanosecond(nanos.into()).ok())
                {
                    out.insert("eventTime".into(), time.to_string().into());
                }
            }
            (_, Value::Object(fields)) if holds_attributes(&name) => {
                out.insert(
                    name.replace("decisionTask", "workflowTask"),
                    Value::Object(attributes(&kind, fields, before)),
                );
            }
            (_, value) => drop(out.insert(name, value)),
        }
    }
    let target = out.iter().find(|(name, _)| holds_attributes(name)).filter(|_| kind == "ActivityTaskCancelRequested");
    let unnamed = target.is_some_and(|(_, it)| it.get("scheduledEventId").is_none());
    // A request to cancel an activity whose scheduling is not in the file, and a run that is continued by the server: Temporal
    // has no such events.
    let continued =
        out.iter().find(|(name, _)| holds_attributes(name)).filter(|_| kind == "WorkflowExecutionContinuedAsNew");
    let by_nobody =
        continued.is_some_and(|(_, it)| it.get("workflowTaskCompletedEventId").is_none_or(|id| integer(id) == Ok(0)));
    let unnamed = unnamed || by_nobody;
    out.insert("eventType".into(), if unnamed { format!("{kind} (of Cadence)").into() } else { kind.into() });
    Value::Object(out)
}

fn attributes(kind: &str, fields: Map<String, Value>, before: &[Event]) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in fields {
        let renamed = RENAMED.iter().find(|(old, _)| *old == name).map_or(name.as_str(), |(_, new)| new);
        let renamed = renamed.strip_suffix("InSeconds").or_else(|| renamed.strip_suffix("Seconds")).unwrap_or(renamed);
        let value = match (name.as_str(), value) {
            (_, Value::Null) => continue,
            (name, id) if name.ends_with("EventId") && integer(&id) == Ok(NONE) => 0.into(),
            ("lastFailureReason", Value::String(reason)) if reason.is_empty() => continue,
            ("lastFailureReason", reason) => json!({"message": reason}),
            ("attempt", value) => integer(&value).map_or(value, |attempt| json!(attempt.saturating_add(1))),
            ("retryPolicy", Value::Object(policy)) => Value::Object(attributes("", policy, before)),
            (_, value) if name.ends_with("Seconds") => integer(&value).map_or(value, |n| format!("{n}s").into()),
            (_, Value::String(bytes)) if BYTES.contains(&name.as_str()) && kind != "MarkerRecorded" => {
                json!({"payloads": [{"metadata": {"encoding": "YmluYXJ5L3BsYWlu"}, "data": bytes}]})
            }
            (_, value) => value,
        };
        out.insert(renamed.to_owned(), value);
    }
    failure(kind, &mut out);
    if kind == "ActivityTaskCancelRequested"
        && let Some(activity) = out.remove("activityId")
    {
        let scheduled = before.iter().rev().find(
            |event| matches!(&event.body, Body::ActivityTaskScheduled(it) if activity.as_str() == Some(&it.activity_id)),
        );
        if let Some(event) = scheduled {
            out.insert("scheduledEventId".into(), event.id.0.into());
        }
    }
    out
}

/// A reason in words, or a type of timeout, as the failure that carries it in Temporal.
fn failure(kind: &str, out: &mut Map<String, Value>) {
    if kind == "ActivityTaskTimedOut"
        && let Some(of) = out.remove("timeoutType")
    {
        out.insert("failure".into(), json!({"timeoutFailureInfo": {"timeoutType": of}}));
    } else if kind.ends_with("Failed")
        && let Some(reason) = out.remove("reason")
    {
        out.remove("details");
        out.insert("failure".into(), json!({"message": reason}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, Span, decode};
    use crate::notes::Notes;

    fn read(event: Value, before: &[Event]) -> (Event, Notes) {
        assert!(matches!(dialect(&event), Dialect::Cadence), "{event}");
        let mut notes = Notes::default();
        (decode(translate(event, before), &mut notes).unwrap(), notes)
    }

    #[test]
    fn names_units_and_counts_become_those_of_temporal() {
        let scheduled = json!({"eventId": 2, "timestamp": 1_600_000_000_000_000_100_i64, "eventType": "DecisionTaskScheduled",
            "decisionTaskScheduledEventAttributes": {"taskList": {"name": "q"}, "startToCloseTimeoutSeconds": 10, "attempt": 0}});
        let (event, notes) = read(scheduled, &[]);
        let Body::WorkflowTaskScheduled(task) = &event.body else { panic!("{event:?}") };
        assert_eq!((task.task_queue.name.as_str(), task.start_to_close, task.attempt), ("q", Span::millis(10_000), 1));
        assert_eq!((event.time, notes), (Some(1_600_000_000_000_000_100), Notes::default()));
        let timed_out = json!({"eventId": 9, "timestamp": 1, "eventType": "ActivityTaskTimedOut",
            "activityTaskTimedOutEventAttributes": {"scheduledEventId": 5, "timeoutType": "SCHEDULE_TO_START"}});
        let Body::ActivityTaskTimedOut(timed_out) = read(timed_out, &[]).0.body else { panic!() };
        assert_eq!(
            timed_out.failure.unwrap().kind,
            crate::event::FailureKind::Timeout(crate::event::Symbol("SCHEDULE_TO_START".into()))
        );
    }

    #[test]
    fn a_cancelled_activity_is_found_by_its_id_or_the_event_is_not_known() {
        let scheduled = json!({"eventId": 5, "timestamp": 1, "eventType": "ActivityTaskScheduled",
            "activityTaskScheduledEventAttributes": {"activityId": "a", "input": "AQ==", "decisionTaskCompletedEventId": 4}});
        let cancel = json!({"eventId": 8, "timestamp": 1, "eventType": "ActivityTaskCancelRequested",
            "activityTaskCancelRequestedEventAttributes": {"activityId": "a", "decisionTaskCompletedEventId": 7}});
        let before = [read(scheduled, &[]).0];
        let Body::ActivityTaskCancelRequested(found) = read(cancel.clone(), &before).0.body else { panic!() };
        assert_eq!((found.scheduled, found.task_completed), (EventId(5), EventId(7)));
        assert!(matches!(read(cancel, &[]).0.body, Body::Unrecognised { .. }));
    }

    #[test]
    fn what_only_cadence_has_is_not_taken_for_something_else() {
        let cron = |id: i64| {
            let attributes =
                json!({"newExecutionRunId": "r", "initiator": "CronSchedule", "decisionTaskCompletedEventId": id});
            json!({"eventId": 7, "timestamp": 1, "eventType": "WorkflowExecutionContinuedAsNew",
                "workflowExecutionContinuedAsNewEventAttributes": attributes})
        };
        assert!(matches!(read(cron(-23), &[]).0.body, Body::Unrecognised { .. }), "the server continued it");
        assert!(
            matches!(read(cron(4), &[]).0.body, Body::WorkflowExecutionContinuedAsNew(it) if it.task_completed == EventId(4))
        );
        let unstarted = json!({"eventId": 9, "timestamp": 1, "eventType": "ActivityTaskTimedOut",
            "activityTaskTimedOutEventAttributes": {"scheduledEventId": 5, "startedEventId": -23}});
        assert!(matches!(read(unstarted, &[]).0.body, Body::ActivityTaskTimedOut(it) if it.started.is_none()));
    }

    #[test]
    fn temporal_and_amazon_are_told_apart() {
        let temporal =
            json!({"eventId": 1, "eventTime": "2026-01-02T03:04:05Z", "timestamp": 5, "eventType": "TimerFired"});
        assert!(matches!(dialect(&temporal), Dialect::Temporal));
        let amazon = json!({"eventId": 1, "eventTimestamp": 1326670266.103, "eventType": "DecisionTaskStarted"});
        assert!(matches!(dialect(&amazon), Dialect::Amazon));
    }
}
