//! Sequential specifications of what rules search orders for: the head rows of partitions, and attempts at tasks.

use super::Specification;

/// The head row of a shard or a task queue partition: owners fence one another, and write as long as they are not fenced.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ownership;

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
    /// Acquire: if the range is this, it becomes one more.
    Fence(u64),
    /// A batch was applied under this range: a moment at which the range was this.
    Hold(u64),
}

impl Specification for Ownership {
    /// The range: one more with each owner.
    type State = u64;
    type Call = HeadCall;
    type Key = u32;

    fn initial(&self, _: &u32) -> u64 {
        0
    }
    fn key(&self, call: &HeadCall) -> u32 {
        call.shard
    }
    fn step(&self, state: &u64, call: &HeadCall) -> Option<u64> {
        let after = match call.what {
            HeadWhat::Fence(range) => (*state == range).then_some(range + 1),
            HeadWhat::Hold(range) => return (*state == range).then_some(*state),
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
