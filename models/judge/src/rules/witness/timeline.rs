//! The history as witness: when, by the recorder's clock, each event can have been taken and written.
//!
//! An operation that left an event says two things: the event was not there before the call, and it was there when the
//! answer arrived. A read says that the last event it shows was there, and perhaps that the next one was not. All of
//! them are bounds on the times of points that stand in the order of the history, so whether there is *any* way to put
//! every operation at one moment between its call and its answer is a question of comparing bounds: no search.
//!
//! An event has two points. It is *accepted* when the server takes it, and *written* when it gets its id. They differ
//! only for events that arrive while a workflow task is started: those wait in the buffer and are written at its end,
//! behind what the task commanded, and the ends of activities and children behind all others. Source:
//! docs/temporal-semantics.md, “Buffered events”. Nothing is judged here.

use super::bound::{Bound, Conflict};
use super::line::{Line, line};
use super::lowest::{Lowest, Marks};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::time::At;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Runs that follow each other by continue-as-new or retry: no other run of the id can come in between.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Indexes of the runs, in order.
    pub(crate) runs: Vec<usize>,
    /// Something of it was not there before this. What another chain showed earlier stands before it, since runs of one
    /// id do not overlap.
    after: At,
    /// The first run was there at this time.
    pub(crate) by: At,
    /// A later chain was there at this time.
    pub(crate) followed: At,
}

/// All runs, and the chains of each workflow id; what certainly stands before another comes first.
#[derive(Debug, Default)]
pub(crate) struct Timeline<'a> {
    lines: Vec<Option<Line<'a>>>,
    index: FxHashMap<(&'a str, &'a str), usize>,
    chains: BTreeMap<&'a str, Vec<Chain>>,
}

impl<'a> Timeline<'a> {
    /// Arranges the final histories.
    pub(crate) fn new(evidence: &'a Evidence) -> Self {
        let lines: Vec<Option<Line<'a>>> = evidence.runs.iter().map(line).collect();
        let mut index = FxHashMap::default();
        for (number, line) in lines.iter().enumerate() {
            if let Some(line) = line {
                index.entry((line.run.workflow_id.as_str(), line.run.run_id.as_str())).or_insert(number);
            }
        }
        Self { lines, index, chains: BTreeMap::new() }
    }

