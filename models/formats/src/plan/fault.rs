//! Faults: what is done to the nodes, links, clocks, the store and the callers of a case, as data.
//!
//! A fault has a time, a duration, a subject and a kind. Subjects are indices modulo what exists, so that a plan with
//! fewer nodes is a plan. A fault that finds nothing to hit (a side without nodes, a commit that never comes) does
//! nothing; the recording says how often it made a difference. Nothing here says how a world does it, and a world that cannot do a fault
//! must refuse the plan, not leave it out.
//!
//! Who needs to tell kinds apart asks [`FaultKind::affects`], [`FaultKind::extent`] or [`FaultKind::parts_mut`], so that a new
//! kind is described here, once, and does not compile until it is.

mod affected;
mod database;
mod extent;
mod moment;
mod name;
mod parts;
mod store;
mod words;

pub use affected::{Affected, Caller, Family, Side, Way};
pub use database::DatabaseFault;
pub use extent::Extent;
pub use moment::{FaultMoment, Happening};
pub use parts::Parts;
pub use store::{PartitionKind, StoreCall, StoreOutcome};
pub(crate) use words::counted;

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that is done to the cluster, and when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// When it begins, after the start of the case, or begins to wait for its moment.
    pub at_ms: Millis,
    /// How long it lasts. A fault of the next calls waits that long for them, or, with 0, until they have come or the
    /// cluster is healed. A clock step has no end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub for_ms: Millis,
    /// It begins directly after this, if it comes within [`FaultMoment::PATIENCE_MS`]. If a node did it, a fault that names a node
    /// is done to that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<FaultMoment>,
    /// What is done, and to whom.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn is_zero(ms: &Millis) -> bool {
    *ms == 0
}

/// Kinds of faults.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum FaultKind {
    /// Messages between a side and all others are lost; open connections never learn of it.
    Partition {
        /// The side that is cut off from all others.
        #[serde(flatten)]
        side: Side,
        /// Which messages are lost.
        way: Way,
    },
    /// Messages between a side and all others are held back, and delivered at the end.
    Hold {
        /// The side that is cut off from all others.
        #[serde(flatten)]
        side: Side,
    },
    /// Messages between a side and all others take longer.
    Slow {
        /// The side that is cut off from all others.
        #[serde(flatten)]
        side: Side,
        /// By so much.
        by_ms: Millis,
    },
    /// The process of a node is killed: peers see closed connections. It is started again at the end.
    Kill {
        /// The index of the node, modulo how many there are.
        node: u8,
    },
    /// A node loses power: peers hear nothing any more. It is started again at the end.
    PowerLoss {
        /// The index of the node, modulo how many there are.
        node: u8,
    },
    /// The process of a node, whichever it is, stands still; what is sent to it waits. At the end it goes on with its memory.
    Pause {
        /// The index of the node, modulo how many there are.
        node: u8,
    },
    /// The clock of a node is wrong for a while.
    ClockSkew {
        /// The index of the node, modulo how many there are.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// The clock of a node is set, once and for all.
    ClockStep {
        /// The index of the node, modulo how many there are.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// What a node asks of the store never arrives there; the node waits for its timeout.
    StoreUnreachable {
        /// The index of the node, modulo how many there are.
        node: u8,
    },
    /// The next calls of the store end in a certain way.
    Store {
        /// Only those of this node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<u8>,
        /// Only those on such partitions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionKind>,
        /// So many calls.
        calls: u8,
        /// How they end. It also says which calls are meant.
        outcome: StoreOutcome,
    },
    /// Something is done to the database itself, which only a world with a real one can do.
    Database {
        /// What is done.
        does: DatabaseFault,
    },
    /// The next calls are executed, but their replies do not arrive.
    ReplyLost {
        /// Whether calls of clients or of workers.
        by: Caller,
        /// So many calls.
        calls: u8,
    },
    /// The next calls are sent once more, with the same request id, before the first is answered.
    CallRepeated {
        /// Whether calls of clients or of workers.
        by: Caller,
        /// So many calls.
        calls: u8,
    },
}

impl Fault {
    /// When it is over at the latest, after the start of the case. A fault that waits for calls without a limit of time, or lasts for
    /// ever, counts as over when it begins.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        let patience = self.moment.map_or(0, |_| FaultMoment::PATIENCE_MS);
        let (at, lasts) = (u64::from(self.at_ms) + u64::from(patience), u64::from(self.for_ms));
        match self.kind.extent() {
            Extent::Forever => at,
            Extent::Period => at + lasts,
            Extent::Calls { late_ms } => at + lasts + u64::from(late_ms),
        }
    }
}

