//! The tables of provenance are true: where they say that a rule compares a field, another value in that field violates that rule, in
//! evidence of the real server, or of ours where the real one has none. Every value that a server has said is tried, one by one:
//! as another one, and left out. What no rule sees has to be explained in `provenance/unseen.txt`.
//!
//! `RESURGAM_WRITE=1` writes the list by field, docs/seen-fields.md, anew.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "provenance/trial.rs"]
mod trial;

use flate2::read::GzDecoder;
use resurgam_builtin::subject;
use resurgam_formats::plan::{Crowd, Growth, Plan};
use resurgam_harness::SimulatedRun;
use resurgam_judge::profile::Profile;
use resurgam_testing::leaf::{Change, Recording};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read as _;
use trial::{Case, Field, Seen, fields};

/// Values that no rule sees, and why: the place, the field, and the reason. A line is about the fields inside its field too.
const UNSEEN: &str = include_str!("provenance/unseen.txt");

/// So many simulated cases are looked at for what only the rows of a store say.
const CASES: u64 = 8;

fn recorded() -> Vec<Case> {
    let mut paths: Vec<_> =
        std::fs::read_dir(resurgam_scenarios::directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let mut text = String::new();
        GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        let recording = Recording::read(&text).unwrap();
        let header = recording.evidence().unwrap().header.unwrap();
        // The recorded server was fresh, though it does not promise it.
        let mut profile = header.profile;
        profile.promises.linearizable_reads = true;
        Case::new(recording, profile)
    };
    paths.iter().map(read).collect()
}

fn simulated() -> Vec<Case> {
    let ours = subject(None);
    let case = |seed: u64| {
        let of = Crowd::ALL[seed as usize % Crowd::ALL.len()];
        let plan = Plan { growths: vec![Growth { of, to: 100, faults: false }], ..resurgam_generate::chaos(seed) };
        let lines = String::from_utf8(SimulatedRun::of(&plan, &ours).lines).unwrap();
        Case::new(Recording::read(&lines).unwrap(), Profile::resurgam())
    };
    (1..=CASES).map(case).collect()
}

/// These cases, in which nothing is violated as they are.
fn sound(cases: Vec<Case>) -> Vec<Case> {
    let wrong: Vec<_> = cases.iter().map(Case::before).filter(|before| !before.is_empty()).collect();
    assert!(wrong.is_empty(), "violated before anything was changed: {wrong:?}");
    cases
}

/// The explained entries: place, field, and whether one was needed.
struct Explained(Vec<(&'static str, &'static str, bool)>);

impl Explained {
    fn read() -> Self {
        let lines = UNSEEN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &'static str| {
            let mut words = line.splitn(3, ' ');
            let entry = (words.next().unwrap(), words.next().unwrap(), false);
            assert!(words.next().is_some_and(|why| why.len() > 10), "why is {line} not seen?");
            entry
        };
        Self(lines.map(entry).collect())
    }

    fn explain(&mut self, field: &Field) -> bool {
        let inside = |of: &str| field.name == of || field.name.strip_prefix(of).is_some_and(|it| it.starts_with('.'));
        let found = self.0.iter_mut().find(|(place, of, _)| *place == field.place && inside(of));
        found.map(|entry| entry.2 = true).is_some()
    }
}

#[test]
fn what_the_tables_claim_is_so() {
    let mut explained = Explained::read();
    let real = fields(&sound(recorded()), |_| true);
    let only_ours = |place: &str| place.starts_with("Audited") || ["ListedRun", "Namespace"].contains(&place);
    let ours = fields(&sound(simulated()), only_ours);
    let (mut wrong, mut counts) = (Vec::new(), [0usize; 4]);
    for field in real.iter().chain(&ours) {
        let Some(row) = &field.row else {
            wrong.push(format!("{} {} has no line in the table", field.place, field.name));
            continue;
        };
        if row.rules.is_empty() {
            continue;
        }
        match field.seen() {
            Seen::ByNamed => counts[0] += 1,
            Seen::ByAnother => counts[1] += 1,
            Seen::ByNobody => counts[2] += 1,
            Seen::Untried => counts[3] += 1,
        }
        if field.seen() != Seen::ByNamed && !explained.explain(field) {
            wrong.push(format!("{} {} by {}, but {}", field.place, field.name, row.rules.join(", "), field.words()));
        }
    }
    println!("{counts:?} seen by the rule that is named, by another, by nobody, not tried");
    let needless: Vec<_> = explained.0.iter().filter(|entry| !entry.2).collect();
    let text = document(&real);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/seen-fields.md");
    if std::env::var_os("RESURGAM_WRITE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(wrong.is_empty(), "nobody sees another value in:\n{}", wrong.join("\n"));
    assert!(needless.is_empty(), "explained, and seen or not there: {needless:?}");
    assert!(counts[0] > 250, "{counts:?}");
    assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "write docs/seen-fields.md anew");
}

/// The list by field, for people.
fn document(fields: &[Field]) -> String {
    let mut out = String::from(
        "# Which rule sees another value, field by field\n\nWritten by `RESURGAM_WRITE=1 cargo test -p resurgam-scenarios --test \
         provenance` from the committed evidence of the real server: in some of its recordings each value was changed into another \
         one, and left out, and here is which rules were violated then. `-` means none; an empty cell, that it cannot be tried, as a \
         recording without it cannot be read. What no rule sees is explained in `scenarios/tests/provenance/unseen.txt`. Fields that \
         are free, or the recorder's own, are not tried.\n",
    );
    let compared: Vec<&Field> =
        fields.iter().filter(|field| field.row.as_ref().is_some_and(|row| !row.rules.is_empty())).collect();
    let places: BTreeSet<&str> = compared.iter().map(|field| field.place.as_str()).collect();
    for place in places {
        let _ = write!(out, "\n## {place}\n\n| field | named | another value | left out |\n|---|---|---|---|\n");
        for field in compared.iter().filter(|field| field.place == place) {
            let named = field.row.as_ref().map_or_else(String::new, |row| row.rules.join(", "));
            let [other, absent] = [Change::Other, Change::Absent].map(|change| field.cell(change));
            let _ = writeln!(out, "| {} | {named} | {other} | {absent} |", field.name);
        }
    }
    out
}
