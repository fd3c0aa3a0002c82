//! How calls of the store can end, and which of its partitions are meant.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Whatever is none of these.
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
    /// A commit is applied if its condition holds; the sender is told that somebody is overloaded, which with the older Paxos says
    /// nothing of that. Random plans do not have it: to who asks as little of the answer as the store allows it is a lost reply.
    CommitOverloaded,
    /// An append, or a plain delete, takes effect; the acknowledgement is lost.
    AppendReplyLost,
    /// An append, or a plain delete, is unacknowledged and takes effect this much later.
    AppendLate(Millis),
    /// An append, or a plain delete, is unacknowledged and never takes effect.
    AppendLost,
    /// An append, or a plain delete, is unacknowledged and takes effect on a part of its rows.
    AppendPartial,
    /// A read fails.
    ReadFails,
}

/// What kind of call an outcome is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreCall {
    /// A conditional batch.
    Commit,
    /// An append of plain rows, or a plain delete.
    Append,
    /// A read, plain or serial.
    Read,
}

impl StoreOutcome {
    /// All but those that say how much later something takes effect.
    pub(crate) const PROMPT: &[Self] = &[
        Self::CommitReplyLost,
        Self::CommitLost,
        Self::CommitAfterFence,
        Self::CommitLimbo,
        Self::CommitResent,
        Self::CommitUnavailable,
        Self::CommitOverloaded,
        Self::AppendReplyLost,
        Self::AppendLost,
        Self::AppendPartial,
        Self::ReadFails,
    ];

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
            | Self::CommitUnavailable
            | Self::CommitOverloaded => StoreCall::Commit,
            Self::AppendReplyLost | Self::AppendLate(_) | Self::AppendLost | Self::AppendPartial => StoreCall::Append,
            Self::ReadFails => StoreCall::Read,
        }
    }

    /// The name of the fault that makes calls end so.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CommitReplyLost => "commit_reply_lost",
            Self::CommitLost => "commit_lost",
            Self::CommitLate(_) => "commit_late",
            Self::CommitAfterFence => "commit_after_fence",
            Self::CommitLimbo => "commit_limbo",
            Self::CommitResent => "commit_resent",
            Self::CommitUnavailable => "commit_unavailable",
            Self::CommitOverloaded => "commit_overloaded",
            Self::AppendReplyLost => "append_reply_lost",
            Self::AppendLate(_) => "append_late",
            Self::AppendLost => "append_lost",
            Self::AppendPartial => "append_partial",
            Self::ReadFails => "read_fails",
        }
    }

    /// How much later a call takes effect.
    pub(super) fn late_ms(mut self) -> Millis {
        self.late_ms_mut().copied().unwrap_or(0)
    }

    /// How much later a call takes effect, where that can be chosen.
    pub(super) fn late_ms_mut(&mut self) -> Option<&mut Millis> {
        match self {
            Self::CommitLate(ms) | Self::AppendLate(ms) => Some(ms),
            Self::CommitReplyLost
            | Self::CommitLost
            | Self::CommitAfterFence
            | Self::CommitLimbo
            | Self::CommitResent
            | Self::CommitUnavailable
            | Self::CommitOverloaded
            | Self::AppendReplyLost
            | Self::AppendLost
            | Self::AppendPartial
            | Self::ReadFails => None,
        }
    }
}
