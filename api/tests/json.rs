//! JSON by reflection: round trips, the spellings that replayers need, and agreement with the models' own reader.

use prost_wkt_types::{Duration, Timestamp};
use resurgam_api::json::{event_from_json, event_to_json, history_to_json};
use resurgam_api::temporal::common::v1::{
    ActivityType, Payload, Payloads, RetryPolicy, WorkflowExecution, WorkflowType,
};
use resurgam_api::temporal::enums::v1::{EventType, RetryState, TaskQueueKind};
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure, failure::FailureInfo};
use resurgam_api::temporal::history::v1::{
    ActivityTaskFailedEventAttributes, ActivityTaskScheduledEventAttributes, HistoryEvent, TimerStartedEventAttributes,
    WorkflowExecutionStartedEventAttributes, history_event::Attributes,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_formats::event::{self, Body, Event, EventId, KINDS, Span};
use resurgam_formats::notes::Notes;
use serde_json::{Value, json};

fn seconds(seconds: i64, nanos: i32) -> Option<Duration> {
    Some(Duration { seconds, nanos })
}

fn payloads(data: &[u8]) -> Option<Payloads> {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Some(Payloads { payloads: vec![Payload { metadata, data: data.to_vec(), ..Default::default() }] })
}

fn numbered(id: i64, kind: EventType, attributes: Attributes) -> HistoryEvent {
    HistoryEvent {
        event_id: id,
        event_time: Some(Timestamp { seconds: 1_700_000_000 + id, nanos: 5_000_000 }),
        event_type: kind.into(),
        version: 1,
        task_id: (1 << 53) + 1,
        attributes: Some(attributes),
        ..Default::default()
    }
}

fn history() -> Vec<HistoryEvent> {
    let queue = Some(TaskQueue { name: "q".into(), kind: TaskQueueKind::Normal.into(), ..Default::default() });
    let started = WorkflowExecutionStartedEventAttributes {
        workflow_type: Some(WorkflowType { name: "program".into() }),
        parent_workflow_execution: Some(WorkflowExecution { workflow_id: "p".into(), run_id: "r".into() }),
        parent_initiated_event_id: 7,
        task_queue: queue.clone(),
        input: payloads(b"[1,2]"),
        workflow_task_timeout: seconds(10, 0),
        workflow_id: "w".into(),
        attempt: 1,
        ..Default::default()
    };
    let scheduled = ActivityTaskScheduledEventAttributes {
        activity_id: "5".into(),
        activity_type: Some(ActivityType { name: "step".into() }),
        task_queue: queue,
        start_to_close_timeout: seconds(1, 500_000_000),
        retry_policy: Some(RetryPolicy { backoff_coefficient: 2.5, maximum_attempts: 3, ..Default::default() }),
        workflow_task_completed_event_id: 4,
        ..Default::default()
    };
    let inner = Failure { message: "deep".into(), ..Default::default() };
    let failed = ActivityTaskFailedEventAttributes {
        failure: Some(Failure {
            message: "boom".into(),
            cause: Some(Box::new(inner)),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
                r#type: "Planned".into(),
                non_retryable: true,
                ..Default::default()
            })),
            ..Default::default()
        }),
        scheduled_event_id: 5,
        started_event_id: 6,
        retry_state: RetryState::NonRetryableFailure.into(),
        ..Default::default()
    };
    let timer = TimerStartedEventAttributes {
        timer_id: "t".into(),
        start_to_fire_timeout: seconds(0, 250_000_000),
        workflow_task_completed_event_id: 4,
    };
    vec![
        numbered(1, EventType::WorkflowExecutionStarted, Attributes::WorkflowExecutionStartedEventAttributes(started)),
        numbered(5, EventType::ActivityTaskScheduled, Attributes::ActivityTaskScheduledEventAttributes(scheduled)),
        numbered(7, EventType::ActivityTaskFailed, Attributes::ActivityTaskFailedEventAttributes(failed)),
        numbered(8, EventType::TimerStarted, Attributes::TimerStartedEventAttributes(timer)),
    ]
}

#[test]
fn events_survive_the_round_trip() {
    for event in history() {
        let json = event_to_json(&event).unwrap();
        assert_eq!(event_from_json(&json).unwrap(), event, "{json:#}");
    }
}

#[test]
fn the_spelling_is_the_one_of_the_command_line() {
    let json = history_to_json(&history()).unwrap();
    assert_eq!(
        json["events"][3],
        json!({
            "eventId": "8",
            "eventTime": "2023-11-14T22:13:28.005Z",
            "eventType": "EVENT_TYPE_TIMER_STARTED",
            "version": "1",
            "taskId": "9007199254740993",
            "timerStartedEventAttributes": {
                "timerId": "t",
                "startToFireTimeout": "0.250s",
                "workflowTaskCompletedEventId": "4",
            },
        })
    );
    let started = &json["events"][0]["workflowExecutionStartedEventAttributes"];
    assert_eq!(started["taskQueue"], json!({"name": "q", "kind": "TASK_QUEUE_KIND_NORMAL"}));
    assert_eq!(
        started["input"],
        json!({"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "WzEsMl0="}]})
    );
    assert_eq!(started["attempt"], json!(1));
    assert_eq!(started.get("identity"), None, "defaults are left out");
    assert_eq!(
        json["events"][2]["activityTaskFailedEventAttributes"]["retryState"],
        json!("RETRY_STATE_NON_RETRYABLE_FAILURE")
    );
}

#[test]
fn the_models_read_what_is_written_here() {
    let mut notes = Notes::default();
    let events: Vec<Event> =
        history().iter().map(|e| event::decode(event_to_json(e).unwrap(), &mut notes).unwrap()).collect();
    assert_eq!(notes, Notes::default());
    let Body::TimerStarted(timer) = &events[3].body else { panic!("{:?}", events[3]) };
    assert_eq!((timer.timer_id.as_str(), timer.timeout, timer.task_completed), ("t", Span::millis(250), EventId(4)));
    assert_eq!((events[3].id, events[3].task_id), (EventId(8), (1 << 53) + 1));
}

/// The models' table of kinds against the official protos: names, numbers and keys, in both directions.
#[test]
fn the_models_know_the_kinds_of_the_protos() {
    for kind in KINDS {
        let mut notes = Notes::default();
        let known = event::decode(json!({"eventId": "3", "eventType": kind, "attributes": {}}), &mut notes).unwrap();
        let official = event_from_json(&event::encode(&known)).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert!(official.attributes.is_some(), "{kind} has attributes under another key");
        let back = event::decode(event_to_json(&official).unwrap(), &mut notes).unwrap();
        assert_eq!((back.body.name(), notes), (*kind, Notes::default()));
    }
    let official = (1..200).filter_map(|number| EventType::try_from(number).ok());
    for kind in official {
        let mut notes = Notes::default();
        event::decode(json!({"eventId": "3", "eventType": kind.as_str_name(), "attributes": {}}), &mut notes).unwrap();
        assert_eq!(notes, Notes::default(), "{}", kind.as_str_name());
    }
}

#[test]
fn json_of_something_else_is_an_error() {
    for wrong in [json!({"eventId": "1", "tomorrow": 1}), json!({"eventId": "one"}), json!([]), Value::Null] {
        assert!(event_from_json(&wrong).is_err(), "{wrong}");
    }
}
