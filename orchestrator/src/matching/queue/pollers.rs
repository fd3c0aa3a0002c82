//! Who polls a queue: those that wait now, and everybody who was there lately.

use crate::invariant::invariant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use crate::cluster::time::Millis;

/// How long a poller is remembered for descriptions.
const REMEMBERED: Millis = 300_000;
/// How many are remembered: those that were there last.
pub(crate) const MOST: usize = 1_000;

/// A poll that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poller(pub u64);

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Pollers {
    /// The one that has waited longest first.
    waiting: VecDeque<Poller>,
    /// By identity, when each was there last.
    seen: BTreeMap<String, Millis>,
    /// The same by time.
    by_time: BTreeSet<(Millis, String)>,
}

impl Pollers {
    /// One waits from now on.
    pub(super) fn wait(&mut self, poller: Poller) {
        self.waiting.push_back(poller);
    }

    /// Notes that somebody is there.
    pub(super) fn saw(&mut self, identity: &str, now: Millis) {
        if let Some(last) = self.seen.insert(identity.to_owned(), now) {
            self.by_time.remove(&(last, identity.to_owned()));
        }
        self.by_time.insert((now, identity.to_owned()));
        while let Some((last, _)) = self.by_time.first()
            && (now - last >= REMEMBERED || self.by_time.len() > MOST)
            && let Some((_, identity)) = self.by_time.pop_first()
        {
            self.seen.remove(&identity);
        }
    }

    /// One waits no more.
    pub(super) fn gone(&mut self, poller: Poller) {
        if self.waiting.front() == Some(&poller) {
            self.waiting.pop_front();
        } else {
            self.waiting.retain(|waiting| *waiting != poller);
        }
    }

    /// Forgets who was there; whoever waits goes on waiting.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
        self.by_time.clear();
    }

    /// Takes out the one that has waited longest.
    pub(super) fn take(&mut self) -> Option<Poller> {
        self.waiting.pop_front()
    }

    pub(super) fn nobody_waits(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether somebody was there less than `time` ago, or waits.
    pub(super) fn within(&self, time: Millis, now: Millis) -> bool {
        !self.waiting.is_empty() || self.by_time.last().is_some_and(|(last, _)| now - last < time)
    }

    /// Who was there lately, and when last.
    pub(super) fn seen(&self) -> impl Iterator<Item = (&str, Millis)> {
        self.seen.iter().map(|(identity, last)| (identity.as_str(), *last))
    }

    /// Whether these are the polls that wait.
    pub(super) fn are<'a>(&self, polls: impl ExactSizeIterator<Item = &'a Poller>) -> bool {
        let waiting: BTreeSet<_> = self.waiting.iter().collect();
        polls.len() == waiting.len() && polls.into_iter().all(|poller| waiting.contains(poller))
    }

    /// Asserts that nobody waits twice.
    pub(super) fn assert_distinct(&self) {
        let distinct: BTreeSet<_> = self.waiting.iter().collect();
        invariant!(distinct.len() == self.waiting.len(), "somebody waits twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_were_there_last_are_remembered_and_not_for_ever() {
        let mut pollers = Pollers::default();
        for n in 0..=MOST as i64 {
            pollers.saw(&format!("{n:04}"), n);
        }
        pollers.saw("0001", 2_000);
        let seen: Vec<_> = pollers.seen().collect();
        assert_eq!((seen.len(), seen[0], seen[1]), (MOST, ("0001", 2_000), ("0002", 2)));
        assert!(pollers.within(1, 2_000) && !pollers.within(1, 2_001));
        pollers.saw("new", 2_000 + REMEMBERED);
        assert_eq!(pollers.seen().collect::<Vec<_>>(), [("new", 2_000 + REMEMBERED)]);
        pollers.forget();
        assert!(pollers.seen().next().is_none() && !pollers.within(REMEMBERED, 0));
    }
}
