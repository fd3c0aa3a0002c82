//! Which target was chosen, as data: enough to start it again, and to write the command that does.

use crate::plan::Family;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A target, as somebody chose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Choice {
    /// A simulated cluster of an orchestrator.
    Simulation {
        /// Families of faults that plans are drawn with.
        faults: Vec<Family>,
        /// Each case ends with growths.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        large: bool,
        /// The bug that is planted in our orchestrator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bug: Option<String>,
    },
    /// A simulated cluster of an orchestrator that only a test of its own crate can give.
    Check {
        /// Families of faults that plans are drawn with.
        faults: Vec<Family>,
    },
    /// Our orchestrator in a process of its own, or, over a keyspace, in one for each node.
    Process {
        /// How many nodes it has.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        nodes: u16,
        /// Where everything is kept; absent if in the process, in memory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyspace: Option<Keyspace>,
        /// Families of faults that plans are drawn with; none in memory, where all nodes are one process.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        faults: Vec<Family>,
    },
    /// Our orchestrator in a process for each node, over Cassandra in a container that is started for the run.
    Container {
        /// How many nodes it has.
        nodes: u16,
        /// What Cassandra promises.
        durability: Durability,
        /// Families of faults that plans are drawn with.
        faults: Vec<Family>,
        /// The bug that is planted in our orchestrator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bug: Option<String>,
    },
    /// The real Temporal server, started for the run.
    Temporal,
    /// The real Temporal server as processes, over Cassandra in a container that is started for the run.
    TemporalContainer {
        /// Which processes it has.
        topology: Topology,
        /// What Cassandra promises.
        durability: Durability,
        /// Families of faults that plans are drawn with.
        faults: Vec<Family>,
    },
    /// A server that somebody else runs.
    Address {
        /// Where the server listens, as `HOST:PORT`.
        address: String,
        /// The namespace that was named; absent if the usual one was registered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        /// By what it is judged beside the contract; absent if by what it says it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<JudgedBy>,
    },
}

/// The processes of the real Temporal server. Faults name them by their place in [`Topology::processes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// One, with all services.
    #[default]
    One,
    /// One for each service.
    Services,
    /// The same, with two of history and two of matching.
    Pairs,
}

impl Topology {
    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Services => "services",
            Self::Pairs => "pairs",
        }
    }

    /// The names of its processes, in the order in which they are started. The last has the frontend.
    #[must_use]
    pub fn processes(self) -> &'static [&'static str] {
        match self {
            Self::One => &["server"],
            Self::Services => &["history", "matching", "worker", "frontend"],
            Self::Pairs => &["history-1", "history-2", "matching-1", "matching-2", "worker", "frontend"],
        }
    }

    /// The service that a process has; none if it has all.
    #[must_use]
    pub fn service(self, process: &str) -> Option<&str> {
        match self {
            Self::One => None,
            Self::Services | Self::Pairs => Some(process.split('-').next().unwrap_or(process)),
        }
    }
}

/// What a node of Cassandra promises, by how it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Nothing acknowledged is lost with a process: the log is on disk before the acknowledgement, and Paxos is the newer one.
    Strict,
    /// As it comes: the log is written to disk after the acknowledgement.
    Stock,
}

impl Durability {
    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Stock => "stock",
        }
    }
}

/// A keyspace of Cassandra, with the tables of our orchestrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyspace {
    /// A node of Cassandra, as `HOST:PORT`; several with commas between them.
    pub contact: String,
    /// The name that it has in Cassandra.
    pub name: String,
}

fn one() -> u16 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(nodes: &u16) -> bool {
    *nodes == 1
}

/// By what a server is judged beside the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    /// By the contract alone: nothing more is promised, nothing is forgiven.
    Contract,
    /// As Temporal's own server, with its known differences.
    Temporal,
    /// As our orchestrator, which promises more.
    Resurgam,
}

impl JudgedBy {
    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Temporal => "temporal",
            Self::Resurgam => "resurgam",
        }
    }
}

impl Choice {
    /// The simulation of the orchestrator as it is, with all families of faults.
    #[must_use]
    pub fn simulation() -> Self {
        Self::Simulation { faults: Family::SIMULATED.to_vec(), large: false, bug: None }
    }

    /// The word for it in the name of a run's directory.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Simulation { .. } | Self::Process { .. } | Self::Container { .. } => "builtin",
            Self::Check { .. } => "check",
            Self::Temporal | Self::TemporalContainer { .. } => "temporal",
            Self::Address { .. } => "address",
        }
    }

    /// The bug that is planted.
    #[must_use]
    pub fn bug(&self) -> Option<&str> {
        match self {
            Self::Simulation { bug, .. } | Self::Container { bug, .. } => bug.as_deref(),
            Self::Check { .. }
            | Self::Process { .. }
            | Self::Temporal
            | Self::TemporalContainer { .. }
            | Self::Address { .. } => None,
        }
    }
}

impl Default for Choice {
    fn default() -> Self {
        Self::simulation()
    }
}
