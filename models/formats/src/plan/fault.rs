//! Faults: what is done to the nodes, links, clocks, the store and the callers of a case, as data.
//!
//! A fault has a time, a duration, a subject and a kind. Subjects are indices modulo what exists, so that a plan with
//! fewer nodes is a plan. A fault that finds nothing to harm (a side without nodes, a commit that never comes) does
//! nothing; the recording says what it hit. Nothing here says how a world does it, and a world that cannot do a fault
//! must refuse the plan, not leave it out.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// When it begins, after the start of the case.
    pub at_ms: Millis,
    /// How long it lasts. Those that spoil the next calls lie in wait that long, or, with 0, until they are used up or
    /// the cluster is healed. A clock step has no end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub for_ms: Millis,
    /// What.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn is_zero(ms: &Millis) -> bool {
    *ms == 0
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// Kinds of faults.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum FaultKind {
    /// Messages between a side and all others are lost; open connections never learn of it.
    Partition {
        /// One side.
        #[serde(flatten)]
        side: Side,
        /// Which messages.
        way: Way,
    },
    /// Messages between a side and all others are held back, and delivered at the end.
    Hold {
        /// One side.
        #[serde(flatten)]
        side: Side,
    },
    /// Messages between a side and all others take longer.
    Slow {
        /// One side.
        #[serde(flatten)]
        side: Side,
        /// By so much.
        by_ms: Millis,
    },
    /// The process of a node is killed: peers see closed connections. It is started again at the end.
    Kill {
        /// The node.
        node: u8,
    },
    /// A node loses power: peers hear nothing any more. It is started again at the end.
    PowerLoss {
        /// The node.
        node: u8,
    },
    /// The clock of a node is wrong for a while.
    ClockSkew {
        /// The node.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// The clock of a node is set, once and for all.
    ClockStep {
        /// The node.
        node: u8,
        /// By so many milliseconds.
        by_ms: i32,
    },
    /// What a node asks of the store never arrives there; the node waits for its timeout.
    StoreUnreachable {
        /// The node.
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
        /// How many.
        calls: u8,
        /// How they end. It also says which calls are meant.
        outcome: StoreOutcome,
    },
    /// The next calls are executed, but their replies do not arrive.
    ReplyLost {
        /// Whose calls.
        by: Caller,
        /// How many.
        calls: u8,
    },
    /// The next calls are sent once more, with the same request id, before the first is answered.
    CallRepeated {
        /// Whose calls.
        by: Caller,
        /// How many.
        calls: u8,
    },
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
    /// All.
    Both,
    /// Those that leave the side.
    Out,
    /// Those that go to the side.
    In,
}

/// Kinds of partitions of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionKind {
    /// A history shard.
    Shard,
    /// A task queue.
    Queue,
    /// Event histories, which are appended to.
    History,
    /// Everything else.
    Other,
}

/// How a call of the store ends. Source: docs/cassandra-semantics.md, “What an answer says”.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreOutcome {
    /// A commit is applied if its condition holds; the answer is lost.
    CommitReplyLost,
    /// A commit is never applied; the sender only learns that the outcome is unknown.
    CommitLost,
    /// The outcome is unknown; what was sent starts this much later, and then finds what it finds.
    CommitLate(Millis),
    /// The outcome is unknown; what was sent starts directly after the sender's next decided commit on that
    /// partition, that is its fence, if it has one.
    CommitAfterFence,
    /// The outcome is unknown; the commit is accepted by a minority. Plain reads may show it or not, until a later
    /// commit or serial read on that partition settles it, one way or the other.
    CommitLimbo,
    /// A commit is applied and sent once more on the way; the answer is that to the second.
    CommitResent,
    /// A commit is certainly not applied, and the sender is told so.
    CommitUnavailable,
    /// An append takes effect; the acknowledgement is lost.
    AppendReplyLost,
    /// An append is unacknowledged and takes effect this much later.
    AppendLate(Millis),
    /// An append is unacknowledged and never takes effect.
    AppendLost,
    /// An append is unacknowledged and a part of its rows takes effect.
    AppendPartial,
    /// A read fails.
    ReadFails,
}

/// What kind of call an outcome is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreCall {
    /// A conditional batch.
    Commit,
    /// An append of plain rows.
    Append,
    /// A read, plain or serial.
    Read,
}

/// Who calls the frontend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// Clients.
    Client,
    /// Workers.
    Worker,
}

/// Families of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Links.
    Network,
    /// Nodes.
    Node,
    /// Clocks.
    Clock,
    /// The store.
    Store,
    /// Calls of clients and workers.
    Call,
}

impl Family {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Network, Self::Node, Self::Clock, Self::Store, Self::Call];
}

impl Fault {
    /// When it is over, after the start of the case. What lies in wait until it is used up, or lasts for ever, is over
    /// as far as the plan says when it began.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        let until = u64::from(self.at_ms) + u64::from(self.for_ms);
        match &self.kind {
            FaultKind::ClockStep { .. } => u64::from(self.at_ms),
            FaultKind::Store { outcome: StoreOutcome::CommitLate(ms) | StoreOutcome::AppendLate(ms), .. } => {
                until + u64::from(*ms)
            }
            _ => until,
        }
    }
}

impl FaultKind {
    /// Its family.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::Partition { .. } | Self::Hold { .. } | Self::Slow { .. } => Family::Network,
            Self::Kill { .. } | Self::PowerLoss { .. } => Family::Node,
            Self::ClockSkew { .. } | Self::ClockStep { .. } => Family::Clock,
            Self::StoreUnreachable { .. } | Self::Store { .. } => Family::Store,
            Self::ReplyLost { .. } | Self::CallRepeated { .. } => Family::Call,
        }
    }
}

impl StoreOutcome {
    /// Which calls end so.
    #[must_use]
    pub fn call(self) -> StoreCall {
        match self {
            Self::CommitReplyLost
            | Self::CommitLost
            | Self::CommitLate(_)
            | Self::CommitAfterFence
            | Self::CommitLimbo
            | Self::CommitResent
            | Self::CommitUnavailable => StoreCall::Commit,
            Self::AppendReplyLost | Self::AppendLate(_) | Self::AppendLost | Self::AppendPartial => StoreCall::Append,
            Self::ReadFails => StoreCall::Read,
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
