//! Calls and returns of one partition in the order of time, as lists that operations leave when they are put in order, and come back
//! into when that is taken back: Lowe's "lifting".
//!
//! There are two lists. In one are calls and returns of operations that were answered; in the other the calls of those whose outcome
//! is unknown, which are tried when nothing else can come next.

use super::Operation;

/// Before the first entry of answered operations, and behind the last.
pub(super) const ANSWERED: u32 = 0;
/// Before the first open operation, and behind the last.
pub(super) const OPEN: u32 = 1;

/// A call or a return.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Whose it is, by its number within the partition.
    pub(super) operation: u32,
    pub(super) returns: bool,
    /// Its place among all calls and returns, of both lists.
    pub(super) moment: u32,
    before: u32,
    /// What comes next in its list.
    pub(super) after: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Timeline {
    entries: Vec<Entry>,
    /// By number of operation: its call and its return ([`ANSWERED`]: it has none).
    places: Vec<(u32, u32)>,
    /// How many operations were answered; their numbers come first.
    pub(super) answered: usize,
    /// Returns that are still in the list.
    pub(super) awaited: usize,
}

impl Timeline {
    /// The calls and returns of these operations; and by number within the partition which operation it is. A call comes before a return
    /// of the same time.
    pub(super) fn new<C>(operations: &[Operation<C>], mut indexes: Vec<usize>) -> (Self, Vec<usize>) {
        indexes.sort_by_key(|index| (operations[*index].until.is_none(), operations[*index].from));
        let answered = indexes.partition_point(|index| operations[*index].until.is_some());
        let ends = |number: usize| {
            let Operation { from, until, .. } = &operations[indexes[number]];
            until.map_or(u64::MAX, |until| until.max(*from))
        };
        let mut returns: Vec<(u64, usize)> = (0..answered).map(|number| (ends(number), number)).collect();
        returns.sort_unstable();
        let from = |number: &usize| operations[indexes[*number]].from;
        let mut calls = (0..answered).peekable();
        let mut open = (answered..indexes.len()).peekable();
        let mut returns = returns.into_iter().peekable();
        let head = |at| Entry { operation: 0, returns: false, moment: 0, before: at, after: at };
        let mut timeline = Self {
            entries: Vec::with_capacity(2 + answered + indexes.len()),
            places: vec![(ANSWERED, ANSWERED); indexes.len()],
            answered,
            awaited: answered,
        };
        timeline.entries.extend([head(ANSWERED), head(OPEN)]);
        loop {
            let (call, lost) = (calls.peek().map(from), open.peek().map(from));
            let end = returns.peek().map_or(u64::MAX, |(at, _)| *at);
            if let Some(number) = calls.next_if(|_| call <= Some(end) && lost.is_none_or(|lost| call <= Some(lost))) {
                timeline.places[number].0 = timeline.append(ANSWERED, number, false);
            } else if let Some(number) = open.next_if(|_| lost <= Some(end)) {
                timeline.places[number].0 = timeline.append(OPEN, number, false);
            } else if let Some((_, number)) = returns.next() {
                timeline.places[number].1 = timeline.append(ANSWERED, number, true);
            } else {
                return (timeline, indexes);
            }
        }
    }

    fn append(&mut self, list: u32, number: usize, returns: bool) -> u32 {
        let place = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let before = self.entries[list as usize].before;
        let operation = u32::try_from(number).unwrap_or(u32::MAX);
        self.entries.push(Entry { operation, returns, moment: place, before, after: list });
        self.entries[before as usize].after = place;
        self.entries[list as usize].before = place;
        place
    }

    pub(super) fn entry(&self, place: u32) -> Entry {
        self.entries[place as usize]
    }

    /// The first entry of a list.
    pub(super) fn first(&self, list: u32) -> u32 {
        self.entries[list as usize].after
    }

    /// What comes behind the call of an operation.
    pub(super) fn behind(&self, operation: u32) -> u32 {
        self.entries[self.places[operation as usize].0 as usize].after
    }

    /// Takes an operation out.
    pub(super) fn lift(&mut self, operation: u32) {
        let (call, answer) = self.places[operation as usize];
        self.unlink(call);
        if answer != ANSWERED {
            self.unlink(answer);
            self.awaited -= 1;
        }
    }

    /// Puts the operation back that was taken out last.
    pub(super) fn put_back(&mut self, operation: u32) {
        let (call, answer) = self.places[operation as usize];
        if answer != ANSWERED {
            self.link(answer);
            self.awaited += 1;
        }
        self.link(call);
    }

    fn unlink(&mut self, place: u32) {
        let Entry { before, after, .. } = self.entry(place);
        self.entries[before as usize].after = after;
        self.entries[after as usize].before = before;
    }

    fn link(&mut self, place: u32) {
        let Entry { before, after, .. } = self.entry(place);
        self.entries[before as usize].after = place;
        self.entries[after as usize].before = place;
    }
}