impl FaultKind {
    /// What it does something to.
    #[must_use]
    pub fn affects(&self) -> Affected<'_> {
        match self {
            Self::Partition { side, .. } => Affected::Links { side, lossy: true },
            Self::Hold { side } | Self::Slow { side, .. } => Affected::Links { side, lossy: false },
            Self::Kill { node } | Self::PowerLoss { node } => Affected::Node { node: *node, paused: false },
            Self::Pause { node } => Affected::Node { node: *node, paused: true },
            Self::ClockSkew { node, by_ms } | Self::ClockStep { node, by_ms } => {
                Affected::Clock { node: *node, by_ms: *by_ms }
            }
            Self::StoreUnreachable { node } => Affected::Store { node: Some(*node) },
            Self::Store { node, .. } => Affected::Store { node: *node },
            Self::Database { does } => Affected::Database(*does),
            Self::ReplyLost { by, calls } | Self::CallRepeated { by, calls } => {
                Affected::Calls { by: *by, calls: *calls }
            }
        }
    }

    /// How long it is in force.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self {
            Self::Partition { .. }
            | Self::Hold { .. }
            | Self::Slow { .. }
            | Self::Kill { .. }
            | Self::PowerLoss { .. }
            | Self::Pause { .. }
            | Self::ClockSkew { .. }
            | Self::StoreUnreachable { .. }
            | Self::Database { .. } => Extent::Period,
            Self::ClockStep { .. } => Extent::Forever,
            Self::Store { outcome, .. } => Extent::Calls { late_ms: outcome.late_ms() },
            Self::ReplyLost { .. } | Self::CallRepeated { .. } => Extent::Calls { late_ms: 0 },
        }
    }

    /// All that can be changed about it without making it another kind.
    pub fn parts_mut(&mut self) -> Parts<'_> {
        match self {
            Self::Partition { side, way } => Parts { side: Some(side), way: Some(way), ..Parts::default() },
            Self::Hold { side } => Parts { side: Some(side), ..Parts::default() },
            Self::Slow { side, by_ms } => Parts { side: Some(side), delay_ms: Some(by_ms), ..Parts::default() },
            Self::Kill { node } | Self::PowerLoss { node } | Self::Pause { node } | Self::StoreUnreachable { node } => {
                Parts { node: Some(node), ..Parts::default() }
            }
            Self::ClockSkew { node, by_ms } | Self::ClockStep { node, by_ms } => {
                Parts { node: Some(node), clock_by_ms: Some(by_ms), ..Parts::default() }
            }
            Self::Database { does: _ } => Parts::default(),
            Self::Store { node, partition, calls, outcome } => Parts {
                only_node: Some(node),
                only_partition: Some(partition),
                calls: Some(calls),
                delay_ms: outcome.late_ms_mut(),
                ..Parts::default()
            },
            Self::ReplyLost { by: _, calls } | Self::CallRepeated { by: _, calls } => {
                Parts { calls: Some(calls), ..Parts::default() }
            }
        }
    }

    /// The family by which it is chosen on the command line.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.affects() {
            Affected::Links { .. } => Family::Network,
            Affected::Node { .. } => Family::Node,
            Affected::Clock { .. } => Family::Clock,
            Affected::Store { .. } => Family::Store,
            Affected::Database(_) => Family::Database,
            Affected::Calls { .. } => Family::Call,
        }
    }

    /// Does to this node what names one.
    pub fn aim_at(&mut self, number: u8) {
        let Parts { side, node, only_node, .. } = self.parts_mut();
        if let Some(side) = side
            && !side.nodes.is_empty()
        {
            side.nodes = vec![number];
        }
        if let Some(node) = node.or(only_node.and_then(Option::as_mut)) {
            *node = number;
        }
    }

    /// Names nodes by their numbers in a cluster of so many, where indices go beyond them.
    pub fn name_nodes(&mut self, nodes: u8) {
        let Parts { side, node, only_node, .. } = self.parts_mut();
        if let Some(side) = side {
            side.nodes.iter_mut().for_each(|index| *index %= nodes);
            side.nodes.sort_unstable();
            side.nodes.dedup();
        }
        if let Some(node) = node.or(only_node.and_then(Option::as_mut)) {
            *node %= nodes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn faults_are_flat_objects() {
        let fault = Fault {
            at_ms: 100,
            for_ms: 300,
            moment: None,
            kind: FaultKind::Partition { side: Side { nodes: vec![1], driver: true }, way: Way::Out },
        };
        let text =
            json!({"at_ms": 100, "for_ms": 300, "fault": "partition", "nodes": [1], "driver": true, "way": "out"});
        assert_eq!(serde_json::to_value(&fault).unwrap(), text);
        assert_eq!(serde_json::from_value::<Fault>(text).unwrap(), fault);
        let late = json!({"at_ms": 5, "fault": "store", "calls": 2, "outcome": {"commit_late": 70}});
        let read: Fault = serde_json::from_value(late.clone()).unwrap();
        assert_eq!(read.end_ms(), 75);
        assert_eq!(serde_json::to_value(&read).unwrap(), late);
        assert!(serde_json::from_value::<Fault>(json!({"at_ms": 5, "fault": "earthquake"})).is_err());
    }
}
