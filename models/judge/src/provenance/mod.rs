//! Where the value of every field of every event comes from, as data: `table.txt` has a line for each field of the official
//! API, and a test holds it equal to the API. So no field is unjudged by oversight, and a rule can compare by the table.
//! `recorded.txt` has the same of what is recorded beside events: answers, tasks, descriptions, lists and audits.

mod document;

pub use document::document;

use resurgam_formats::event::Body;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// The table as text.
const TABLE: &str = include_str!("table.txt");

/// The table of what is recorded beside events, as text.
const RECORDED: &str = include_str!("recorded.txt");

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
    /// No server says it: the recorder does.
    Ours(&'static str),
}

/// The source of one field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The kind of the event, or the place beside events.
    pub(crate) kind: &'static str,
    /// The JSON name of the field; beside events the names that lead to it, with points.
    pub(crate) field: &'static str,
    /// Where its value comes from.
    pub(crate) source: Source,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| lines(TABLE).filter_map(entry).collect());

static BESIDE: LazyLock<Vec<Entry>> = LazyLock::new(|| lines(RECORDED).filter_map(entry).collect());

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

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
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
        "ours" => Source::Ours(rest),
        _ => return None,
    };
    Some(Entry { kind, field, source })
}

/// What the tables say of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind of the event, or the place beside events.
    pub place: &'static str,
    /// The JSON name of the field; beside events the names that lead to it, with points.
    pub field: &'static str,
    /// The ids of the rules, one of which has to see another value; none if no rule compares it, or no server says it.
    pub rules: Vec<&'static str>,
}

/// Every field of both tables.
#[must_use]
pub fn rows() -> Vec<Row> {
    let row = |entry: &Entry| Row { place: entry.kind, field: entry.field, rules: entry.source.rules() };
    ENTRIES.iter().chain(BESIDE.iter()).map(row).collect()
}

impl Source {
    /// The ids of the rules that compare it.
    fn rules(self) -> Vec<&'static str> {
        match self {
            Self::Equals { .. } | Self::Worker | Self::Client | Self::Queue | Self::Label => vec!["H29"],
            Self::Begin => vec!["H30"],
            Self::Retry => vec!["H31"],
            Self::Rule { ids, .. } => ids.split(',').collect(),
            Self::Undrawn(_) | Self::Free(_) | Self::Ours(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
