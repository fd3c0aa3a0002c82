//! Growth: how much there is of something that a call does not touch, and that is therefore not to make it dearer.
//!
//! In a simulation, and on a target that promises narrow batches: when everything has been read, the same calls are made
//! beside a few of a crowd and beside all of it, and what they cost is counted in the store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// What there is many of.
    pub of: Crowd,
    /// How many, at the end.
    pub to: u16,
    /// The faults of the plan happen once more while it grows from a few to all of it. Calls are counted when they are over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub faults: bool,
}

/// What there can be many of beside a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Crowd {
    /// Signals of an open workflow, which is signalled once more and described.
    #[default]
    Signals,
    /// Closed runs of a workflow id, which is started and terminated once more.
    Runs,
    /// Closed workflows; one more is started and terminated.
    Closed,
    /// Open workflows; one more is started and terminated.
    Open,
    /// Task queues, each with a task; a workflow of another one is started and terminated.
    Queues,
    /// Namespaces; in another one, a workflow is signalled, and one that is not there is described.
    Namespaces,
}

impl Crowd {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Signals, Self::Runs, Self::Closed, Self::Open, Self::Queues, Self::Namespaces];

    /// The words used in every output.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Signals => "signals of a workflow",
            Self::Runs => "closed runs of a workflow id",
            Self::Closed => "closed workflows",
            Self::Open => "open workflows",
            Self::Queues => "task queues",
            Self::Namespaces => "namespaces",
        }
    }
}
