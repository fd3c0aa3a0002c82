//! The one atomic write: what it tests, what it sets, and which commits no store may take.
//!
//! Every store decides by these functions or by statements that mean the same; nothing here knows any store.

use super::row::Key;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::ops::Range;
use uuid::Uuid;

/// The row that every commit to a partition tests and sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Raised by every fence: which tenure this is.
    pub range: u64,
    /// Raised by every batch, kept by fences.
    pub sequence: u64,
    /// Id of the last batch that took effect, kept by fences; nil before the first.
    pub batch: Uuid,
    /// Who fenced last: a nonce of the tenure, with the node's name in front for readers.
    pub owner: String,
}

/// What has to hold of the head row for a commit to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is none: the partition is new.
    Absent,
    /// There is one, and every value that is given is the current one.
    Equal {
        /// The tenure that has to last.
        range: Option<u64>,
        /// The number of the last batch; a fence leaves it open.
        sequence: Option<u64>,
    },
}

impl Condition {
    /// Whether it holds of the head row as it is.
    #[must_use]
    pub fn holds(&self, head: Option<&Head>) -> bool {
        match (self, head) {
            (Self::Absent, head) => head.is_none(),
            (Self::Equal { .. }, None) => false,
            (Self::Equal { range, sequence }, Some(head)) => {
                range.is_none_or(|range| range == head.range)
                    && sequence.is_none_or(|sequence| sequence == head.sequence)
            }
        }
    }
}

/// What a commit sets in the head row. What it does not name keeps the value that it has *when the commit takes effect*,
/// which may be another than its sender knew of: that is how a fence keeps a batch that came in late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new tenure.
    Fence {
        /// The number of the tenure, above all before.
        range: u64,
        /// Who sends the fence: a nonce of the tenure, with the node's name in front.
        owner: String,
    },
    /// A batch of the current tenure.
    Batch {
        /// The number of the batch, one above the last.
        sequence: u64,
        /// The id by which its sender will know it again.
        batch: Uuid,
    },
}

impl Change {
    /// The head row afterwards.
    #[must_use]
    pub fn of(&self, head: Option<&Head>) -> Head {
        let head = head.cloned().unwrap_or(Head { range: 0, sequence: 0, batch: Uuid::nil(), owner: String::new() });
        match self.clone() {
            Self::Fence { range, owner } => Head { range, owner, ..head },
            Self::Batch { sequence, batch } => Head { sequence, batch, ..head },
        }
    }
}

/// One conditional batch on one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Tested on the head row.
    pub condition: Condition,
    /// Set in the head row.
    pub change: Change,
    /// Final rows; `None` deletes. No key twice, and none inside [`Commit::deleted`]: a store refuses that, since all
    /// statements of a batch share one timestamp and one of them would be lost.
    pub rows: Vec<(Key, Option<Bytes>)>,
    /// Ranges of rows to delete.
    pub deleted: Vec<Range<Key>>,
}

impl Commit {
    /// Why no store may take this commit, if so: it names a row twice.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        for (key, _) in &self.rows {
            if !seen.insert(key) {
                return Some(format!("the row {key} is named twice"));
            }
            if self.deleted.iter().any(|range| range.contains(key)) {
                return Some(format!("the row {key} is in a range that is deleted"));
            }
        }
        None
    }
}
