//! Conditional batches and the head row that they test.

use super::cells::{Cells, Stamp};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The row that every batch on a partition tests and sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Raised by every fence.
    pub range: u64,
    /// Raised by every batch, kept by fences.
    pub sequence: u64,
    /// Id of the last batch, kept by fences.
    pub batch: u128,
    /// Who fenced last.
    pub owner: String,
}

/// What has to hold of the head row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is none.
    Absent,
    /// There is one, and every value given here is its value.
    Equal {
        /// The range that it must have, if any matters.
        range: Option<u64>,
        /// The sequence that it must have, if any matters.
        sequence: Option<u64>,
    },
}

impl Condition {
    /// True if it holds of this head row.
    #[must_use]
    pub fn holds(self, head: Option<&Head>) -> bool {
        match (self, head) {
            (Self::Absent, None) => true,
            (Self::Equal { range, sequence }, Some(head)) => {
                range.is_none_or(|range| range == head.range) && sequence.is_none_or(|seq| seq == head.sequence)
            }
            _ => false,
        }
    }
}

/// Columns of the head row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All of them: the partition is new.
    All,
    /// Range and owner, as a fence does.
    Tenure,
    /// Sequence and batch id, as a batch of a tenure does.
    Batch,
}

/// One conditional batch: statements, not a map, as a client may send what it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Tested on the head row.
    pub condition: Condition,
    /// What it sets in the head row; only [`Batch::columns`] of it count.
    pub head: Head,
    /// Which columns of the head row it sets. The others keep what they have *when it takes effect*.
    pub columns: Columns,
    /// Rows to write; `None` deletes.
    pub rows: Vec<(String, Option<Vec<u8>>)>,
    /// Ranges of rows to delete.
    pub deleted: Vec<Range<String>>,
}

impl Batch {
    /// The row that two statements of the batch touch, of which one would be lost without a word.
    pub(crate) fn collision(&self) -> Option<&str> {
        let mut keys: Vec<&str> = self.rows.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).find(|two| two[0] == two[1]).map(|two| two[0]);
        let inside = |key: &&str| self.deleted.iter().any(|range| range.contains(&(*key).to_owned()));
        twice.or_else(|| keys.iter().copied().find(inside))
    }

    /// The head row after it, if this is the one before.
    pub(super) fn after(&self, before: Option<&Head>) -> Head {
        let Head { range, sequence, batch, owner } = self.head.clone();
        let before = before.cloned().unwrap_or_default();
        match self.columns {
            Columns::All => Head { range, sequence, batch, owner },
            Columns::Tenure => Head { range, owner, ..before },
            Columns::Batch => Head { sequence, batch, ..before },
        }
    }

    /// All its statements at one timestamp, merged as the store merges them.
    pub(super) fn write(&self, cells: &mut Cells, at: Stamp) {
        for range in &self.deleted {
            cells.erase(range, at);
        }
        for (key, value) in &self.rows {
            cells.put(key.clone(), value.clone(), at);
        }
    }
}
