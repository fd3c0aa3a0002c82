//! The tables of provenance for people, as Markdown.

use super::{BESIDE, ENTRIES, Entry, Source};
use resurgam_formats::event::KINDS;
use std::fmt::Write as _;

impl Source {
    /// What is written of it for people: the rules that compare it, and with what.
    fn words(self) -> (String, String) {
        let rules = self.rules().join(", ");
        match self {
            Self::Equals { reference: "first", field } => (rules, format!("`{field}` of the first event")),
            Self::Equals { reference, field } => (rules, format!("`{field}` of the event that `{reference}` names")),
            Self::Worker => (rules, "the worker that had the task".into()),
            Self::Client => (rules, "the client that asked for it".into()),
            Self::Queue => (rules, "the task queue of the run, or a sticky one of a worker".into()),
            Self::Label => (rules, "the label that our client or worker wrote there".into()),
            Self::Begin => (rules, "what began the run: a request, the parent's event, or the run before".into()),
            Self::Retry => (rules, "the retry policy, the attempt and the failure".into()),
            Self::Rule { what, .. } => (rules, what.into()),
            Self::Undrawn(why) => ("not drawn".into(), why.into()),
            Self::Free(why) => ("free".into(), why.into()),
            Self::Ours(why) => ("ours".into(), why.into()),
        }
    }
}

/// How many fields rules compare, plans do not draw, and servers choose.
fn counts(entries: &[Entry]) -> (usize, usize, usize) {
    let count = |wanted: fn(Source) -> bool| entries.iter().filter(|entry| wanted(entry.source)).count();
    let (free, undrawn) = (count(|it| matches!(it, Source::Free(_))), count(|it| matches!(it, Source::Undrawn(_))));
    let ours = count(|it| matches!(it, Source::Ours(_)));
    (entries.len() - free - undrawn - ours, undrawn, free)
}

fn section(out: &mut String, place: &str, entries: &[Entry]) {
    let fields: Vec<_> = entries.iter().filter(|entry| entry.kind == place).collect();
    if fields.is_empty() {
        return;
    }
    let _ = write!(out, "\n## {place}\n\n| field | rule | source |\n|---|---|---|\n");
    for entry in fields {
        let (rule, what) = entry.source.words();
        let _ = writeln!(out, "| {} | {rule} | {what} |", entry.field);
    }
}

/// Both tables: events in the order of the numbers of the kinds, then what is recorded beside them in the order of the table.
#[must_use]
pub fn document() -> String {
    let (judged, undrawn, free) = counts(&ENTRIES);
    let mut out = format!(
        "# Where the value of every field of every event comes from\n\nWritten by `resurgam rules --provenance` from \
         `models/judge/src/provenance/table.txt`, which a test holds equal to the official API.\n\nOf {} fields rules compare \
         {judged} with their source, {undrawn} are drawn by no plan yet, and {free} are a server's own choice. What no plan asks \
         for must be empty, where the judge reads the field (H29).\n",
        ENTRIES.len()
    );
    for kind in KINDS {
        section(&mut out, kind, &ENTRIES);
    }
    let (judged, undrawn, free) = counts(&BESIDE);
    let _ = write!(
        out,
        "\n# What is recorded beside events\n\nFrom `models/judge/src/provenance/recorded.txt`: what polls, descriptions and other \
         calls answer, lists of workflows, and the rows that are kept. Of {} fields rules compare {judged}, {undrawn} are drawn by \
         no plan yet, and {free} are a server's own choice; the rest is the recorder's. Whether a rule sees another value in a \
         field, one by one, is in [seen-fields.md](seen-fields.md).\n",
        BESIDE.len()
    );
    let mut places: Vec<&str> = BESIDE.iter().map(|entry| entry.kind).collect();
    places.dedup();
    for place in places {
        section(&mut out, place, &BESIDE);
    }
    out
}
