//! Activities and timers.

use super::find::{calls, events};
use super::row::{Needs, Row};
use resurgam_formats::event::{Body, Failure, FailureKind};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::recording::{Call, Description, Reply};
use serde_json::Value;

/// Attempts of activities that timed out in a way: the last one, or one that was repeated.
fn timed_out(evidence: &Evidence, way: &str) -> u64 {
    events(evidence, |_, event| {
        let failure = match &event.body {
            Body::ActivityTaskTimedOut(end) => &end.failure,
            Body::ActivityTaskStarted(started) => &started.last_failure,
            _ => return false,
        };
        failure.as_ref().is_some_and(|failure| is_timeout(failure, way))
    })
}

fn is_timeout(failure: &Failure, way: &str) -> bool {
    match &failure.kind {
        FailureKind::Timeout(kind) => kind.is(way),
        _ => false,
    }
}

fn failed_for(evidence: &Evidence, state: &str) -> u64 {
    events(evidence, |_, event| matches!(&event.body, Body::ActivityTaskFailed(end) if end.retry_state.is(state)))
}

fn waits_for_an_attempt(description: &Description) -> bool {
    let pending = description.answer.as_ref().and_then(|answer| answer.get("pendingActivities"));
    pending.and_then(Value::as_array).into_iter().flatten().any(|activity| {
        let is = |name: &str, state: &str| activity.get(name).and_then(Value::as_str) == Some(state);
        let attempt = activity.get("attempt").and_then(Value::as_i64).unwrap_or(0);
        attempt > 1 && is("state", "PENDING_ACTIVITY_STATE_SCHEDULED")
    })
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "activity-retried",
        title: "an activity ended at a repeated attempt",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(&event.body, Body::ActivityTaskStarted(of) if of.attempt > 1)),
        seen: "1 ActivityTaskStarted attempt=2",
        near: "1 ActivityTaskStarted attempt=1",
    },
    Row {
        id: "activity-start-to-close-timeout",
        title: "an attempt of an activity took too long",
        needs: Needs::Plans,
        count: |e| timed_out(e, "START_TO_CLOSE"),
        seen: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE",
        near: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=HEARTBEAT",
    },
    Row {
        id: "activity-schedule-to-start-timeout",
        title: "an activity waited too long for a worker",
        needs: Needs::Plans,
        count: |e| timed_out(e, "SCHEDULE_TO_START"),
        seen: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=SCHEDULE_TO_START",
        near: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE",
    },
    Row {
        id: "activity-schedule-to-close-timeout",
        title: "all attempts of an activity together took too long",
        needs: Needs::Plans,
        count: |e| timed_out(e, "SCHEDULE_TO_CLOSE"),
        seen: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=SCHEDULE_TO_CLOSE",
        near: "1 ActivityTaskTimedOut failure.timeoutFailureInfo.timeoutType=SCHEDULE_TO_START",
    },
    Row {
        id: "activity-heartbeat-timeout",
        title: "an activity gave no sign of life",
        needs: Needs::Plans,
        count: |e| timed_out(e, "HEARTBEAT"),
        seen: "1 ActivityTaskStarted attempt=2 lastFailure.timeoutFailureInfo.timeoutType=HEARTBEAT",
        near: "1 ActivityTaskStarted attempt=2 lastFailure.timeoutFailureInfo.timeoutType=START_TO_CLOSE",
    },
    Row {
        id: "activity-exhausted",
        title: "an activity failed at its last attempt",
        needs: Needs::Plans,
        count: |e| failed_for(e, "MAXIMUM_ATTEMPTS_REACHED"),
        seen: "1 ActivityTaskFailed retryState=MAXIMUM_ATTEMPTS_REACHED",
        near: "1 ActivityTaskFailed retryState=NON_RETRYABLE_FAILURE",
    },
    Row {
        id: "activity-not-retryable",
        title: "an activity failed in a way that must not be repeated",
        needs: Needs::Plans,
        count: |e| failed_for(e, "NON_RETRYABLE_FAILURE"),
        seen: "1 ActivityTaskFailed retryState=NON_RETRYABLE_FAILURE",
        near: "1 ActivityTaskFailed retryState=MAXIMUM_ATTEMPTS_REACHED",
    },
    Row {
        id: "activity-cancelled",
        title: "a running activity acknowledged a cancellation",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(&event.body, Body::ActivityTaskCanceled(of) if !of.started.is_none())),
        seen: "1 ActivityTaskCanceled startedEventId=1",
        near: "1 ActivityTaskCanceled scheduledEventId=1",
    },
    Row {
        id: "activity-cancelled-unstarted",
        title: "an activity was cancelled before a worker had it",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(&event.body, Body::ActivityTaskCanceled(of) if of.started.is_none())),
        seen: "1 ActivityTaskCanceled scheduledEventId=1",
        near: "1 ActivityTaskCanceled startedEventId=1",
    },
    Row {
        id: "activity-told-to-cancel",
        title: "a heartbeat told a worker to cancel",
        needs: Needs::Plans,
        count: |e| calls(e, |_, reply| matches!(reply, Reply::Heartbeat { cancel_requested: true })),
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"heartbeat","task":1}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"heartbeat","cancel_requested":true}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"heartbeat","task":1}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"heartbeat","cancel_requested":false}}}"#,
    },
    Row {
        id: "described-between-attempts",
        title: "an activity that waits for its next attempt was described",
        needs: Needs::Plans,
        count: |e| calls(e, |_, reply| matches!(reply, Reply::Description(it) if waits_for_an_attempt(it))),
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":5,"answer":{"pendingActivities":[{"activityId":"1","attempt":2,"state":"PENDING_ACTIVITY_STATE_SCHEDULED"}]}}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":5,"answer":{"pendingActivities":[{"activityId":"1","attempt":1,"state":"PENDING_ACTIVITY_STATE_SCHEDULED"}]}}}}"#,
    },
    Row {
        id: "activity-ended-by-id",
        title: "an activity was ended from outside, by its id",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| matches!(call, Call::EndActivity { by_id: true, .. }) && *reply == Reply::Done)
        },
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"end_activity","task":1,"end":"canceled","by_id":true}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"end_activity","task":1,"end":"canceled"}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#,
    },
    Row {
        id: "late-result-refused",
        title: "the result of an activity came too late",
        needs: Needs::Plans,
        count: |e| calls(e, |call, reply| matches!((call, reply), (Call::EndActivity { .. }, Reply::NotFound { .. }))),
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"end_activity","task":1,"end":"canceled"}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"heartbeat","task":1}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
    },
    Row {
        id: "timer-fired",
        title: "a timer fired",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(event.body, Body::TimerFired(_))),
        seen: "1 TimerFired",
        near: "1 TimerCanceled",
    },
    Row {
        id: "timer-cancelled",
        title: "a timer was cancelled",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(event.body, Body::TimerCanceled(_))),
        seen: "1 TimerCanceled",
        near: "1 TimerFired",
    },
];
