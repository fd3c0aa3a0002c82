//! Who polls a queue: those that wait now, and everybody who was there lately.

use crate::invariant::invariant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Milliseconds since 1970.
pub type Millis = i64;

/// How long a poller is remembered for descriptions.
const REMEMBERED: Millis = 300_000;

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
}

impl Pollers {
    /// One waits from now on.
    pub(super) fn wait(&mut self, poller: Poller) {
        self.waiting.push_back(poller);
    }

    /// Notes that somebody is there.
    pub(super) fn saw(&mut self, identity: &str, now: Millis) {
        self.seen.retain(|_, last| now - *last < REMEMBERED);
        self.seen.insert(identity.to_owned(), now);
    }

    /// One waits no more.
    pub(super) fn gone(&mut self, poller: Poller) {
        self.waiting.retain(|waiting| *waiting != poller);
    }

    /// Forgets who was there; whoever waits goes on waiting.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
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
        !self.waiting.is_empty() || self.seen.values().any(|last| now - last < time)
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
