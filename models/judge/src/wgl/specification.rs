//! Sequential specifications of what rules search orders for: the head rows of partitions, and attempts at tasks.

use super::Specification;

/// The head row of a shard or a task queue partition: a fence, and a sequence of batches below it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ownership;

/// Range id and sequence of a head row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Head {
    /// The fence: one more with each owner.
    pub(crate) range: u64,
    /// Batches committed so far.
    pub(crate) sequence: u64,
}

/// A conditional write on the head row of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadCall {
    /// The shard whose head row it is.
    pub(crate) shard: u32,
    /// What it writes, and on which condition.
    pub(crate) what: HeadWhat,
    /// Whether it was applied, `None` if that is not known.
    pub(crate) applied: Option<bool>,
}

/// What is done to a head row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadWhat {
    /// Acquire: if the range is this, it becomes one more; the sequence stays.
    Fence(u64),
    /// Commit a batch: if range and sequence are these, the sequence becomes one more.
    Commit(Head),
    /// A serial read that saw this.
    Read(Head),
    /// A batch was applied under this range, of whatever sequence: a moment at which the range was this.
    Hold(u64),
}

impl Specification for Ownership {
    type State = Head;
    type Call = HeadCall;
    type Key = u32;

    fn initial(&self, _: &u32) -> Head {
        Head::default()
    }
    fn key(&self, call: &HeadCall) -> u32 {
        call.shard
    }
    fn step(&self, state: &Head, call: &HeadCall) -> Option<Head> {
        let after = match call.what {
            HeadWhat::Fence(range) => (state.range == range).then_some(Head { range: range + 1, ..*state }),
            HeadWhat::Commit(head) => (*state == head).then_some(Head { sequence: head.sequence + 1, ..head }),
            HeadWhat::Read(head) => return (*state == head).then_some(*state),
            HeadWhat::Hold(range) => return (state.range == range).then_some(*state),
        };
        match call.applied {
            Some(true) => after,
            Some(false) => after.is_none().then_some(*state),
            None => Some(after.unwrap_or(*state)),
        }
    }
}

/// Attempts at work that workers were handed: each runs until it ends, once, and is over from then on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts;

/// A call about an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptCall {
    /// The attempt that it is about.
    pub(crate) attempt: usize,
    /// What it says of the attempt.
    pub(crate) what: AttemptWhat,
}

/// What a call says of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptWhat {
    /// A worker ended it.
    End,
    /// A worker reported progress of it.
    Progress,
    /// A worker was told that it is over.
    Gone,
    /// The server ended it, if it had not ended: it took too long, or what it was for is over.
    Expire,
}

impl Specification for Attempts {
    /// It is over.
    type State = bool;
    type Call = AttemptCall;
    type Key = usize;

    fn initial(&self, _: &usize) -> bool {
        false
    }
    fn key(&self, call: &AttemptCall) -> usize {
        call.attempt
    }
    fn step(&self, over: &bool, call: &AttemptCall) -> Option<bool> {
        match call.what {
            AttemptWhat::End => (!over).then_some(true),
            AttemptWhat::Progress => (!over).then_some(false),
            AttemptWhat::Gone => over.then_some(true),
            AttemptWhat::Expire => Some(true),
        }
    }
}
