//! What is not in a file, and what is not understood, is never a violation: every cut of the committed histories of the real
//! server, and every renaming of one of their kinds of events.

#![allow(clippy::unwrap_used)]

use resurgam_formats::event::{self, Body, Event};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::verdict::Outcome;
use resurgam_formats::wire::{MAX_BYTES, read};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// The committed recordings.
fn recordings() -> Vec<(String, Evidence)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/fixtures");
    let mut paths: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    assert!(paths.len() > 200);
    let named = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (named(path), read("", File::open(path).unwrap(), MAX_BYTES).unwrap().evidence)).collect()
}

/// The histories in them, each as a bare file would hold it.
fn histories() -> Vec<(String, Vec<Value>)> {
    let bare = |run: &Run| run.events.iter().map(event::encode).collect();
    let all = recordings();
    all.iter()
        .flat_map(|(name, all)| all.runs.iter().map(move |run| (format!("{name} {}", run.run_id), bare(run))))
        .collect()
}

fn violations(name: &str, evidence: &Evidence) -> Vec<String> {
    let profile = evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default();
    let verdict = judge(name, evidence, &profile);
    verdict.violated().map(|rule| format!("{name}: {} {:?}", rule.rule, rule.findings.first())).collect()
}

fn violations_of_file(name: &str, events: &[Value]) -> Vec<String> {
    let bytes = json!(events).to_string();
    violations(name, &read(name, bytes.as_bytes(), MAX_BYTES).unwrap().evidence)
}

fn report(wrong: &[String], tried: usize) {
    assert!(tried > 1000, "only {tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

#[test]
fn no_cut_of_a_history_is_violated() {
    cuts(7);
}

#[test]
#[ignore = "a minute"]
fn no_cut_at_any_place_is_violated() {
    cuts(1);
}

/// Cuts every history at every n-th place, another one first from history to history.
fn cuts(n: usize) {
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (place, (name, events)) in histories().iter().enumerate() {
        let length = events.len();
        for at in (1..length).skip(place % n).step_by(n) {
            // A window for every place, of a length that differs from history to history.
            let window = at..length.min(at + 1 + (place * 7 + at * 3) % 40);
            // Events taken out of the middle, as by a page that was forgotten.
            let forgotten = [&events[..at], &events[window.end..]].concat();
            for (what, cut) in [
                ("tail", &events[at..]),
                ("beginning", &events[..at]),
                ("window", &events[window]),
                ("gap", &forgotten),
            ] {
                tried += 1;
                wrong.extend(violations_of_file(&format!("{name} {what} at {at}"), cut));
            }
        }
    }
    report(&wrong, tried);
}

/// The two files that showed it first: the tail of a good history, and a history of Cadence.
#[test]
fn a_tail_and_a_history_of_cadence_hold() {
    for (name, note) in [("tail", "begins at event 4"), ("whole", ""), ("cadence", "a history of Cadence")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/files/{name}.json"));
        let evidence = read(name, File::open(path).unwrap(), MAX_BYTES).unwrap().evidence;
        let verdict = judge(name, &evidence, &Profile::default());
        assert_eq!(verdict.worst(), Outcome::Ok, "{name}: {:?}", verdict.rules);
        assert!(
            verdict.notes.iter().any(|found| found.contains(note)) || note.is_empty(),
            "{name}: {:?}",
            verdict.notes
        );
        assert!(evidence.notes.unrecognised.is_empty(), "{:?}", evidence.notes);
    }
}

/// A history of Cadence can be violated all the same, by a rule that Cadence is known to keep.
#[test]
fn a_broken_history_of_cadence_is_violated() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/cadence.json")).unwrap();
    let mut events: Vec<Value> = serde_json::from_str(&text).unwrap();
    events[4]["workflowExecutionCompletedEventAttributes"]["decisionTaskCompletedEventId"] = json!(3);
    let found = violations_of_file("broken", &events);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("R1-reference"), "{found:?}");
}

/// Renames all events of a kind, as a newer server may call what nobody here knows.
fn renamed(runs: &mut [Run], kind: &str) {
    for event in runs.iter_mut().flat_map(|run| &mut run.events).filter(|event| event.body.name() == kind) {
        let (key, attributes) = event.body.write();
        event.body =
            Body::Unrecognised { kind: format!("{kind}OfTomorrow"), attributes: json!({key: attributes}).into() };
    }
}

#[test]
fn no_renaming_of_a_kind_is_violated() {
    renamings(5);
}

#[test]
#[ignore = "a minute"]
fn no_renaming_in_any_recording_is_violated() {
    renamings(1);
}

/// Renames every kind in every n-th recording.
fn renamings(n: usize) {
    let (mut wrong, mut tried, mut undecided) = (Vec::new(), 0, 0);
    for (name, all) in recordings().into_iter().step_by(n) {
        let kinds = |runs: &[Run]| -> BTreeSet<String> {
            runs.iter().flat_map(|run| &run.events).map(|event: &Event| event.body.name().to_owned()).collect()
        };
        // The whole recording, with calls and answers and other runs beside the histories.
        for kind in kinds(&all.runs) {
            let mut changed = all.clone();
            renamed(&mut changed.runs, &kind);
            renamed(&mut changed.reads, &kind);
            tried += 1;
            wrong.extend(violations(&format!("{name} without {kind}"), &changed));
        }
        // Each history alone.
        for run in &all.runs {
            for kind in kinds(std::slice::from_ref(run)) {
                let mut changed = run.clone();
                renamed(std::slice::from_mut(&mut changed), &kind);
                let events: Vec<Value> = changed.events.iter().map(event::encode).collect();
                tried += 1;
                let file = read("", json!(events).to_string().as_bytes(), MAX_BYTES).unwrap();
                undecided += usize::from(judge("", &file.evidence, &Profile::default()).worst() == Outcome::Unknown);
                wrong.extend(violations(&format!("{name} {} without {kind}", run.run_id), &file.evidence));
            }
        }
    }
    assert!(undecided > 500, "what is not understood is said: {undecided}");
    report(&wrong, tried);
}
