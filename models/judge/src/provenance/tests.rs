use super::*;
use crate::rules;
use resurgam_formats::event::known;
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

#[test]
fn every_line_can_be_read() {
    let lines = TABLE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        assert!(entry(line).is_some(), "{line}");
    }
}

#[test]
fn what_the_table_compares_is_read_on_both_sides() {
    for entry in ENTRIES.iter() {
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
            Source::Undrawn(why) | Source::Free(why) => assert!(!why.is_empty(), "{entry:?}"),
        }
    }
}

#[test]
fn the_document_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/provenance.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == document(), "write docs/provenance.md anew: resurgam rules --provenance > docs/provenance.md");
}
