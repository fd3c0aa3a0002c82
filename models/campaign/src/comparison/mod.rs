//! What comparing two executions of plans finds: the data. `resurgam-compare` finds it.
//!
//! A difference is named by a [`Freedom`] or it is unexplained; a [`Tally`] is the sum of many cases.

mod freedom;
mod tally;

pub use freedom::Freedom;
pub use tally::{Count, Shown, Tally, VERSION};

use std::collections::{BTreeMap, BTreeSet};

/// What was found about one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// By workflow slot.
    pub slots: BTreeMap<u8, Slot>,
    /// Attempts of client operations that both have.
    pub calls: u64,
    /// Of these, answered alike.
    pub calls_equal: u64,
    /// Of these, answered differently by a freedom.
    pub calls_explained: BTreeMap<Freedom, u64>,
    /// Of these, answered differently for no reason known.
    pub calls_unexplained: Vec<Difference>,
}

/// What was found about one workflow slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Nothing in the plan leaves the course of this slot to chance.
    pub calm: bool,
    /// The chains of runs and how each ended are equal.
    pub same_outcome: bool,
    /// The freedoms that the differences need; none if the normal histories are equal.
    pub freedoms: BTreeSet<Freedom>,
    /// Differences that no freedom explains.
    pub unexplained: Vec<Difference>,
}

impl Slot {
    /// Equal, but for what local activities drew and what follows from it.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        let drawn = |freedom: &Freedom| matches!(freedom, Freedom::DrawnValue | Freedom::Follows);
        self.unexplained.is_empty() && self.freedoms.iter().all(drawn)
    }
}

/// A difference that nothing explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The run, as `w0:o3#1/5#0`: slot, operation that started it, number in its chain, child number and so on; for a
    /// call, the number of the operation in the plan.
    pub place: String,
    /// Why nothing explains it.
    pub why: String,
    /// What stands there in each of the two; empty if nothing does.
    pub lines: [String; 2],
}
