//! One history in every form that needs more than text, and files that hold none.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use prost::Message as _;
use resurgam_api::json::event_from_json;
use resurgam_api::temporal::common::v1::DataBlob;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_api::temporal::workflowservice::v1::GetWorkflowExecutionHistoryResponse;
use resurgam_formats::event::Event;
use resurgam_formats::wire::MAX_BYTES;
use resurgam_intake::read;
use serde_json::json;
use std::io::{Cursor, Write as _};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn events() -> Vec<HistoryEvent> {
    [
        json!({"eventId": "1", "eventTime": "2026-01-02T03:04:05.006Z", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
            "workflowExecutionStartedEventAttributes": {"workflowId": "w", "originalExecutionRunId": "r", "attempt": 1}}),
        json!({"eventId": "2", "eventTime": "2026-01-02T03:04:05.006Z", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
            "workflowTaskScheduledEventAttributes": {"startToCloseTimeout": "10s", "attempt": 1}}),
        json!({"eventId": "3", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED",
            "workflowExecutionTerminatedEventAttributes": {"reason": "enough"}}),
    ]
    .iter()
    .map(|json| event_from_json(json).unwrap())
    .collect()
}

fn text() -> Vec<u8> {
    resurgam_api::json::history_to_json(&events()).unwrap().to_string().into_bytes()
}

fn history() -> History {
    History { events: events() }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Name and events of every run in a file.
fn runs(bytes: &[u8]) -> Vec<(String, Vec<Event>)> {
    let found = read("file", bytes, MAX_BYTES).unwrap_or_else(|e| panic!("{e}"));
    let runs = found
        .into_iter()
        .flat_map(|(name, document)| document.evidence.runs.into_iter().map(move |run| (name.clone(), run.events)));
    runs.collect()
}

fn problem(bytes: &[u8]) -> String {
    read("file", bytes, MAX_BYTES).unwrap_err().0
}

#[test]
fn every_form_reads_as_the_same_history() {
    let expected = runs(&text());
    let delimited: Vec<u8> = events().iter().flat_map(HistoryEvent::encode_length_delimited_to_vec).collect();
    let blob = |events: &[HistoryEvent]| DataBlob {
        encoding_type: 1,
        data: History { events: events.to_vec() }.encode_to_vec(),
    };
    let raw = vec![blob(&events()[..2]), blob(&events()[2..])];
    let answer = GetWorkflowExecutionHistoryResponse { history: Some(history()), ..Default::default() };
    let raw = GetWorkflowExecutionHistoryResponse { raw_history: raw, ..Default::default() };
    let plain = [
        ("json", text()),
        ("history", history().encode_to_vec()),
        ("events after their lengths", delimited),
        ("history after its length", history().encode_length_delimited_to_vec()),
        ("answer", answer.encode_to_vec()),
        ("answer with encoded batches", raw.encode_to_vec()),
    ];
    for (name, bytes) in plain {
        assert_eq!(runs(&bytes), expected, "{name}");
        assert_eq!(runs(&gzip(&bytes)), expected, "{name}, compressed");
        if name != "json" {
            let words = STANDARD.encode(&bytes);
            assert_eq!(runs(words.as_bytes()), expected, "{name} in base64");
            let broken: Vec<&str> =
                words.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
            assert_eq!(runs((broken.join("\n") + "\n").as_bytes()), expected, "{name} in lines of base64");
        }
        let inside = runs(&zip(&[("folder/a.json", &bytes), ("README", b"hello"), ("b.gz", &gzip(&bytes))]));
        assert_eq!(inside[0], ("file/folder/a.json".to_owned(), expected[0].1.clone()), "{name} in an archive");
        assert_eq!(inside.len(), 1, "what is in an archive is not unpacked twice");
    }
}

#[test]
fn several_histories_stay_apart() {
    // What Temporal Cloud exports: items, each with a history.
    let wrapped = |field: &[u8]| {
        let mut out = vec![0x0a];
        prost::encoding::encode_varint(field.len() as u64, &mut out);
        out.extend(field);
        out
    };
    let mut other = events();
    other.truncate(2);
    let other = History { events: other };
    let export = [wrapped(&wrapped(&history().encode_to_vec())), wrapped(&wrapped(&other.encode_to_vec()))].concat();
    let delimited = [history().encode_length_delimited_to_vec(), other.encode_length_delimited_to_vec()].concat();
    for bytes in [export, delimited] {
        let lengths: Vec<usize> = runs(&bytes).iter().map(|(_, events)| events.len()).collect();
        assert_eq!(lengths, [3, 2]);
    }
}

#[test]
fn what_cannot_be_read_is_named_for_what_it_is() {
    for (bytes, expected) in [
        (zip(&[("readme.txt", b"hello")]), "is a zip archive without a history (file/readme.txt: "),
        (zip(&[]), "is a zip archive without files"),
        (zip(&[("in.zip", &zip(&[]))]), "is a zip archive in a zip archive"),
        (zip(&[("a", b"x")])[..40].to_vec(), "zip archive: "),
        (b"events {\n  event_id: 1\n}".to_vec(), "is protobuf in its text form"),
        (vec![0x0a, 0x02, 0x08, 0x01, 0xff], "not UTF-8"),
        (b"aGVsbG8gd29ybGQ=".to_vec(), "expected value"),
    ] {
        let found = problem(&bytes);
        assert!(found.starts_with("file: ") && found.contains(expected), "{found:?} does not say {expected:?}");
    }
    let large = vec![b' '; 3000];
    let found = read("file", &*zip(&[("a", &large), ("b", &large)]), 5000).unwrap_err().0;
    assert!(found.contains("larger than the limit of 5000 bytes"), "{found}");
}

proptest! {
    #[test]
    fn whatever_the_bytes_are_nothing_panics(
        mut bytes in prop_oneof![Just(history().encode_to_vec()), Just(zip(&[("a", &text())])), Just(text())],
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..8),
        cut in any::<usize>(),
    ) {
        for (place, to) in changes {
            let length = bytes.len();
            bytes[place % length] = to;
        }
        bytes.truncate(cut % (2 * bytes.len()));
        if let Err(problem) = read("file", &*bytes, 1 << 20) {
            prop_assert!(problem.0.starts_with("file: ") && problem.0.chars().count() < 300, "{problem}");
        }
    }
}
