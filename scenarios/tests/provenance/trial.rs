//! Changing the values of recordings one by one, and asking the judge each time.

use resurgam_formats::evidence::Evidence;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_judge::provenance::{Row, rows};
use resurgam_testing::leaf::{Change, Leaf, Recording};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// In so many places a field is changed before it counts as not seen.
const TRIES: usize = 24;

/// A recording, and what is violated in it as it is.
pub(crate) struct Case {
    recording: Recording,
    profile: Profile,
    before: OnceLock<BTreeSet<String>>,
}

impl Case {
    pub(crate) fn new(recording: Recording, profile: Profile) -> Self {
        Self { recording, profile, before: OnceLock::new() }
    }

    fn violated(&self, evidence: &Evidence) -> BTreeSet<String> {
        judge("tried", evidence, &self.profile).violated().map(|rule| rule.rule.id().to_owned()).collect()
    }

    /// The rules that are violated in it as it is.
    pub(crate) fn before(&self) -> &BTreeSet<String> {
        self.before.get_or_init(|| self.violated(&self.recording.evidence().unwrap()))
    }

    /// The rules that are violated then, and were not before; `None` if nothing can be changed so.
    fn tried(&self, leaf: &Leaf, change: Change) -> Option<BTreeSet<String>> {
        let before = self.before();
        let changed = self.recording.changed(leaf, change);
        if changed.is_empty() {
            return None;
        }
        let after = changed.iter().flat_map(|evidence| self.violated(evidence));
        Some(after.filter(|rule| !before.contains(rule)).collect())
    }
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A rule that the table names was violated.
    ByNamed,
    /// Another one was.
    ByAnother,
    /// No rule was violated at all.
    ByNobody,
    /// It could not be tried: nothing that can be read has another value there, or none.
    Untried,
}

/// A field that occurs, and the rules that saw that it was changed.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) place: String,
    pub(crate) name: String,
    /// What the tables say of it.
    pub(crate) row: Option<Row>,
    by: BTreeMap<Change, BTreeSet<String>>,
}

impl Field {
    /// The better of both changes.
    pub(crate) fn seen(&self) -> Seen {
        if self.by.is_empty() {
            return Seen::Untried;
        }
        let named = self.row.as_ref().map_or(&[][..], |row| &row.rules);
        let all: BTreeSet<&str> = self.by.values().flatten().map(String::as_str).collect();
        match (named.iter().any(|rule| all.contains(rule)), all.is_empty()) {
            (true, _) => Seen::ByNamed,
            (false, false) => Seen::ByAnother,
            (false, true) => Seen::ByNobody,
        }
    }

    pub(crate) fn words(&self) -> String {
        format!("another value: {}, left out: {}", self.cell(Change::Other), self.cell(Change::Absent))
    }

    pub(crate) fn cell(&self, change: Change) -> String {
        match self.by.get(&change) {
            None => String::new(),
            Some(by) if by.is_empty() => "-".to_owned(),
            Some(by) => by.iter().cloned().collect::<Vec<_>>().join(", "),
        }
    }
}

/// Tries every field that these cases have in these places. Two threads share the work.
pub(crate) fn fields(cases: &[Case], wanted: impl Fn(&str) -> bool) -> Vec<Field> {
    let mut sites: BTreeMap<(String, String), Vec<(usize, Leaf)>> = BTreeMap::new();
    for (number, case) in cases.iter().enumerate() {
        // One site of a field in a recording: the last, where most has come before it.
        let leaves = case.recording.leaves().into_iter().filter(|leaf| wanted(&leaf.place));
        let last: BTreeMap<_, _> = leaves.map(|leaf| ((leaf.place.clone(), leaf.field.clone()), leaf)).collect();
        for (name, leaf) in last {
            sites.entry(name).or_default().push((number, leaf));
        }
    }
    let rows = rows();
    let one = |((place, name), sites): (&(String, String), &Vec<(usize, Leaf)>)| {
        let row = row(&rows, place, name).cloned();
        let mut field = Field { place: place.clone(), name: name.clone(), row, by: BTreeMap::new() };
        if field.row.as_ref().is_some_and(|row| !row.rules.is_empty()) {
            for change in [Change::Other, Change::Absent] {
                if let Some(by) = tried(cases, sites, change, &field) {
                    field.by.insert(change, by);
                }
            }
        }
        field
    };
    let all: Vec<_> = sites.iter().collect();
    let mut fields: Vec<Field> = std::thread::scope(|scope| {
        let halves = [0, 1].map(|odd| {
            let (all, one) = (&all, &one);
            scope.spawn(move || all.iter().skip(odd).step_by(2).map(|site| one(*site)).collect::<Vec<_>>())
        });
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    fields.sort_by(|a, b| (&a.place, &a.name).cmp(&(&b.place, &b.name)));
    fields
}

/// The rules that saw it, in as many places as it takes until one that is named does; `None` if it could not be tried.
fn tried(cases: &[Case], sites: &[(usize, Leaf)], change: Change, field: &Field) -> Option<BTreeSet<String>> {
    let step = sites.len().div_ceil(TRIES).max(1);
    let mut all = None;
    for (number, leaf) in sites.iter().step_by(step) {
        let Some(by) = cases[*number].tried(leaf, change) else { continue };
        let named = field.row.iter().flat_map(|row| &row.rules).any(|rule| by.contains(*rule));
        if named {
            return Some(by);
        }
        all.get_or_insert_with(BTreeSet::new).extend(by);
    }
    all
}

/// The line of the table that is about a field: the longest.
fn row<'r>(rows: &'r [Row], place: &str, name: &str) -> Option<&'r Row> {
    let about = |row: &&Row| {
        row.place == place && name.strip_prefix(row.field).is_some_and(|it| it.is_empty() || it.starts_with('.'))
    };
    rows.iter().filter(about).max_by_key(|row| row.field.len())
}
