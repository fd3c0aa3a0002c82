//! What is kept of closed runs when the time is over for which their namespace keeps them.
//!
//! At the end of some cases, when everything is closed and has been read, time goes on until the runs may be deleted. From then on
//! these lines say what the store still holds of each, and what readers are told. An audit says nothing of that: it is
//! about what is still to be done.

use crate::audit::CurrentRow;
use crate::time::{At, UnixMillis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the store holds of closed runs at one moment. Everything is sorted by the names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// What a clock shows that is right.
    pub now: UnixMillis,
    /// How long the namespace keeps closed runs, in milliseconds.
    pub retention: UnixMillis,
    /// Whatever may be deleted has had the time for it, without faults.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last: bool,
    /// The runs of which there is anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<KeptRun>,
    /// Which run is the current one, for every workflow id that has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current: Vec<CurrentRow>,
}

/// What there is of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct KeptRun {
    /// The run id.
    pub run_id: String,
    /// When it closed, by its row; 0 if it has none, or has not closed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub closed: UnixMillis,
    /// Its row is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub row: bool,
    /// Something of its history is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub history: bool,
}

/// A reader asked for the history of a closed run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sought {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// When the reader began.
    pub from: At,
    /// What a clock that is right showed when it was answered.
    pub now: UnixMillis,
    /// It asked when whatever may be deleted had had the time for it, without faults.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last: bool,
    /// How many events it was shown, to the end; `None`: it was told that there is no such run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
