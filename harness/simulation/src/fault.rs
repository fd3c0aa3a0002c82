//! What can be done to a simulation: to its links, its nodes and their clocks, as data.
//!
//! Everything else (to a database, to the calls of clients) is done by whoever built the simulation: see
//! [`ExternalFaults`](crate::ExternalFaults).

use std::time::Duration;

/// One fault. Nodes are named by the order of their registration, modulo their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Messages between a side and all others are lost; open connections never learn of it.
    Partition {
        /// Who is cut off from everybody else.
        side: Side,
        /// The direction of the messages that are lost.
        way: Way,
    },
    /// Messages between a side and all others are held back, and delivered at the end.
    Hold {
        /// Whose messages to and from everybody else wait.
        side: Side,
    },
    /// Messages between a side and all others take longer.
    Slow {
        /// Who is further away from everybody else.
        side: Side,
        /// By so much.
        by: Duration,
    },
    /// The process of a node is killed: peers see closed connections. It is started again at the end.
    Kill {
        /// The node whose process ends.
        node: u8,
    },
    /// A node loses power: peers hear nothing any more. It is started again at the end.
    PowerLoss {
        /// The node that falls silent.
        node: u8,
    },
    /// A node stands still: nothing of it runs, and what is sent to it waits. It goes on at the end.
    Pause {
        /// The node that does nothing.
        node: u8,
    },
    /// The clock of a node is wrong for a while.
    ClockSkew {
        /// The node whose clock goes wrong.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// The clock of a node is set, once and for all.
    ClockStep {
        /// The node whose clock is set.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// Something that only [`ExternalFaults`](crate::ExternalFaults) can do; the name of the fault says what.
    External,
}

/// One side of a cut; the other is everybody else. A side of nobody or of everybody cuts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The nodes on it.
    pub nodes: Vec<u8>,
    /// Whether the driver is on it.
    pub driver: bool,
}

impl Side {
    /// A side with one node on it.
    #[must_use]
    pub fn of(node: u8) -> Self {
        Self { nodes: vec![node], driver: false }
    }
}

/// Which messages a partition loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All that cross the cut.
    Both,
    /// Those that leave the side.
    Out,
    /// Those that go to the side.
    In,
}
