//! The search of one partition, as a thing that can be advanced by some steps.
//!
//! What it leaves out, it may leave out because there is an order without it if there is one at all:
//!
//! - An operation that only reads is put next as soon as that is possible, and nothing else is tried in its place.
//! - Of two operations that do the same, the one that was called and answered no later comes first.
//! - An operation of unknown outcome that changes nothing, or whose effect is overwritten at once, did not happen.

use super::budget::Partial;
use super::done::{Done, Snapshot};
use super::timeline::{ANSWERED, Entry, OPEN, Timeline};
use super::{Operation, Specification};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// What came of some steps.
pub(super) enum Progress {
    /// There is an order.
    Found,
    /// There is none.
    Failed,
    /// That is not known yet.
    Open,
}

/// An operation that was put in the order.
struct Step<T> {
    operation: u32,
    /// The state before it.
    state: T,
    /// The first return that was waited for then.
    barrier: u32,
}

/// Where the search has been: what was done, whether the last of it was an operation of unknown outcome, and the state.
#[derive(PartialEq, Eq, Hash)]
struct Reached<T>(Snapshot, bool, T);

/// No operation has to come before.
const NONE: u32 = u32::MAX;

/// See the module.
pub(super) struct Search<'a, S: Specification> {
    specification: &'a S,
    operations: &'a [Operation<S::Call>],
    /// By number within the partition: index into the list of all operations.
    indexes: Vec<usize>,
    /// By number: one that does the same and comes first.
    first: Vec<u32>,
    timeline: Timeline,
    state: S::State,
    done: Done,
    order: Vec<Step<S::State>>,
    tried: FxHashSet<Reached<S::State>>,
    /// What is looked at as the next one, and the first return that is waited for, once it was reached.
    at: u32,
    barrier: u32,
    /// The longest order so far, and what was stuck then; and how much of its beginning is that of the order as it is.
    best: Vec<u32>,
    stuck: Option<u32>,
    kept: usize,
    /// Attempts to put one operation next.
    pub(super) steps: u64,
    /// Bytes of states that are remembered or in the order, about.
    pub(super) bytes: usize,
}

impl<'a, S: Specification> Search<'a, S> {
    pub(super) fn new(
        specification: &'a S,
        key: &S::Key,
        operations: &'a [Operation<S::Call>],
        indexes: Vec<usize>,
    ) -> Self {
        let (timeline, indexes) = Timeline::new(operations, indexes);
        Self {
            specification,
            operations,
            state: specification.initial(key),
            done: Done::new(timeline.answered, indexes.len()),
            at: timeline.first(ANSWERED),
            first: firsts(specification, operations, &indexes),
            tried: FxHashSet::with_capacity_and_hasher(indexes.len(), FxBuildHasher),
            order: Vec::with_capacity(indexes.len()),
            timeline,
            indexes,
            barrier: ANSWERED,
            best: Vec::new(),
            stuck: None,
            kept: 0,
            steps: 0,
            bytes: 0,
        }
    }

    /// Goes on for at most so many steps, or until it has remembered so many bytes.
    pub(super) fn advance(&mut self, steps: u64, bytes: usize) -> Progress {
        let until = self.steps.saturating_add(steps);
        while self.timeline.awaited > 0 {
            if self.steps >= until || self.bytes >= bytes {
                return Progress::Open;
            }
            let Entry { operation, returns, moment, after, .. } = self.timeline.entry(self.at);
            if returns {
                self.barrier = self.at;
                self.at = self.timeline.first(OPEN);
                continue;
            }
            let open = operation as usize >= self.timeline.answered;
            if self.at == OPEN || open && moment > self.timeline.entry(self.barrier).moment {
                // Everything that could come first was tried, and one had to.
                if !self.back() {
                    return Progress::Failed;
                }
                continue;
            }
            self.steps += 1;
            self.at = if self.enter(operation, open) { self.timeline.first(ANSWERED) } else { after };
        }
        Progress::Found
    }

    /// Puts an operation next, if that is possible and leads to something that was not tried before.
    fn enter(&mut self, operation: u32, open: bool) -> bool {
        let specification = self.specification;
        let call = &self.operations[self.indexes[operation as usize]].call;
        let first = self.first[operation as usize];
        if first != NONE && !self.done.contains(first as usize) || self.is_open_last() && specification.overwrites(call)
        {
            return false;
        }
        let Some(next) = specification.step(&self.state, call).filter(|next| !open || *next != self.state) else {
            return false;
        };
        self.done.flip(operation as usize);
        if !specification.only_reads(call) {
            let snapshot = self.done.snapshot();
            // The entry of the table, with its share of what is free there.
            let bytes = 2 * size_of::<Snapshot>() + snapshot.bytes() + 2 * specification.weight(&next);
            if !self.tried.insert(Reached(snapshot, open, next.clone())) {
                self.done.flip(operation as usize);
                return false;
            }
            self.bytes += bytes;
        }
        self.bytes += specification.weight(&next);
        let state = std::mem::replace(&mut self.state, next);
        self.order.push(Step { operation, state, barrier: self.barrier });
        self.timeline.lift(operation);
        true
    }

    /// True if the last one in the order is of unknown outcome.
    fn is_open_last(&self) -> bool {
        self.order.last().is_some_and(|step| step.operation as usize >= self.timeline.answered)
    }

    /// Takes back the last operation that has an alternative and goes on behind it; false if there is none.
    fn back(&mut self) -> bool {
        if self.stuck.is_none() || self.order.len() > self.best.len() {
            self.best.truncate(self.kept);
            self.best.extend(self.order[self.kept..].iter().map(|step| step.operation));
            self.kept = self.best.len();
            self.stuck = Some(self.timeline.entry(self.barrier).operation);
        }
        while let Some(Step { operation, state, barrier }) = self.order.pop() {
            self.kept = self.kept.min(self.order.len());
            self.bytes -= self.specification.weight(&self.state);
            self.state = state;
            self.barrier = barrier;
            self.done.flip(operation as usize);
            self.timeline.put_back(operation);
            let Operation { call, .. } = &self.operations[self.indexes[operation as usize]];
            if !self.specification.only_reads(call) {
                self.at = self.timeline.behind(operation);
                return true;
            }
        }
        false
    }

    /// How far it came at most.
    pub(super) fn partial(&self, partition: String) -> Partial {
        let index = |operation: u32| self.indexes[operation as usize];
        let order = self.best.iter().map(|operation| index(*operation)).collect();
        Partial { partition, order, stuck: self.stuck.map_or(0, index) }
    }
}

/// By number: the last one before it that does the same and was answered no later, if there is one.
fn firsts<S: Specification>(specification: &S, operations: &[Operation<S::Call>], indexes: &[usize]) -> Vec<u32> {
    let mut last: FxHashMap<[u32; 3], u32> = FxHashMap::default();
    let mut first = vec![NONE; indexes.len()];
    // Answered ones come first in the list, and open ones are answered later than all of them; but may be called before.
    for (number, index) in (0..).zip(indexes) {
        let Operation { from, until, call } = &operations[*index];
        let Some(alike) = specification.alike(call) else { continue };
        let before = last.insert(alike, number).filter(|before| {
            let before = &operations[indexes[*before as usize]];
            before.from <= *from && before.until.is_some_and(|before| until.is_none_or(|until| before <= until))
                || before.until.is_none()
        });
        first[number as usize] = before.unwrap_or(NONE);
    }
    first
}
