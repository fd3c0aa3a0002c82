use super::*;
use crate::rules;
use resurgam_formats::event::{KINDS, known};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn the_table_has_every_field_of_every_event_once() {
    let official: Vec<(&str, &str)> = known::TABLE
        .lines()
        .filter_map(|line| line.strip_prefix("message history.v1."))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(message, fields)| Some((message.strip_suffix("EventAttributes")?, fields)))
        .flat_map(|(kind, fields)| fields.split(' ').map(move |field| (kind, field.split(':').next().unwrap_or(field))))
        .collect();
    assert!(official.len() > 200, "{} fields", official.len());
    let here: Vec<(&str, &str)> = ENTRIES.iter().map(|entry| (entry.kind, entry.field)).collect();
    let unique: BTreeSet<_> = here.iter().collect();
    assert_eq!(unique.len(), here.len(), "a field stands twice");
    let missing: Vec<_> = official.iter().filter(|field| !unique.contains(field)).collect();
    assert!(missing.is_empty(), "without a source: {missing:?}");
    let official: BTreeSet<_> = official.into_iter().collect();
    let strange: Vec<_> = here.iter().filter(|field| !official.contains(field)).collect();
    assert!(strange.is_empty(), "not in the API: {strange:?}");
}

/// What of the formats the table beside events is about: the place, the type in the schema, and where its fields stand.
const TYPES: &[(&str, &str, &str)] = &[
    ("WorkflowTask", "Task", ""),
    ("ActivityTask", "Task", ""),
    ("Description", "Description", ""),
    ("QueryAnswer", "QueryAnswer", ""),
    ("AuditedRun", "RunRow", ""),
    ("AuditedRun", "Pending", "pending."),
    ("AuditedRun", "ChildRow", "pending.children."),
    ("AuditedCurrent", "CurrentRow", ""),
];

#[test]
fn what_is_recorded_beside_events_has_every_field_of_the_formats_once() {
    let unique: BTreeSet<_> = BESIDE.iter().map(|entry| (entry.kind, entry.field)).collect();
    assert_eq!(unique.len(), BESIDE.len(), "a field stands twice");
    let schema = include_str!("../../../../docs/schemas/recording.json");
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let mut missing = Vec::new();
    let mut look = |place: &str, field: String| {
        let inside = |entry: &&Entry| entry.field == field || entry.field.starts_with(&format!("{field}."));
        if !BESIDE.iter().filter(|entry| entry.kind == place).any(|entry| inside(&entry)) {
            missing.push(format!("{place} {field}"));
        }
    };
    let mut seen = 0;
    for (place, of, prefix) in TYPES {
        let fields = schema.pointer(&format!("/$defs/{of}/properties")).and_then(Value::as_object);
        for field in fields.into_iter().flat_map(serde_json::Map::keys) {
            seen += 1;
            look(place, format!("{prefix}{field}"));
        }
    }
    let replies = schema.pointer("/$defs/Reply/oneOf").and_then(Value::as_array);
    for reply in replies.into_iter().flatten() {
        let name = reply.pointer("/properties/reply/const").and_then(Value::as_str).unwrap_or_default();
        let words = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        let place = words.collect::<String>() + "Answer";
        let place = if name == "description" { "Description" } else { place.as_str() };
        for field in reply.get("properties").and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys) {
            seen += 1;
            look(place, field.clone());
        }
    }
    let event = known::TABLE.lines().find_map(|line| line.strip_prefix("message history.v1.HistoryEvent "));
    for field in event.unwrap_or_default().split(' ').map(|field| field.split(':').next().unwrap_or(field)) {
        if !field.ends_with("EventAttributes") {
            seen += 1;
            look("Event", field.to_owned());
        }
    }
    assert!(seen > 90, "{seen} fields");
    assert!(missing.is_empty(), "without a source: {missing:?}");
}

#[test]
fn every_line_can_be_read() {
    for line in lines(TABLE).chain(lines(RECORDED)) {
        assert!(entry(line).is_some(), "{line}");
    }
}

#[test]
fn what_the_table_compares_is_read_on_both_sides() {
    for entry in ENTRIES.iter().chain(BESIDE.iter()) {
        let reads = |field: &str| Body::fields(entry.kind).contains(&field);
        match entry.source {
            Source::Equals { reference, field } => {
                assert!(reads(entry.field), "{entry:?}");
                assert!(reference == "first" || reads(reference), "{entry:?}");
                assert!(KINDS.iter().any(|kind| Body::fields(kind).contains(&field)), "{entry:?}");
            }
            Source::Worker | Source::Client | Source::Queue | Source::Label | Source::Begin | Source::Retry => {
                assert!(reads(entry.field), "{entry:?}");
            }
            Source::Rule { ids, what } => {
                assert!(!what.is_empty(), "{entry:?}");
                for id in ids.split(',') {
                    assert!(rules::find(id).is_some(), "{entry:?}: there is no rule {id}");
                }
            }
            Source::Undrawn(why) | Source::Free(why) | Source::Ours(why) => assert!(!why.is_empty(), "{entry:?}"),
        }
    }
}

#[test]
fn the_document_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/provenance.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == document(), "write docs/provenance.md anew: resurgam rules --provenance > docs/provenance.md");
}
