//! Names of partitions: a kind and a name.
//!
//! The kind is what a fault of the store may aim at ("the next two commits on shards"), and what a reader of a recording
//! goes by. It decides nothing else: whoever has neither shards nor task queues calls everything [`PartitionKind::Other`],
//! and is hit by the faults that aim at nothing in particular.

use std::fmt;
use std::str::FromStr;

/// What a partition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartitionKind {
    /// A shard of workflows.
    Shard,
    /// A task queue.
    Queue,
    /// The events of a run, which are appended to and never committed.
    History,
    /// Whatever is none of these.
    Other,
}

impl PartitionKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Shard, Self::Queue, Self::History, Self::Other];

    /// The word in front of names.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shard => "shard",
            Self::Queue => "queue",
            Self::History => "history",
            Self::Other => "other",
        }
    }
}

/// Name of a partition, the unit of atomicity. As text it is `shard/3`: kind, slash, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// What it is for.
    pub kind: PartitionKind,
    /// Which of its kind; any text.
    pub name: String,
}

impl Partition {
    /// A shard of workflows.
    pub fn shard(name: impl Into<String>) -> Self {
        Self { kind: PartitionKind::Shard, name: name.into() }
    }

    /// A task queue.
    pub fn queue(name: impl Into<String>) -> Self {
        Self { kind: PartitionKind::Queue, name: name.into() }
    }

    /// The events of a run.
    pub fn history(name: impl Into<String>) -> Self {
        Self { kind: PartitionKind::History, name: name.into() }
    }

    /// What is no shard, queue or history.
    pub fn other(name: impl Into<String>) -> Self {
        Self { kind: PartitionKind::Other, name: name.into() }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.word(), self.name)
    }
}

/// A text that does not begin with the word of a kind and a slash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a partition: kind, slash, name")]
pub struct NotAPartition(String);

impl FromStr for Partition {
    type Err = NotAPartition;

    fn from_str(text: &str) -> Result<Self, NotAPartition> {
        let (word, name) = text.split_once('/').ok_or_else(|| NotAPartition(text.to_owned()))?;
        let kind = PartitionKind::ALL.iter().copied().find(|kind| kind.word() == word);
        Ok(Self { kind: kind.ok_or_else(|| NotAPartition(text.to_owned()))?, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for partition in
            [Partition::shard("3"), Partition::queue("n/w/q"), Partition::history(""), Partition::other("é")]
        {
            assert_eq!(partition.to_string().parse(), Ok(partition));
        }
        for wrong in ["shard", "", "shards/3", "/3"] {
            assert!(wrong.parse::<Partition>().is_err(), "{wrong}");
        }
    }
}
