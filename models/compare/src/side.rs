//! One of the two executions, with names for its runs and calls that the other one has too.
//!
//! A run is named by how it came to be: the operation of the plan that started it, or parent and number of the child, and
//! its place in its chain. Only where the evidence does not say who started a run is it named by its place among those.

use super::normal::{self, Line, Subject};
use resurgam_formats::evidence::{Evidence, Operation, Run};
use resurgam_formats::plan::{self, Action, Plan};
use resurgam_formats::recording::{Answer, Call, Header, Reply};
use resurgam_judge::differences::{self, Difference};
use resurgam_judge::rules::{self, Findings, Indexed};
use std::collections::{BTreeMap, BTreeSet};

/// How a run came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// By an operation of the plan, by index; `again` if it is not the first run of that operation.
    Call { index: usize, again: bool },
    /// As a child.
    Child { parent: String, number: String },
    /// As the successor of a run.
    Next { before: String },
    /// The recording does not say.
    Unknown,
}

/// A run with its name.
pub(super) struct Found<'e> {
    pub(super) run: &'e Run,
    pub(super) origin: Origin,
    pub(super) lines: Vec<Line<'e>>,
    /// Its commands are those that its program issues (rule H26).
    pub(super) replays: bool,
}

impl Found<'_> {
    pub(super) fn closed(&self) -> bool {
        self.run.close().is_some()
    }
    /// The lines about something, in order.
    pub(super) fn life(&self, subject: &Subject) -> Vec<&Line<'_>> {
        self.lines.iter().filter(|line| line.subject == *subject).collect()
    }
}

/// One of the two executions: its runs by name, and its calls.
pub(super) struct Side<'e> {
    pub(super) runs: BTreeMap<String, Found<'e>>,
    /// Client operations by index in the plan.
    pub(super) calls: BTreeMap<usize, &'e Operation>,
    /// How the target is known to differ.
    pub(super) differences: Vec<Difference>,
}

impl<'e> Side<'e> {
    /// True if the target is known to differ like this.
    pub(super) fn is_known(&self, shape: &str) -> bool {
        self.differences.iter().any(|difference| difference.shape == shape)
    }

    pub(super) fn of(evidence: &'e Evidence, header: &'e Header) -> Self {
        let calls = calls(evidence, &header.plan);
        let names = Names::of(evidence, &calls, &header.prefix);
        let broken = not_replayed(evidence);
        let runs = evidence.runs.iter().zip(names.of).map(|(run, (name, origin))| {
            let lines = normal::lines(run, &header.prefix);
            let replays = !broken.contains(&(run.workflow_id.as_str(), run.run_id.as_str()));
            (name, Found { run, origin, lines, replays })
        });
        Self { runs: runs.collect(), calls, differences: differences::of(&header.profile) }
    }

    /// Runs of the slot, children included.
    pub(super) fn slot(&self, slot: u8) -> impl Iterator<Item = (&String, &Found<'e>)> {
        let begin = format!("w{slot}:");
        self.runs.iter().filter(move |(name, _)| name.starts_with(&begin))
    }

    /// The runs of the slot that have a line about this.
    pub(super) fn places(&self, slot: u8, subject: &Subject) -> Vec<&str> {
        let has = |found: &Found<'_>| found.lines.iter().any(|line| line.subject == *subject);
        self.slot(slot).filter(|(_, found)| has(found)).map(|(name, _)| name.as_str()).collect()
    }
}

/// Rule H26 says of these runs that a replay disagrees.
fn not_replayed(evidence: &Evidence) -> BTreeSet<(&str, &str)> {
    let Some(rule) = rules::find("H26") else { return BTreeSet::new() };
    let mut findings = Findings::default();
    rule.judge(&Indexed::plain(evidence), &mut findings);
    let named = |run: &Run| {
        findings.found().iter().any(|found| found.run_id == run.run_id && found.workflow_id == run.workflow_id)
    };
    evidence.runs.iter().filter(|run| named(run)).map(|run| (run.workflow_id.as_str(), run.run_id.as_str())).collect()
}

