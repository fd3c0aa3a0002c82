//! Linearizability by search, for objects without a witness: can the operations be put in one order that respects real
//! time and that a sequential specification allows?
//!
//! Wing & Gong's search with Lowe's memory of what was tried (set of operations done, state reached) and partitions: if
//! an object falls apart into independent ones, each is searched for itself. Partitions run in turn, the smallest
//! first, and the first that fails ends it all; checking one after another can exhaust memory on a large one before a
//! small one shows the fault. The problem is NP-complete, so the search has
//! a budget of steps and bytes, and says `unknown` when it is used up: never `ok`.
//!
//! Workflow ids are not judged by this but by [`crate::rules::linear`]: what workers and timers do has no caller, and a
//! call whose outcome is unknown stays open for ever. Here it serves ownership of shards, attempts at tasks,
//! and as a cross-check of those rules on small cases. It never reads a clock.

mod budget;
mod done;
mod search;
pub(crate) mod specification;
mod timeline;
mod turns;

use resurgam_formats::time::At;
use std::fmt::Debug;
use std::hash::Hash;

pub(crate) use budget::{Budget, Verdict};
pub(crate) use turns::check;

/// One operation on an object: what was asked and answered, and when. Both ends belong to the interval: two operations
/// that touch are concurrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation<C> {
    /// When it was sent.
    pub(crate) from: At,
    /// When its answer arrived; `None` if its outcome is unknown: it may take effect at any later time, or never.
    pub(crate) until: Option<At>,
    /// What was asked, and answered.
    pub(crate) call: C,
}

impl<C> Operation<C> {
    /// An operation that was answered.
    pub(crate) fn new(from: At, until: At, call: C) -> Self {
        Self { from, until: Some(until), call }
    }
    /// An operation whose outcome is unknown.
    pub(crate) fn open(from: At, call: C) -> Self {
        Self { from, until: None, call }
    }
}

/// A sequential specification.
pub(crate) trait Specification {
    /// The state of one partition. Equal states must be equal by `==`: the search remembers them.
    type State: Clone + Eq + Hash + Debug;
    /// What was asked and answered. An answer that is not known must be told apart, and allows every outcome.
    type Call: Debug;
    /// Operations with different keys are independent.
    type Key: Ord + Clone + Debug;

    /// The state of a partition before everything.
    fn initial(&self, key: &Self::Key) -> Self::State;
    /// The partition that a call belongs to.
    fn key(&self, call: &Self::Call) -> Self::Key;
    /// The state after the call, `None` if it cannot be answered so in this state.
    fn step(&self, state: &Self::State, call: &Self::Call) -> Option<Self::State>;
    /// True if the call changes no state, and what may follow does not depend on whether it was made. Where it is possible it is
    /// made at once, and nothing else is tried in its place: any order that goes on from there can have it first.
    fn only_reads(&self, call: &Self::Call) -> bool {
        let _ = call;
        false
    }
    /// True if the call is possible in every state, and the state after it is the same whatever was before.
    fn overwrites(&self, call: &Self::Call) -> bool {
        let _ = call;
        false
    }
    /// Calls of one partition that have equal numbers here do the same in every state; `None`: nothing is known to.
    fn alike(&self, call: &Self::Call) -> Option<[u32; 3]> {
        let _ = call;
        None
    }
    /// About how many bytes a state takes, what it owns included.
    fn weight(&self, state: &Self::State) -> usize {
        size_of_val(state)
    }
}

#[cfg(test)]
mod tests;
