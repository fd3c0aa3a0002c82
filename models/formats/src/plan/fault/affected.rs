//! What faults are done to, and the families of faults that follow from it.

use super::database::DatabaseFault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn is_false(value: &bool) -> bool {
    !*value
}

/// What a fault does something to, by indices of nodes as the plan has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affected<'f> {
    /// The links between a side and all others.
    Links {
        /// The side that is cut off from all others.
        side: &'f Side,
        /// Whether messages are lost, and not only late.
        lossy: bool,
    },
    /// The process of a node.
    Node {
        /// The index of the node.
        node: u8,
        /// Whether it stands still, and does not end.
        paused: bool,
    },
    /// The clock of a node.
    Clock {
        /// The index of the node.
        node: u8,
        /// By how much it is wrong.
        by_ms: i32,
    },
    /// The store, as one node sees it or all do.
    Store {
        /// The index of the node; `None` if all nodes see it.
        node: Option<u8>,
    },
    /// The database itself, and with it all nodes.
    Database(DatabaseFault),
    /// The next calls of the frontend.
    Calls {
        /// Whether calls of clients or of workers.
        by: Caller,
        /// So many calls.
        calls: u8,
    },
}

impl Affected<'_> {
    /// The node that stands still, if one does.
    #[must_use]
    pub fn paused(&self) -> Option<u8> {
        match self {
            Self::Node { node, paused: true } => Some(*node),
            Self::Node { paused: false, .. }
            | Self::Links { .. }
            | Self::Clock { .. }
            | Self::Store { .. }
            | Self::Database(_)
            | Self::Calls { .. } => None,
        }
    }

    /// Whether the process of the database is killed.
    #[must_use]
    pub fn kills_database(&self) -> bool {
        match self {
            Self::Database(does) => *does == DatabaseFault::Kill,
            Self::Node { .. } | Self::Links { .. } | Self::Clock { .. } | Self::Store { .. } | Self::Calls { .. } => {
                false
            }
        }
    }
}

/// One side of a cut; the other is everybody else. A side of nobody or of everybody cuts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The nodes on it.
    pub nodes: Vec<u8>,
    /// Whether clients and workers are on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub driver: bool,
}

/// Which messages a partition loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Those that leave the side and those that go to it.
    Both,
    /// Those that leave the side.
    Out,
    /// Those that go to the side.
    In,
}

/// Who calls the frontend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Whoever starts workflows and asks about them.
    Client,
    /// Whoever polls for tasks and answers them.
    Worker,
}

/// Families of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Messages between hosts are lost or late.
    Network,
    /// Processes are killed and started again, or stand still for a while.
    Node,
    /// Clocks are wrong.
    Clock,
    /// Calls of the store fail, or their outcome is not learned.
    Store,
    /// Calls of clients and workers.
    Call,
    /// The database itself is killed, stands still, or tidies up.
    Database,
}

impl Family {
    /// Those that the simulation has.
    pub const SIMULATED: &[Self] = &[Self::Network, Self::Node, Self::Clock, Self::Store, Self::Call];
    /// All of them.
    pub const ALL: &[Self] = &[Self::Network, Self::Node, Self::Clock, Self::Store, Self::Call, Self::Database];

    /// The word used on the command line and in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Node => "node",
            Self::Clock => "clock",
            Self::Store => "store",
            Self::Call => "call",
            Self::Database => "database",
        }
    }
}
