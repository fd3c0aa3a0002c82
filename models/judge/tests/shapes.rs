//! One small history in every shape found in the wild: all of them read as the same run.

#![allow(clippy::unwrap_used)]

use flate2::{Compression, write::GzEncoder};
use resurgam_formats::event;
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::wire::{Document, Form, MAX_BYTES, read};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use serde_json::{Value, json};
use std::io::Write as _;

fn events() -> Vec<Value> {
    let queue = json!({"name": "q", "kind": "TASK_QUEUE_KIND_NORMAL"});
    vec![
        json!({"eventId": "1", "eventTime": "2026-01-02T03:04:05.006Z", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
            "taskId": "100", "workflowExecutionStartedEventAttributes": {"workflowType": {"name": "t"}, "attempt": 1,
                "taskQueue": queue, "workflowId": "w", "originalExecutionRunId": "r", "firstExecutionRunId": "r"}}),
        json!({"eventId": "2", "eventTime": "2026-01-02T03:04:05.006Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
            "taskId": "101", "workflowTaskScheduledEventAttributes": {"taskQueue": queue, "startToCloseTimeout": "10s", "attempt": 1}}),
        json!({"eventId": "3", "eventTime": "2026-01-02T03:04:06Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED",
            "taskId": "102", "workflowTaskStartedEventAttributes": {"scheduledEventId": "2", "identity": "i", "requestId": "x"}}),
        json!({"eventId": "4", "eventTime": "2026-01-02T03:04:07Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED",
            "taskId": "103", "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}}),
        json!({"eventId": "5", "eventTime": "2026-01-02T03:04:07Z", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED",
            "taskId": "104", "workflowExecutionCompletedEventAttributes": {"workflowTaskCompletedEventId": "4"}}),
    ]
}

fn header() -> Value {
    let plan = json!({"version": 1, "seed": 7, "programs": [], "operations": [], "workers": {"count": 1, "cache": 0,
        "full_replay": false}, "worker_faults": [], "knobs": {"task_timeout_ms": 1000, "sticky_timeout_ms": 500}});
    json!({"at": 0, "type": "header", "version": 1, "target": "temporal", "target_version": "1.31.2", "prefix": "p", "plan": plan})
}

fn recording() -> Vec<Value> {
    let read = json!({"at": 9, "type": "history", "workflow_id": "w", "run_id": "r", "final": true, "from": 8, "events": events()});
    let start = json!({"call": "start", "program": 0, "reuse": "allow_duplicate", "conflict": "fail"});
    let call = json!({"of": "client", "workflow_id": "w", "request_id": "q", "action": start});
    let invoke = json!({"at": 1, "type": "invoke", "operation": 1, "attempt": 1, "by": "client-1", "call": call});
    let reply = json!({"answer": "ok", "value": {"reply": "run", "run_id": "r", "started": true}});
    let answer = json!({"at": 2, "type": "return", "operation": 1, "attempt": 1, "answer": reply});
    vec![header(), invoke, answer, read, json!({"at": 10, "type": "end", "quiescent": true, "deadline": 20})]
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| value.to_string() + "\n").collect()
}

fn document(bytes: &[u8]) -> Document {
    read("file", bytes, MAX_BYTES).unwrap_or_else(|e| panic!("{e}"))
}

fn problem(bytes: impl AsRef<[u8]>) -> String {
    let problem = read("file", bytes.as_ref(), MAX_BYTES).unwrap_err().0;
    let problem = problem.strip_prefix("file: ").unwrap_or_else(|| panic!("{problem}")).to_owned();
    assert!(!problem.contains(char::is_control) && problem.len() < 300, "{problem:?}");
    problem
}

fn only_run(document: &Document) -> &Run {
    let [run] = document.evidence.runs.as_slice() else { panic!("{document:?}") };
    run
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Replaces keys and the values of `eventType`.
fn renamed(value: &Value, key: &dyn Fn(&str) -> String, kind: &dyn Fn(&str) -> Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| match (k.as_str(), v.as_str()) {
                ("eventType", Some(text)) => (key(k), kind(text)),
                _ => (key(k), renamed(v, key, kind)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| renamed(item, key, kind)).collect(),
        other => other.clone(),
    }
}

fn camel(kind: &str) -> String {
    let words = kind.trim_start_matches("EVENT_TYPE_").split('_');
    words.map(|word| word[..1].to_owned() + &word[1..].to_ascii_lowercase()).collect()
}

fn snake(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn number(kind: &str) -> Value {
    let number = match kind.trim_start_matches("EVENT_TYPE_") {
        "WORKFLOW_EXECUTION_STARTED" => 1,
        "WORKFLOW_TASK_SCHEDULED" => 5,
        "WORKFLOW_TASK_STARTED" => 6,
        "WORKFLOW_TASK_COMPLETED" => 7,
        _ => 2,
    };
    json!(number)
}

#[test]
fn every_shape_reads_as_the_same_run() {
    let same = |key: &str| key.to_owned();
    let plain = |kind: &str| Value::from(kind);
    let all = json!(events());
    let list = json!({"events": all});
    let mut shapes: Vec<(&str, Vec<u8>)> = vec![
        ("bare list", all.to_string().into()),
        ("events", list.to_string().into()),
        ("pretty", serde_json::to_vec_pretty(&list).unwrap()),
        ("windows line ends", serde_json::to_string_pretty(&list).unwrap().replace('\n', "\r\n").into()),
        ("history", json!({"history": list}).to_string().into()),
        (
            "answer of the server",
            json!({"history": list, "rawHistory": [], "nextPageToken": null, "archived": false}).to_string().into(),
        ),
        ("one event per line", lines(&events()).into()),
        ("camel-case types", renamed(&list, &same, &|kind| camel(kind).into()).to_string().into()),
        ("numeric types", renamed(&list, &same, &number).to_string().into()),
        ("snake_case fields", renamed(&list, &snake, &plain).to_string().into()),
        ("byte order mark", format!("\u{feff}{list}").into()),
        ("blanks around", format!("\n\t  {list}\n\n").into()),
        ("recording", lines(&recording()).into()),
        ("recording with empty lines", lines(&recording()).replace('\n', "\n\n").into()),
        ("recording without last line end", lines(&recording()).trim_end().into()),
    ];
    let ui: Vec<Value> = events()
        .iter()
        .map(|event| {
            let (key, attributes) = event.as_object().unwrap().iter().find(|(k, _)| k.ends_with("Attributes")).unwrap();
            let mut attributes = attributes.clone();
            attributes["type"] = key.as_str().into();
            json!({"eventId": event["eventId"], "id": event["eventId"], "eventTime": event["eventTime"], "taskId": event["taskId"],
                "eventType": event["eventType"], "name": event["eventType"], "category": "workflow", "attributes": attributes})
        })
        .collect();
    shapes.push(("web interface", json!(ui).to_string().into()));
    let packed: Vec<_> = shapes.iter().map(|(name, bytes)| (*name, gzip(bytes))).collect();
    let expected = only_run(&document(all.to_string().as_bytes())).clone();
    assert_eq!((expected.events.len(), expected.events[4].id), (5, EventId(5)));
    assert!(matches!(&expected.events[3].body, Body::WorkflowTaskCompleted(task) if task.started == EventId(3)));
    for (name, bytes) in shapes.into_iter().chain(packed) {
        let found = document(&bytes);
        let run = only_run(&found);
        assert_eq!(run.events, expected.events, "{name}");
        assert_eq!((run.workflow_id.as_str(), run.run_id.as_str(), run.partial), ("w", "r", false), "{name}");
        assert_eq!(found.form == Form::Recording, name.starts_with("recording"), "{name}");
        assert!(
            found.evidence.notes.remarks.is_empty() && found.evidence.notes.unrecognised.is_empty(),
            "{name}: {:?}",
            found.evidence.notes
        );
        // The events are shortened, which a recording does not do: H28 and H30 see that.
        let verdict = judge(name, &found.evidence, &Profile::default());
        let others: Vec<_> =
            verdict.violated().map(|rule| &rule.rule).filter(|rule| !["H28", "H30"].contains(&rule.id())).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
    }
}

#[test]
fn a_recording_keeps_times_and_what_it_says_of_itself() {
    let found = document(lines(&recording()).as_bytes()).evidence;
    assert_eq!(found.runs[0].read, (8, 9));
    assert_eq!(found.header.as_ref().map(|h| h.target_version.as_str()), Some("1.31.2"));
    assert!(found.is_whole());
    let cut = document(lines(&recording()[..2]).as_bytes()).evidence;
    assert!(!cut.is_whole() && cut.notes.remarks.iter().any(|r| r.contains("has no end")), "{:?}", cut.notes);
}

#[test]
fn descending_partial_paged_and_open_histories_are_named() {
    let mut reversed = events();
    reversed.reverse();
    let found = document(json!(reversed).to_string().as_bytes());
    assert_eq!(only_run(&found), only_run(&document(json!(events()).to_string().as_bytes())));
    assert!(found.evidence.notes.remarks.iter().any(|r| r.contains("descending")));

    let found = document(json!(events()[2..]).to_string().as_bytes());
    assert!(only_run(&found).partial);
    assert!(found.evidence.notes.remarks.iter().any(|r| r.contains("begins at event 3")));

    let mut last_first = events()[2..].to_vec();
    last_first.reverse();
    assert!(only_run(&document(json!(last_first).to_string().as_bytes())).partial);

    let page = json!({"history": {"events": events()[..4]}, "nextPageToken": "abc="});
    let found = document(page.to_string().as_bytes());
    assert!(found.evidence.notes.remarks.iter().any(|r| r.contains("goes on after event 4")));
    let verdict = judge("page", &found.evidence, &Profile::default());
    assert!(verdict.notes.iter().any(|note| note.contains("open run")), "{:?}", verdict.notes);
    assert_eq!(verdict.violated().count(), 0);

    let gap = [&events()[1..2], &events()[3..]].concat();
    let found = document(json!(gap).to_string().as_bytes());
    assert!(only_run(&found).partial);
    assert!(found.evidence.notes.remarks.iter().any(|r| r.contains("event 2 is followed by event 4")));
    let repeated = [&events()[..2], &events()[1..]].concat();
    let found = document(json!(repeated).to_string().as_bytes());
    assert!(!only_run(&found).partial, "what is there twice was not cut, rules decide");
    assert_eq!(
        judge("repeated", &found.evidence, &Profile::default()).violated().next().unwrap().rule.as_str(),
        "H1-order"
    );
}

#[test]
fn ids_beside_the_events_win() {
    let with = json!({"workflowExecutionInfo": {"execution": {"workflowId": "a", "runId": "b"}}, "events": events()});
    let found = document(with.to_string().as_bytes());
    assert_eq!((only_run(&found).workflow_id.as_str(), only_run(&found).run_id.as_str()), ("a", "b"));
}

#[test]
fn decoded_payloads_of_the_web_interface_are_read() {
    let mut list = events();
    list[0]["workflowExecutionStartedEventAttributes"]["input"] = json!({"payloads": [{"program": 1}, "x"]});
    let found = document(json!(list).to_string().as_bytes());
    let input = &only_run(&found).started().unwrap().input;
    assert_eq!(input.first_json(), Some(json!({"program": 1})));
    assert!(found.evidence.notes.unrecognised.is_empty());
}

#[test]
fn what_is_not_known_is_kept_and_named() {
    let mut list = events();
    list[1]["workflowTaskScheduledEventAttributes"]["taskQueue"]["colour"] = json!("blue");
    list.insert(4, json!({"eventId": "5", "eventType": "EVENT_TYPE_FROM_TOMORROW", "tomorrow": {}}));
    let found = document(json!(list).to_string().as_bytes());
    let names: Vec<_> = found.evidence.notes.unrecognised.iter().map(String::as_str).collect();
    assert_eq!(names, ["event type \"EVENT_TYPE_FROM_TOMORROW\"", "field taskQueue.colour of WorkflowTaskScheduled"]);
    let kept = &only_run(&found).events[4];
    assert_eq!(event::encode(kept), list[4]);
}

#[test]
fn other_files_of_ours_and_newer_ones_say_so() {
    let mut newer = header();
    newer["version"] = json!(2);
    newer["mood"] = json!("new");
    assert_eq!(
        problem(newer.to_string()),
        "line 1: this recording was written by a newer version (v2, this build reads up to v1)"
    );
    let mut newer = header();
    newer["plan"] = json!({"version": 3, "shape": "new"});
    assert_eq!(
        problem(newer.to_string()),
        "line 1: this plan was written by a newer version (v3, this build reads up to v1)"
    );
    assert!(problem(header()["plan"].to_string()).starts_with("is a plan"));
    assert!(problem(r#"{"version":5,"seed":1,"programs":[]}"#).contains("v5, this build reads up to v1"));
    assert!(problem(r#"{"version":1,"subject":"x","rules":[]}"#).starts_with("is a verdict"));
    assert!(problem(r#"{"program":{"version":1}}"#).starts_with("is a program"));
    assert!(problem(r#"{"rawHistory":["aGVsbG8="]}"#).contains("raw history"));
    assert_eq!(problem(r#"{"a":1,"b":2}"#), "is neither a recording nor a history: an object with a, b");
}

#[test]
fn every_problem_is_named_with_its_place() {
    let list = json!(events()).to_string();
    let spoilt = |from: &str, to: &str| list.replacen(from, to, 1);
    let mut late = recording();
    late.push(header());
    let table = [
        (String::new(), "is empty"),
        (" \n\t".into(), "holds nothing but blanks"),
        ("[]".into(), "holds no events"),
        ("{}".into(), "holds no events"),
        ("null".into(), "found null"),
        ("17".into(), "expected a recording or a history, found a number"),
        ("\"text\"".into(), "expected a recording or a history"),
        ("hello".into(), "line 1 column 1: expected value"),
        ("[NaN]".into(), "expected value"),
        ("[1]".into(), "event number 1 of the list: expected an event, found 1"),
        ("[[]]".into(), "holds no events"),
        (list[..list.len() / 2].into(), "the file is cut short"),
        (list.clone() + "]", "something follows after the end of the history"),
        ("[".repeat(100_000), "nested too deeply"),
        ("{\"history\":".repeat(3000), "nested too deeply"),
        (spoilt("\"eventId\":\"3\"", "\"eventId\":\"3\",\"eventId\":\"4\""), "key \"eventId\" stands twice"),
        (spoilt("\"eventId\":\"3\"", "\"eventId\":1e400"), "number out of range"),
        (spoilt("\"eventId\":\"3\"", "\"eventId\":\"99999999999999999999\""), "eventId: expected a 64-bit integer"),
        (spoilt("\"eventId\":\"3\"", "\"eventId\":3.5"), "eventId: expected a 64-bit integer, found 3.5"),
        (
            spoilt("\"10s\"", "\"ten\""),
            "event 2: workflowTaskScheduledEventAttributes.startToCloseTimeout: expected a duration",
        ),
        (spoilt("2026-01-02T03:04:06Z", "yesterday"), "event 3: eventTime: expected an RFC 3339 time"),
        (spoilt("\"eventType\":\"EVENT_TYPE_WORKFLOW_TASK_STARTED\"", "\"x\":1"), "event 3: eventType is missing"),
        (spoilt("workflowTaskStartedEventAttributes", "other"), "event 3: WorkflowTaskStarted without"),
        (lines(&recording()[1..]), "line 1: a recording begins with a header"),
        (lines(&late), "line 6: a line after the end of the recording"),
        (lines(&[header(), header()]), "line 2: a second header"),
        (lines(&recording()[..1]) + "{\"at\":1,\"type\":\"dance\"}", "line 2: column 23: unknown variant `dance`"),
        (lines(&recording()[..1]) + "{\"at\":1,\"type\":\"en", "line 2: column 18: cut short"),
        (lines(&recording()).replacen("\"10s\"", "[]", 1), "line 4: events: column"),
        (
            lines(&recording()).replacen("\"10s\"", "[]", 1),
            "event 2: workflowTaskScheduledEventAttributes.startToCloseTimeout",
        ),
    ];
    for (text, expected) in table {
        let found = problem(&text);
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let mut list = json!(events()).to_string().into_bytes();
    list[20] = 0xff;
    assert_eq!(problem(&list), "line 1 column 21: not UTF-8 (byte 0xff)");
    assert!(problem(b"\xff\xfe[\0]\0").contains("UTF-16"));
    let packed = gzip(json!(events()).to_string().as_bytes());
    assert!(problem(&packed[..packed.len() / 2]).contains("gzip data is damaged or cut short"));
    assert!(problem(&packed[..2]).contains("gzip"));
    let mut broken = packed.clone();
    broken[packed.len() / 2] ^= 0x55;
    assert!(problem(&broken).contains("gzip"), "a checksum fails");
    assert!(problem(gzip(&packed)).contains("compressed twice"));
}

#[test]
fn sizes_are_limited() {
    let list = json!(events()).to_string();
    let max = list.len() as u64;
    assert!(read("file", list.as_bytes(), max).is_ok());
    let found = read("file", list.as_bytes(), max - 1).unwrap_err().0;
    assert_eq!(found, format!("file: is larger than the limit of {} bytes", max - 1));
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 10_000);
    let found = read("file", bomb.as_slice(), 1 << 20).unwrap_err().0;
    assert_eq!(found, "file: is larger than the limit of 1048576 bytes after decompression");
    let wide = format!("[{{\"eventId\":1,\"eventType\":\"x\",\"a\":[{}0]}}]", "0,".repeat(1 << 20));
    let found = read("file", wide.as_bytes(), 4 << 20).unwrap_err().0;
    assert!(found.contains("too many values"), "{found}");
}

#[test]
fn long_names_and_control_characters_do_not_reach_the_line() {
    let name = "x/".repeat(500) + "last\u{1b}[31m.json";
    let found = read(&name, &b"{\"\\u001b[31m\\n\":1}"[..], 100).unwrap_err().0;
    assert!(found.len() < 300 && !found.contains(char::is_control) && found.contains("last"), "{found:?}");
}
