//! Files with more than one history in them, and with something else around them: every run is read once and whole.

#![allow(clippy::unwrap_used)]

use resurgam_formats::evidence::Run;
use resurgam_formats::wire::{Document, MAX_BYTES, read};
use serde_json::{Value, json};

/// A run of so many events, at least five.
fn run(id: &str, length: i64) -> Vec<Value> {
    let mut events = vec![
        json!({"eventId": "1", "eventTime": "2026-01-02T03:04:05.000000006Z", "eventType": "WorkflowExecutionStarted",
            "workflowExecutionStartedEventAttributes": {"workflowId": "w", "originalExecutionRunId": id, "attempt": 1,
                "workflowTaskTimeout": "10s"}}),
        json!({"eventId": "2", "eventType": "WorkflowTaskScheduled", "workflowTaskScheduledEventAttributes": {"attempt": 1}}),
        json!({"eventId": "3", "eventType": "WorkflowTaskStarted", "workflowTaskStartedEventAttributes": {"scheduledEventId": "2"}}),
        json!({"eventId": "4", "eventType": "WorkflowTaskCompleted",
            "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}}),
    ];
    for at in 5..=length {
        events.push(json!({"eventId": at.to_string(), "eventType": "WorkflowExecutionSignaled",
            "workflowExecutionSignaledEventAttributes": {"signalName": "s"}}));
    }
    events
}

fn document(text: impl AsRef<str>) -> Document {
    let text = text.as_ref();
    read("file", text.as_bytes(), MAX_BYTES).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Run id and number of events of each run.
fn found(text: impl AsRef<str>) -> Vec<(String, usize)> {
    let named = |run: &Run| (run.run_id.clone(), run.events.len());
    document(text).evidence.runs.iter().map(named).collect()
}

fn both() -> Vec<(String, usize)> {
    vec![("a".into(), 5), ("b".into(), 7)]
}

#[test]
fn several_runs_are_told_apart_however_they_are_put_together() {
    let (a, b) = (run("a", 5), run("b", 7));
    let whole = |events: &[Value]| json!({"events": events});
    let lines = |events: &[Value]| events.iter().map(|event| format!("{event}\n")).collect::<String>();
    let mut backwards = [a.clone(), b.clone()].concat();
    backwards.reverse();
    for (name, text) in [
        ("one list", json!([a.clone(), b.clone()].concat()).to_string()),
        ("one list, last event first", json!(backwards).to_string()),
        ("one event per line", lines(&a) + &lines(&b)),
        ("a list of lists", json!([a, b]).to_string()),
        ("a list of histories", json!([whole(&a), whole(&b)]).to_string()),
        ("a list of answers", json!([{"history": whole(&a)}, {"history": whole(&b), "nextPageToken": ""}]).to_string()),
        ("two documents", format!("{}\n{}", whole(&a), whole(&b))),
        ("two lists", format!("{}{}", json!(a), json!(b))),
        ("batches", json!([a[..2], a[2..], b[..3], b[3..]]).to_string()),
        ("batches in an object", json!({"history": {"events": [a[..2], a[2..], b[..3], b[3..]]}}).to_string()),
        (
            "around them",
            json!({"first": {"result": whole(&a)}, "second": [{"history": whole(&b)}], "n": 2}).to_string(),
        ),
        ("one of them twice", json!([whole(&a), whole(&b), whole(&a)]).to_string()),
    ] {
        assert_eq!(found(&text), both(), "{name}");
    }
}

#[test]
fn pages_become_one_history() {
    let a = run("a", 7);
    let page = |events: &[Value], token: &str| json!({"history": {"events": events}, "nextPageToken": token});
    let pages = [page(&a[..3], "x"), page(&a[3..5], "y"), page(&a[5..], "")];
    for text in [json!(pages).to_string(), pages.iter().map(Value::to_string).collect()] {
        assert_eq!(found(&text), [("a".to_owned(), 7)]);
        assert!(document(text).evidence.notes.remarks.is_empty());
    }
    let apart = format!("{}{}", page(&a[..3], "x"), page(&a[5..], ""));
    assert_eq!(found(apart).len(), 2, "a page between them is not there");
}

#[test]
fn lines_of_a_log_before_the_history_are_passed_over() {
    let history = json!({"events": run("a", 5)});
    let pretty = serde_json::to_string_pretty(&history).unwrap();
    for log in [
        "time=1 level=INFO msg=\"dialing\"\n",
        "2026-01-02 hello\n[INFO] {x}\n",
        "{\"level\":\"info\"}\n",
        "{broken\n\n",
    ] {
        let found = document(format!("{log}{pretty}")).evidence;
        assert_eq!((found.runs.len(), found.runs[0].events.len()), (1, 5), "{log}");
        assert!(found.notes.remarks.iter().any(|remark| remark.contains("passed over")), "{:?}", found.notes);
    }
    let none = read("file", "INFO nothing\n{\"level\":\"info\"}\n".as_bytes(), MAX_BYTES).unwrap_err();
    assert_eq!(none.0, "file: line 1 column 1: expected value");
}

#[test]
fn numbers_and_times_may_be_objects() {
    let long = |low: i64| json!({"low": low, "high": 0, "unsigned": false});
    let mut events = run("a", 5);
    events[0]["eventTime"] = json!({"seconds": long(1_767_323_045), "nanos": 6});
    events[0]["eventId"] = long(1);
    events[0]["workflowExecutionStartedEventAttributes"]["workflowTaskTimeout"] = json!({"seconds": "10", "nanos": 0});
    events[1]["taskId"] = json!({"low": -1, "high": 1});
    let read = document(json!(events).to_string()).evidence;
    let [first, second, ..] = read.runs[0].events.as_slice() else { panic!() };
    let plain = document(json!(run("a", 5)).to_string()).evidence;
    assert_eq!(*first, plain.runs[0].events[0]);
    assert_eq!(second.task_id, (1 << 33) - 1);
}

#[test]
fn the_old_web_interface_is_read() {
    let old = |event: &Value| {
        let (_, attributes) = event.as_object().unwrap().iter().find(|(key, _)| key.ends_with("Attributes")).unwrap();
        json!({"eventId": event["eventId"].as_str().unwrap().parse::<i64>().unwrap(), "eventType": event["eventType"],
            "timestamp": "2026-01-02T03:04:05.000000006Z", "details": attributes})
    };
    let events: Vec<Value> = run("a", 6).iter().map(old).collect();
    let read = document(json!(events).to_string()).evidence;
    assert_eq!((read.runs[0].run_id.as_str(), read.runs[0].events.len()), ("a", 6));
    assert_eq!(read.runs[0].events[5].time, Some(1_767_323_045_000_000_006));
    assert!(read.notes.unrecognised.is_empty() && !read.notes.cadence, "{:?}", read.notes);
}

#[test]
fn other_evidence_is_refused_by_its_name() {
    let swf = json!([{"eventId": 1, "eventTimestamp": 1326670266.103, "eventType": "DecisionTaskScheduled",
        "decisionTaskScheduledEventAttributes": {}}]);
    let refused = read("file", swf.to_string().as_bytes(), MAX_BYTES).unwrap_err();
    assert!(refused.0.contains("a history of Amazon SWF, which is not read here"), "{refused}");
}
