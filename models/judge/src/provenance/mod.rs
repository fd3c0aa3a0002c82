//! Where the value of every field of every event comes from, as data: `table.txt` has a line for each field of the official
//! API, and a test holds it equal to the API. So no field is unjudged by oversight, and a rule can compare by the table.

use resurgam_formats::event::{Body, KINDS};
use rustc_hash::FxHashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The table as text.
const TABLE: &str = include_str!("table.txt");

/// Where the value of a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It is that of a field of an earlier event.
    Equals {
        /// The field that names the event; `first` for event 1.
        reference: &'static str,
        /// The field of that event.
        field: &'static str,
    },
    /// The name of the worker that had the task.
    Worker,
    /// The name of a client that asked for it.
    Client,
    /// The task queue of the run, or a sticky one of a worker.
    Queue,
    /// The label that our client or worker wrote there, see [`resurgam_formats::label`].
    Label,
    /// What began the run.
    Begin,
    /// The retry policy, the attempt and the failure.
    Retry,
    /// Something that other rules compare it with.
    Rule {
        /// Their ids, with commas.
        ids: &'static str,
        /// What it is.
        what: &'static str,
    },
    /// Nobody asks for it in any plan.
    Undrawn(&'static str),
    /// The server's own choice.
    Free(&'static str),
}

/// The source of one field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The kind of the event.
    pub(crate) kind: &'static str,
    /// The JSON name of the field.
    pub(crate) field: &'static str,
    /// Where its value comes from.
    pub(crate) source: Source,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let lines = TABLE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(entry).collect()
});

static BY_KIND: LazyLock<FxHashMap<&'static str, Vec<Entry>>> = LazyLock::new(|| {
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for entry in ENTRIES.iter().filter(|entry| Body::fields(entry.kind).contains(&entry.field)) {
        all.entry(entry.kind).or_default().push(*entry);
    }
    all
});

/// The fields of a kind of event that are read here, with their sources.
pub(crate) fn of(kind: &str) -> &'static [Entry] {
    BY_KIND.get(kind).map_or(&[], Vec::as_slice)
}

/// A line of the table; `None` if it cannot be read, which a test excludes.
fn entry(line: &'static str) -> Option<Entry> {
    let mut words = line.splitn(4, ' ');
    let (kind, field, source, rest) = (words.next()?, words.next()?, words.next()?, words.next().unwrap_or(""));
    let source = match source {
        "equals" => {
            let (reference, field) = rest.split_once(' ')?;
            Source::Equals { reference, field }
        }
        "worker" => Source::Worker,
        "client" => Source::Client,
        "queue" => Source::Queue,
        "label" => Source::Label,
        "begin" => Source::Begin,
        "retry" => Source::Retry,
        "rule" => {
            let (ids, what) = rest.split_once(' ')?;
            Source::Rule { ids, what }
        }
        "undrawn" => Source::Undrawn(rest),
        "free" => Source::Free(rest),
        _ => return None,
    };
    Some(Entry { kind, field, source })
}

/// What the table says that rules compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The kind of the event.
    pub kind: &'static str,
    /// The JSON name of the field.
    pub field: &'static str,
    /// The ids of the rules, one of which has to see another value.
    pub rules: Vec<&'static str>,
}

/// Every field of which the table says that a rule compares it.
#[must_use]
pub fn claims() -> Vec<Claim> {
    let claim = |entry: &Entry| {
        let rules = match entry.source {
            Source::Equals { .. } | Source::Worker | Source::Client | Source::Queue | Source::Label => {
                vec!["H29"]
            }
            Source::Begin => vec!["H30"],
            Source::Retry => vec!["H31"],
            Source::Rule { ids, .. } => ids.split(',').collect(),
            Source::Undrawn(_) | Source::Free(_) => return None,
        };
        Some(Claim { kind: entry.kind, field: entry.field, rules })
    };
    ENTRIES.iter().filter_map(claim).collect()
}

impl Source {
    /// What is written of it for people: the rules that compare it, and with what.
    fn words(self) -> (String, String) {
        match self {
            Self::Equals { reference: "first", field } => ("H29".into(), format!("`{field}` of the first event")),
            Self::Equals { reference, field } => {
                ("H29".into(), format!("`{field}` of the event that `{reference}` names"))
            }
            Self::Worker => ("H29".into(), "the worker that had the task".into()),
            Self::Client => ("H29".into(), "the client that asked for it".into()),
            Self::Queue => ("H29".into(), "the task queue of the run, or a sticky one of a worker".into()),
            Self::Label => ("H29".into(), "the label that our client or worker wrote there".into()),
            Self::Begin => {
                ("H30".into(), "what began the run: a request, the parent's event, or the run before".into())
            }
            Self::Retry => ("H31".into(), "the retry policy, the attempt and the failure".into()),
            Self::Rule { ids, what } => (ids.replace(',', ", "), what.into()),
            Self::Undrawn(why) => ("not drawn".into(), why.into()),
            Self::Free(why) => ("free".into(), why.into()),
        }
    }
}

/// The table for people, as Markdown, in the order of the numbers of the kinds.
#[must_use]
pub fn document() -> String {
    let count = |wanted: fn(Source) -> bool| ENTRIES.iter().filter(|entry| wanted(entry.source)).count();
    let (free, undrawn) = (count(|it| matches!(it, Source::Free(_))), count(|it| matches!(it, Source::Undrawn(_))));
    let judged = ENTRIES.len() - free - undrawn;
    let mut out = format!(
        "# Where the value of every field of every event comes from\n\nWritten by `resurgam rules --provenance` from \
         `models/judge/src/provenance/table.txt`, which a test holds equal to the official API.\n\nOf {} fields rules compare \
         {judged} with their source, {undrawn} are drawn by no plan yet, and {free} are a server's own choice. What no plan asks \
         for must be empty, where the judge reads the field (H29).\n",
        ENTRIES.len()
    );
    for kind in KINDS {
        let fields: Vec<_> = ENTRIES.iter().filter(|entry| entry.kind == *kind).collect();
        if fields.is_empty() {
            continue;
        }
        let _ = write!(out, "\n## {kind}\n\n| field | rule | source |\n|---|---|---|\n");
        for entry in fields {
            let (rule, what) = entry.source.words();
            let _ = writeln!(out, "| {} | {rule} | {what} |", entry.field);
        }
    }
    out
}

#[cfg(test)]
mod tests;
