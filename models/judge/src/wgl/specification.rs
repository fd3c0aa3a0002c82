//! Sequential specifications of what Resurgam searches orders for: registers, keys and values, shards, tasks and attempts.

use super::Specification;

/// A register with compare-and-set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// A call on a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterCall {
    /// It held this (`None`: nothing yet).
    Read(Option<i64>),
    /// It is to hold this.
    Write(i64),
    /// If it holds the first, it is to hold the second; whether it did, `None` if that is not known.
    CompareAndSet(i64, i64, Option<bool>),
}

impl Specification for Register {
    type State = Option<i64>;
    type Call = RegisterCall;
    type Key = ();

    fn initial(&self, (): &()) -> Self::State {
        None
    }
    fn key(&self, _: &RegisterCall) {}
    fn step(&self, state: &Self::State, call: &RegisterCall) -> Option<Self::State> {
        match call {
            RegisterCall::Read(value) => (value == state).then_some(*state),
            RegisterCall::Write(value) => Some(Some(*value)),
            RegisterCall::CompareAndSet(from, to, done) => {
                let fits = *state == Some(*from);
                done.is_none_or(|done| done == fits).then_some(if fits { Some(*to) } else { *state })
            }
        }
    }
}

/// A map of texts; each key is a partition of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValue;

/// A call on a key of [`KeyValue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCall {
    /// The key that it is about.
    pub key: u32,
    /// What it does with the key.
    pub what: KeyWhat,
}

/// What a call does with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyWhat {
    /// It held this; empty if nothing was put.
    Get(String),
    /// It is to hold this.
    Put(String),
    /// This is added behind what it holds.
    Append(String),
}

impl Specification for KeyValue {
    type State = String;
    type Call = KeyCall;
    type Key = u32;

    fn initial(&self, _: &u32) -> String {
        String::new()
    }
    fn key(&self, call: &KeyCall) -> u32 {
        call.key
    }
    fn step(&self, state: &String, call: &KeyCall) -> Option<String> {
        match &call.what {
            KeyWhat::Get(value) => (value == state).then(|| state.clone()),
            KeyWhat::Put(value) => Some(value.clone()),
            KeyWhat::Append(value) => Some(format!("{state}{value}")),
        }
    }
    fn weight(&self, state: &String) -> usize {
        size_of::<String>() + state.len()
    }
}

/// The head row of a shard or a task queue partition: a fence, and a sequence of batches below it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ownership;

/// Range id and sequence of a head row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    /// The fence: one more with each owner.
    pub range: u64,
    /// Batches committed so far.
    pub sequence: u64,
}

/// A conditional write on the head row of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadCall {
    /// The shard whose head row it is.
    pub shard: u32,
    /// What it writes, and on which condition.
    pub what: HeadWhat,
    /// Whether it was applied, `None` if that is not known.
    pub applied: Option<bool>,
}

/// What is done to a head row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadWhat {
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

/// Tasks that are claimed: each attempt of a task by at most one claimant, who may ask again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims;

/// A claim of one attempt of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimCall {
    /// The task that is claimed.
    pub task: u64,
    /// Which attempt at the task is claimed.
    pub attempt: u32,
    /// The claimant's request id: the same when it asks again.
    pub request: u64,
    /// Whether it has the task now (false: someone else has), `None` if that is not known.
    pub granted: Option<bool>,
}

impl Specification for Claims {
    /// Who has it.
    type State = Option<u64>;
    type Call = ClaimCall;
    type Key = (u64, u32);

    fn initial(&self, _: &(u64, u32)) -> Self::State {
        None
    }
    fn key(&self, call: &ClaimCall) -> (u64, u32) {
        (call.task, call.attempt)
    }
    fn step(&self, state: &Self::State, call: &ClaimCall) -> Option<Self::State> {
        let after = Some(state.unwrap_or(call.request));
        let mine = after == Some(call.request);
        call.granted.is_none_or(|granted| granted == mine).then_some(after)
    }
}

/// Attempts at work that workers were handed: each runs until it ends, once, and is over from then on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts;

/// A call about an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCall {
    /// The attempt that it is about.
    pub attempt: usize,
    /// What it says of the attempt.
    pub what: AttemptWhat,
}

/// What a call says of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptWhat {
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