    /// Finds out what is certain about the order of chains.
    pub(crate) fn order<'b>(&mut self, lower: &[Bound], upper: impl IntoIterator<Item = &'b Bound>) {
        let mut latest: FxHashMap<usize, At> = FxHashMap::default();
        for bound in lower {
            let at = latest.entry(bound.run).or_default();
            *at = bound.at.max(*at);
        }
        let mut seen: FxHashMap<usize, At> = FxHashMap::default();
        for bound in upper {
            let at = seen.entry(bound.run).or_insert(At::MAX);
            *at = bound.at.min(*at);
        }
        let mut chains: BTreeMap<&'a str, Vec<Chain>> = BTreeMap::new();
        for (workflow_id, runs) in self.linked() {
            let after = runs.iter().filter_map(|run| latest.get(run)).copied().max().unwrap_or(0);
            let after = runs.last().map_or(after, |last| after.max(self.open_at(*last)));
            let by = runs.iter().filter_map(|run| seen.get(run)).copied().min().unwrap_or(At::MAX);
            chains.entry(workflow_id).or_default().push(Chain { runs, after, by, followed: At::MAX });
        }
        chains.values_mut().for_each(|chains| sort(chains));
        self.chains = chains;
    }

    /// Until when a run was open at least, if it has no end.
    fn open_at(&self, run: usize) -> At {
        match self.line(run).map(|line| line.run) {
            Some(run) if run.close().is_none() && run.read.0 == 0 => At::MAX,
            Some(run) if run.close().is_none() => run.read.0,
            _ => 0,
        }
    }

    /// Runs linked by their close events.
    fn linked(&self) -> Vec<(&'a str, Vec<usize>)> {
        let mut next: FxHashMap<usize, usize> = FxHashMap::default();
        let mut follows: FxHashSet<usize> = FxHashSet::default();
        for (number, line) in self.known() {
            if let Some(&successor) = self.index.get(&(line.run.workflow_id.as_str(), line.run.successor()))
                && successor != number
                && follows.insert(successor)
            {
                next.insert(number, successor);
            }
        }
        let mut chains = Vec::new();
        for (number, line) in self.known().filter(|(number, _)| !follows.contains(number)) {
            let runs = std::iter::successors(Some(number), |run| next.get(run).copied());
            chains.push((line.run.workflow_id.as_str(), runs.collect()));
        }
        chains
    }

    /// The runs that are whole, by index.
    pub(crate) fn known(&self) -> impl Iterator<Item = (usize, &Line<'a>)> {
        self.lines.iter().enumerate().filter_map(|(number, line)| Some((number, line.as_ref()?)))
    }

    /// One run by its index.
    pub(crate) fn line(&self, run: usize) -> Option<&Line<'a>> {
        self.lines.get(run)?.as_ref()
    }

    /// The index of a run.
    pub(crate) fn find(&self, workflow_id: &str, run_id: &str) -> Option<usize> {
        self.index.get(&(workflow_id, run_id)).copied()
    }

    /// The chains of a workflow id.
    pub(crate) fn chains(&self, workflow_id: &str) -> &[Chain] {
        self.chains.get(workflow_id).map_or(&[], Vec::as_slice)
    }

    /// The greatest lower bounds of all points, each with what stands before it taken into account; `across` runs or
    /// within each run for itself.
    pub(crate) fn lowest(&self, lower: &[Bound], across: bool) -> Lowest {
        let mut own: FxHashMap<usize, Vec<Bound>> = FxHashMap::default();
        for bound in lower {
            own.entry(bound.run).or_default().push(*bound);
        }
        let mut runs: FxHashMap<usize, Marks> = FxHashMap::default();
        for chains in self.chains.values() {
            // What is certain at the end of the chains so far, by when each was there; later entries are greater.
            let mut ended: BTreeMap<At, Bound> = BTreeMap::new();
            for chain in chains {
                let before = ended.range(..chain.after).next_back().map(|(_, bound)| *bound);
                let mut carried = before.filter(|_| across);
                for run in &chain.runs {
                    let Some(line) = self.line(*run) else { continue };
                    let marks = Marks::new(line, own.get(run).map_or(&[], Vec::as_slice), carried);
                    carried = marks.written.last().copied().flatten().filter(|_| across);
                    runs.insert(*run, marks);
                }
                let Some(last) = carried else { continue };
                if ended.range(..=chain.by).next_back().is_none_or(|(_, bound)| bound.at < last.at) {
                    while let Some((by, _)) = ended.range(chain.by..).next().filter(|(_, bound)| bound.at <= last.at) {
                        let by = *by;
                        ended.remove(&by);
                    }
                    ended.insert(chain.by, last);
                }
            }
        }
        Lowest { runs }
    }

    /// Every upper bound that lies before the lower bound of something that stands first.
    pub(crate) fn conflicts(&self, lowest: &Lowest, upper: &[Bound]) -> Vec<Conflict> {
        let of = |second: &Bound| {
            let first = lowest.at(self.line(second.run)?, second.run, second.point)?;
            (second.at < first.at).then_some(Conflict { first, second: *second })
        };
        upper.iter().filter_map(of).collect()
    }
}

/// Sorts chains so that what certainly stands before another comes first, and finds by when each was followed.
fn sort(chains: &mut [Chain]) {
    // If a certainly stands before b, and b not before a, then a.by < b.after and a.after <= b.by.
    chains.sort_by_key(|chain| u128::from(chain.after) + u128::from(chain.by));
    let mut by_after: Vec<(At, At, usize)> =
        chains.iter().enumerate().map(|(place, chain)| (chain.after, chain.by, place)).collect();
    by_after.sort_unstable();
    // Of the chains from some place on: the one that was seen first, and the next, since none follows itself.
    let mut first: Vec<[(At, usize); 2]> = vec![[(At::MAX, usize::MAX); 2]; chains.len() + 1];
    for (index, (_, by, place)) in by_after.iter().enumerate().rev() {
        let [one, two] = first[index + 1];
        let own = (*by, *place);
        first[index] = if own < one { [own, one] } else { [one, own.min(two)] };
    }
    for (place, chain) in chains.iter_mut().enumerate() {
        let behind = by_after.partition_point(|(after, ..)| *after <= chain.by);
        let found = first[behind].iter().find(|(_, other)| *other != place);
        chain.followed = found.map_or(At::MAX, |(by, _)| *by);
    }
}
