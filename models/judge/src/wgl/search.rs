//! The search itself: one partition as a thing that can be advanced by some steps, and the turn-taking of many.

use super::set::Set;
use super::{Operation, Specification, partitions};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// How much a check may use, over all partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Attempts to put one operation next.
    pub(crate) steps: u64,
    /// Bytes of remembered states, about.
    pub(crate) bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 50_000_000, bytes: 256 << 20 }
    }
}

/// What a check says, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Whether an order was found.
    pub(crate) verdict: Verdict,
    /// Attempts to put one operation next.
    pub(crate) steps: u64,
    /// Bytes of remembered states, about.
    pub(crate) bytes: usize,
}

/// The answer of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is an order.
    Ok,
    /// There is none.
    Violated(Partial),
    /// The budget was used up.
    Unknown(&'static str),
}

/// How far the search came in the partition that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partial {
    /// The partition, as its key shows itself.
    pub(crate) partition: String,
    /// The longest order found, as indexes into the list of operations.
    pub(crate) order: Vec<usize>,
    /// The operation that had to come next at the latest, and could not.
    pub(crate) stuck: usize,
}

/// Steps that a partition takes at its turn.
const TURN: u64 = 4_096;

/// Searches an order of all operations that were answered, and of any of the others, that respects real time and is
/// allowed by the specification.
pub(crate) fn check<S: Specification>(specification: &S, operations: &[Operation<S::Call>], budget: Budget) -> Report {
    let mut report = Report { verdict: Verdict::Ok, steps: 0, bytes: 0 };
    let mut open: Vec<(S::Key, Search<'_, S>)> = partitions(specification, operations)
        .into_iter()
        .map(|(key, indexes)| (key.clone(), Search::new(specification, &key, operations, indexes)))
        .collect();
    while !open.is_empty() {
        let mut rest = Vec::with_capacity(open.len());
        for (key, mut search) in open {
            let turn = TURN.min(budget.steps.saturating_sub(report.steps));
            let (steps, bytes) = (search.steps, search.bytes);
            let progress = search.advance(turn, budget.bytes.saturating_sub(report.bytes - bytes));
            report.steps += search.steps - steps;
            report.bytes += search.bytes - bytes;
            match progress {
                Progress::Found => report.bytes -= search.bytes,
                Progress::Failed => {
                    report.verdict = Verdict::Violated(search.partial(format!("{key:?}")));
                    return report;
                }
                Progress::Open if report.steps >= budget.steps => report.verdict = Verdict::Unknown("too many steps"),
                Progress::Open if report.bytes >= budget.bytes => report.verdict = Verdict::Unknown("too many states"),
                Progress::Open => rest.push((key, search)),
            }
            if matches!(report.verdict, Verdict::Unknown(_)) {
                return report;
            }
        }
        open = rest;
    }
    report
}

enum Progress {
    Found,
    Failed,
    Open,
}

/// A call or a return in the list of what happened, in order of time; a call before a return of the same time.
#[derive(Clone, Copy, Debug)]
struct Entry {
    operation: usize,
    returns: bool,
    before: usize,
    after: usize,
}

/// One partition. Entry 0 stands before all others, and its `before` is the last.
struct Search<'a, S: Specification> {
    specification: &'a S,
    operations: &'a [Operation<S::Call>],
    /// By number within the partition: index into the list of all operations.
    indexes: Vec<usize>,
    entries: Vec<Entry>,
    /// By number of operation: its call and return entries (0: none).
    places: Vec<(usize, usize)>,
    /// Returns that are still in the list.
    awaited: usize,
    state: S::State,
    done: Set,
    order: Vec<(usize, S::State)>,
    tried: FxHashMap<u64, Vec<(Set, S::State)>>,
    at: usize,
    best: (Vec<usize>, usize),
    steps: u64,
    bytes: usize,
}

