//! Whatever bytes the decoders are given: no panic, one line, and no rule crashes on what they let through.

#![allow(clippy::unwrap_used)]

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use resurgam_formats::plan::Plan;
use resurgam_formats::wire::{read, read_versioned};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use serde_json::{Map, Value, json};
use std::io::Write as _;

const MAX: u64 = 1 << 20;

/// What every file must stand: it is read and judged, or refused in one short line.
fn stands(bytes: &[u8]) -> Result<(), TestCaseError> {
    match read("some/file.json", bytes, MAX) {
        Ok(document) => {
            let verdict = judge("x", &document.evidence, &Profile::temporal("1.31.2"));
            for rule in &verdict.rules {
                prop_assert!(!rule.why.contains("crashed"), "{} crashed", rule.rule);
            }
            for note in verdict.notes {
                prop_assert!(!note.contains(char::is_control), "{note:?}");
            }
        }
        Err(problem) => short(&problem.0)?,
    }
    if let Err(problem) = read_versioned::<Plan>("some/file.json", bytes, MAX) {
        short(&problem.0)?;
    }
    Ok(())
}

fn short(line: &str) -> Result<(), TestCaseError> {
    prop_assert!(line.starts_with("some/file.json: "), "{line:?}");
    prop_assert!(line.chars().count() < 300 && !line.contains(char::is_control), "{line:?}");
    Ok(())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A valid history with most kinds of attributes.
fn history() -> Value {
    let kinds: Vec<(&str, &str, Value)> = vec![
        (
            "WORKFLOW_EXECUTION_STARTED",
            "workflowExecutionStarted",
            json!({"workflowType": {"name": "t"}, "taskQueue": {"name": "q"}, "attempt": 1, "workflowId": "w",
                "originalExecutionRunId": "r", "firstExecutionRunId": "r", "workflowTaskTimeout": "10s",
                "input": {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJwcm9ncmFtIjp7fX0="}]},
                "retryPolicy": {"initialInterval": "1s", "backoffCoefficient": 2, "maximumAttempts": 3}}),
        ),
        (
            "WORKFLOW_TASK_SCHEDULED",
            "workflowTaskScheduled",
            json!({"taskQueue": {"name": "q", "kind": 1}, "attempt": 1}),
        ),
        ("WORKFLOW_TASK_STARTED", "workflowTaskStarted", json!({"scheduledEventId": "2", "requestId": "x"})),
        ("WORKFLOW_TASK_COMPLETED", "workflowTaskCompleted", json!({"scheduledEventId": "2", "startedEventId": "3"})),
        (
            "TIMER_STARTED",
            "timerStarted",
            json!({"timerId": "1", "startToFireTimeout": "0.5s", "workflowTaskCompletedEventId": "4"}),
        ),
        (
            "ACTIVITY_TASK_SCHEDULED",
            "activityTaskScheduled",
            json!({"activityId": "2", "activityType": {"name": "a"}, "workflowTaskCompletedEventId": "4",
                "startToCloseTimeout": "1s", "retryPolicy": {"maximumAttempts": 1}}),
        ),
        ("TIMER_FIRED", "timerFired", json!({"timerId": "1", "startedEventId": "5"})),
        ("WORKFLOW_TASK_SCHEDULED", "workflowTaskScheduled", json!({"taskQueue": {"name": "q"}, "attempt": 1})),
        (
            "ACTIVITY_TASK_STARTED",
            "activityTaskStarted",
            json!({"scheduledEventId": "6", "attempt": 1, "requestId": "y"}),
        ),
        (
            "ACTIVITY_TASK_FAILED",
            "activityTaskFailed",
            json!({"scheduledEventId": "6", "startedEventId": "9", "retryState": "RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED",
                "failure": {"message": "m", "cause": {"applicationFailureInfo": {"type": "T"}}}}),
        ),
        (
            "WORKFLOW_EXECUTION_SIGNALED",
            "workflowExecutionSignaled",
            json!({"signalName": "s", "input": {"payloads": []}}),
        ),
        ("WORKFLOW_TASK_STARTED", "workflowTaskStarted", json!({"scheduledEventId": "8", "requestId": "z"})),
        ("WORKFLOW_TASK_COMPLETED", "workflowTaskCompleted", json!({"scheduledEventId": "8", "startedEventId": "12"})),
        ("WORKFLOW_EXECUTION_COMPLETED", "workflowExecutionCompleted", json!({"workflowTaskCompletedEventId": "13"})),
    ];
    let events = kinds.into_iter().enumerate().map(|(index, (kind, key, attributes))| {
        let mut event = Map::new();
        event.insert("eventId".into(), json!((index + 1).to_string()));
        event.insert("eventTime".into(), json!(format!("2026-01-02T03:04:{index:02}Z")));
        event.insert("eventType".into(), json!(format!("EVENT_TYPE_{kind}")));
        event.insert("taskId".into(), json!((index * 10 + 5).to_string()));
        event.insert(format!("{key}EventAttributes"), attributes);
        Value::Object(event)
    });
    json!({"events": events.collect::<Vec<_>>()})
}

/// A valid recording with every type of line.
fn recording() -> String {
    let plan = json!({"version": 1, "seed": 7, "programs": [], "operations": [], "workers": {"count": 1, "cache": 0,
        "full_replay": false}, "worker_faults": [], "knobs": {"task_timeout_ms": 1000, "sticky_timeout_ms": 500}});
    let signal = json!({"of": "client", "workflow_id": "w", "request_id": "x", "action": {"call": "signal", "name": "s", "value": 1}});
    let lines = [
        json!({"at": 0, "type": "header", "version": 1, "target": "temporal", "prefix": "p", "plan": plan}),
        json!({"at": 1, "type": "invoke", "operation": 1, "attempt": 1, "by": "client-1", "call": signal}),
        json!({"at": 2, "type": "return", "operation": 1, "attempt": 1, "answer": {"answer": "ok", "value": {"reply": "done"}}}),
        json!({"at": 3, "type": "task", "task": 1, "worker": "worker-1", "kind": "workflow", "workflow_id": "w", "run_id": "r",
            "attempt": 1, "started": 3}),
        json!({"at": 4, "type": "worker_fault", "task": 1, "what": "drop"}),
        json!({"at": 5, "type": "fault", "fault": "f", "active": true}),
        json!({"at": 7, "type": "history", "workflow_id": "w", "run_id": "r", "final": true, "from": 6, "events": history()["events"]}),
        json!({"at": 8, "type": "description", "workflow_id": "w", "run_id": "r", "status": "COMPLETED", "history_length": 14}),
        json!({"at": 9, "type": "end", "quiescent": true, "deadline": 20}),
    ];
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(history().to_string().into_bytes()), Just(recording().into_bytes())]
}

/// One change of a file: where, of what length, from where, and bytes.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let tokens = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "-",
        "1e999",
        "9223372036854775807",
        "\\u0000",
        "\n",
        "\u{1b}[2J",
        "\\ud800",
    ];
    prop_oneof![
        (index(), 1u8..).prop_map(|(at, mask)| Change::Flip(at, mask)),
        index().prop_map(Change::Cut),
        (index(), 1..60usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (index(), index(), 1..400usize).prop_map(|(at, from, length)| Change::Copy(at, from, length)),
        (index(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (index(), prop::sample::select(tokens.to_vec())).prop_map(|(at, token)| Change::Insert(at, token.into())),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match change {
            Change::Flip(at, mask) => bytes[at.index(length)] ^= mask,
            Change::Cut(at) => bytes.truncate(at.index(length)),
            Change::Remove(at, count) => drop(bytes.drain(at.index(length)..(at.index(length) + count).min(length))),
            Change::Copy(at, from, count) => {
                let piece = bytes[from.index(length)..(from.index(length) + count).min(length)].to_vec();
                let at = at.index(length);
                bytes.splice(at..at, piece);
            }
            Change::Insert(at, piece) => drop(bytes.splice(at.index(length)..at.index(length), piece.iter().copied())),
        }
    }
    bytes
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = [
        "events",
        "history",
        "eventId",
        "eventType",
        "eventTime",
        "attributes",
        "type",
        "at",
        "version",
        "plan",
        "timerId",
        "timerStartedEventAttributes",
        "startToFireTimeout",
        "failure",
        "cause",
        "input",
        "payloads",
        "x",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (0i64..70).prop_map(Value::from),
        prop::sample::select(vec![
            "header",
            "history",
            "end",
            "TimerStarted",
            "EVENT_TYPE_TIMER_FIRED",
            "1s",
            "-9223372036854775808",
            "999999999999999s",
            "2026-01-02T03:04:05Z"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let key = prop_oneof![4 => prop::sample::select(keys.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Replaces one value somewhere in a tree, chosen by a path of indices.
fn replace(tree: &mut Value, path: &[prop::sample::Index], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *tree = new;
        return;
    };
    match tree {
        Value::Array(items) if !items.is_empty() => {
            let at = first.index(items.len());
            replace(&mut items[at], rest, new);
        }
        Value::Object(map) if !map.is_empty() => {
            let at = first.index(map.len());
            if let Some(value) = map.values_mut().nth(at) {
                replace(value, rest, new);
            }
        }
        leaf => *leaf = new,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), pack in any::<bool>()) {
        stands(&if pack { gzip(&bytes) } else { bytes })?;
    }

    #[test]
    fn random_json(value in any_json()) {
        stands(value.to_string().as_bytes())?;
    }

    #[test]
    fn spoilt_files(bytes in valid(), changes in prop::collection::vec(change(), 1..5), pack in any::<bool>()) {
        let spoilt = changed(bytes, &changes);
        stands(&if pack { gzip(&spoilt) } else { spoilt })?;
    }

    #[test]
    fn spoilt_gzip(bytes in valid(), changes in prop::collection::vec(change(), 1..5)) {
        stands(&changed(gzip(&bytes), &changes))?;
    }

    #[test]
    fn spoilt_values(path in prop::collection::vec(any::<prop::sample::Index>(), 1..7), new in any_json()) {
        let mut tree = history();
        replace(&mut tree, &path, new.clone());
        stands(tree.to_string().as_bytes())?;
        let text = recording();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let at = path[0].index(lines.len());
        replace(&mut lines[at], &path[1..], new);
        stands(lines.iter().map(|line| line.to_string() + "\n").collect::<String>().as_bytes())?;
    }
}

#[test]
fn the_unspoilt_files_are_valid() {
    for bytes in [history().to_string(), recording()] {
        let found = read("f", bytes.as_bytes(), MAX).unwrap();
        assert_eq!(found.evidence.runs[0].events.len(), 14);
        assert!(found.evidence.notes.unrecognised.is_empty(), "{:?}", found.evidence.notes);
    }
}