/// Each client performs its operations one after another, so the order tells which one of the plan a record is.
fn calls<'e>(evidence: &'e Evidence, plan: &Plan) -> BTreeMap<usize, &'e Operation> {
    let mut planned: BTreeMap<u8, Vec<(usize, &plan::Operation)>> = BTreeMap::new();
    for (index, operation) in plan.operations.iter().enumerate() {
        planned.entry(operation.client).or_default().push((index, operation));
    }
    let mut out = BTreeMap::new();
    for (client, mut operations) in planned {
        operations.sort_by_key(|(index, operation)| (operation.at_ms, *index));
        let by = format!("client-{client}");
        let done = evidence.operations.values().filter(|done| done.by == by);
        let done = done.filter_map(|done| match &done.call {
            Call::Client { action, .. } => Some((done, action)),
            _ => None,
        });
        for ((index, operation), (done, action)) in operations.into_iter().zip(done) {
            if operation.action == *action {
                out.insert(index, done);
            }
        }
    }
    out
}

/// The names of all runs, in the order of the evidence.
struct Names {
    of: Vec<(String, Origin)>,
}

impl Names {
    fn of(evidence: &Evidence, calls: &BTreeMap<usize, &Operation>, prefix: &str) -> Self {
        let starters = starters(calls);
        let mut known: BTreeMap<(&str, &str), (String, Origin)> = BTreeMap::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        // A run is named after those that it came from; who comes from nothing that is there is named by its place.
        for rest in [false, true] {
            loop {
                let mut progress = false;
                for run in &evidence.runs {
                    let id = (run.workflow_id.as_str(), run.run_id.as_str());
                    if known.contains_key(&id) {
                        continue;
                    }
                    let Some((mut name, mut origin)) = name(run, &known, &starters, prefix, rest) else { continue };
                    while !taken.insert(name.clone()) {
                        let place = name.rfind('#').unwrap_or(name.len());
                        name.insert(place, '\'');
                        if let Origin::Call { again, .. } = &mut origin {
                            *again = true;
                        }
                    }
                    known.insert(id, (name, origin));
                    progress = true;
                }
                if !progress {
                    break;
                }
            }
        }
        let named = |run: &Run| known.get(&(run.workflow_id.as_str(), run.run_id.as_str())).cloned();
        let unnamed = |run: &Run| (format!("{}/{}", run.workflow_id, run.run_id), Origin::Unknown);
        Self { of: evidence.runs.iter().map(|run| named(run).unwrap_or_else(|| unnamed(run))).collect() }
    }
}

/// Name and origin, if what the run came from is named already.
fn name(
    run: &Run,
    known: &BTreeMap<(&str, &str), (String, Origin)>,
    starters: &BTreeMap<&str, usize>,
    prefix: &str,
    rest: bool,
) -> Option<(String, Origin)> {
    let started = run.started();
    let slot = normal::bare(&run.workflow_id, prefix);
    let before = started.map_or("", |it| it.continued_run.as_str());
    let parent = started.map(|it| &it.parent).filter(|parent| !parent.workflow_id.is_empty());
    if !before.is_empty()
        && let Some((name, _)) = known.get(&(run.workflow_id.as_str(), before))
    {
        let (base, place) = name.rsplit_once('#')?;
        let place: u32 = place.parse().ok()?;
        return Some((format!("{base}#{}", place + 1), Origin::Next { before: name.clone() }));
    }
    if before.is_empty()
        && let Some(parent) = parent
        && let Some((name, _)) = known.get(&(parent.workflow_id.as_str(), parent.run_id.as_str()))
    {
        let number = normal::number(&run.workflow_id);
        return Some((format!("{name}/{number}#0"), Origin::Child { parent: name.clone(), number }));
    }
    if before.is_empty()
        && parent.is_none()
        && let Some(index) = starters.get(run.run_id.as_str())
    {
        return Some((format!("{slot}:o{index}#0"), Origin::Call { index: *index, again: false }));
    }
    let slot = slot.split('/').next().unwrap_or_default();
    rest.then(|| (format!("{slot}:?#0"), Origin::Unknown))
}

/// Which operation started a run, as it was told; the first one that was told so.
fn starters<'e>(calls: &BTreeMap<usize, &'e Operation>) -> BTreeMap<&'e str, usize> {
    let mut out = BTreeMap::new();
    for (index, operation) in calls {
        let Call::Client { action: Action::Start(_) | Action::SignalWithStart { .. }, .. } = &operation.call else {
            continue;
        };
        for attempt in &operation.attempts {
            if let Answer::Ok { value: Reply::Run { run_id, started: Some(true) } } = &attempt.answer {
                out.entry(run_id.as_str()).or_insert(*index);
            }
        }
    }
    out
}