impl<'a, S: Specification> Search<'a, S> {
    fn new(specification: &'a S, key: &S::Key, operations: &'a [Operation<S::Call>], indexes: Vec<usize>) -> Self {
        let mut moments: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * indexes.len());
        for (number, index) in indexes.iter().enumerate() {
            let Operation { from, until, .. } = &operations[*index];
            moments.push((*from, false, number));
            if let Some(until) = until {
                moments.push(((*until).max(*from), true, number));
            }
        }
        moments.sort_unstable();
        let mut places = vec![(0, 0); indexes.len()];
        let mut entries = vec![Entry { operation: 0, returns: false, before: moments.len(), after: 1 }];
        for (place, (_, returns, operation)) in (1..).zip(&moments) {
            let place_of = &mut places[*operation];
            *(if *returns { &mut place_of.1 } else { &mut place_of.0 }) = place;
            let after = if place == moments.len() { 0 } else { place + 1 };
            entries.push(Entry { operation: *operation, returns: *returns, before: place - 1, after });
        }
        entries[0].after = usize::from(!moments.is_empty());
        let awaited = moments.iter().filter(|moment| moment.1).count();
        Self {
            specification,
            operations,
            state: specification.initial(key),
            done: Set::new(indexes.len()),
            at: entries[0].after,
            indexes,
            entries,
            places,
            awaited,
            order: Vec::new(),
            tried: FxHashMap::default(),
            best: (Vec::new(), 0),
            steps: 0,
            bytes: 0,
        }
    }

    /// Goes on for at most so many steps, or until it has remembered so many bytes.
    fn advance(&mut self, steps: u64, bytes: usize) -> Progress {
        let until = self.steps.saturating_add(steps);
        while self.awaited > 0 {
            if self.steps >= until || self.bytes >= bytes {
                return Progress::Open;
            }
            let Entry { operation, returns, after, .. } = self.entries[self.at];
            if self.at == 0 || returns {
                // Everything that could come first was tried, and this one has to.
                if !self.back(operation) {
                    return Progress::Failed;
                }
                continue;
            }
            self.steps += 1;
            let call = &self.operations[self.indexes[operation]].call;
            self.at = match self.specification.step(&self.state, call) {
                Some(next) if self.enter(operation, &next) => {
                    let before = std::mem::replace(&mut self.state, next);
                    self.order.push((operation, before));
                    self.lift(operation);
                    self.entries[0].after
                }
                _ => after,
            };
        }
        Progress::Found
    }

    /// True if doing this operation next leads to something that was not tried before; it is then remembered, and the
    /// operation counts as done.
    fn enter(&mut self, operation: usize, next: &S::State) -> bool {
        self.done.flip(operation);
        let mut hasher = FxHasher::default();
        next.hash(&mut hasher);
        let alike = self.tried.entry(self.done.hash() ^ hasher.finish()).or_default();
        if alike.iter().any(|(done, state)| done == &self.done && state == next) {
            self.done.flip(operation);
            return false;
        }
        alike.push((self.done.clone(), next.clone()));
        // The entry of the map, the vector's own, and what both own.
        self.bytes += 64 + self.done.bytes() + self.specification.weight(next);
        true
    }

    /// Takes back the last operation that has an alternative and goes on behind it; false if there is none.
    fn back(&mut self, stuck: usize) -> bool {
        if self.order.len() >= self.best.0.len() {
            self.best = (self.order.iter().map(|(operation, _)| *operation).collect(), stuck);
        }
        while let Some((operation, before)) = self.order.pop() {
            self.state = before;
            self.done.flip(operation);
            self.put_back(operation);
            let Operation { call, .. } = &self.operations[self.indexes[operation]];
            if !self.specification.only_reads(call) {
                self.at = self.entries[self.places[operation].0].after;
                return true;
            }
        }
        false
    }

    fn lift(&mut self, operation: usize) {
        let (call, answer) = self.places[operation];
        self.unlink(call);
        if answer > 0 {
            self.unlink(answer);
            self.awaited -= 1;
        }
    }

    fn put_back(&mut self, operation: usize) {
        let (call, answer) = self.places[operation];
        if answer > 0 {
            self.link(answer);
            self.awaited += 1;
        }
        self.link(call);
    }

    fn unlink(&mut self, place: usize) {
        let Entry { before, after, .. } = self.entries[place];
        self.entries[before].after = after;
        self.entries[after].before = before;
    }

    fn link(&mut self, place: usize) {
        let Entry { before, after, .. } = self.entries[place];
        self.entries[before].after = place;
        self.entries[after].before = place;
    }

    fn partial(&self, partition: String) -> Partial {
        let order = self.best.0.iter().map(|operation| self.indexes[*operation]).collect();
        Partial { partition, order, stuck: self.indexes[self.best.1] }
    }
}
