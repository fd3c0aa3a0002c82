//! Objects of the literature, whose orders the search has to find: a register, a map, claims of tasks.

use crate::wgl::Specification;

/// A register with compare-and-set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Register;

/// A call on a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegisterCall {
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
pub(crate) struct KeyValue;

/// A call on a key of [`KeyValue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyCall {
    /// The key that it is about.
    pub(crate) key: u32,
    /// What it does with the key.
    pub(crate) what: KeyWhat,
}

/// What a call does with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyWhat {
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

/// Tasks that are claimed: each attempt of a task by at most one claimant, who may ask again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Claims;

/// A claim of one attempt of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimCall {
    /// The task that is claimed.
    pub(crate) task: u64,
    /// Which attempt at the task is claimed.
    pub(crate) attempt: u32,
    /// The claimant's request id: the same when it asks again.
    pub(crate) request: u64,
    /// Whether it has the task now (false: someone else has), `None` if that is not known.
    pub(crate) granted: Option<bool>,
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
