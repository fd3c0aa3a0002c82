//! What calls cost in the simulated store, beside few of what they do not touch and beside many.
//!
//! Counts are exact and know no clock, so a growth shows at sizes that a simulation can make, long before anybody could time it.

use crate::plan::Crowd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The same calls, counted twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Costs {
    /// What there were few and then many of.
    pub crowd: Crowd,
    /// How many calls were counted together each time.
    pub calls: u32,
    /// What they cost beside few.
    pub few: Cost,
    /// What they cost beside many.
    pub many: Cost,
    /// Calls that failed while the few became many and nothing was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Why nothing follows from this, if so: a call failed, or the store was never left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
}

/// What a store was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// How many of the crowd there were.
    pub beside: u64,
    /// How many conditional batches.
    pub commits: u64,
    /// Plain writes and deletes.
    pub appends: u64,
    /// Reads of more than a head row, which an owner looks at from time to time in any case.
    pub reads: u64,
    /// Rows put, deleted or appended, and ranges deleted.
    pub written: u64,
    /// Rows that reads returned.
    pub read: u64,
    /// In rows written and read.
    pub bytes: u64,
}

impl Cost {
    /// Everything that is counted, each with its words.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 6] {
        [
            ("commits", self.commits),
            ("plain writes", self.appends),
            ("reads", self.reads),
            ("rows written", self.written),
            ("rows read", self.read),
            ("bytes", self.bytes),
        ]
    }

    /// What was asked since then, beside so many.
    #[must_use]
    pub fn since(&self, before: &Self, beside: u64) -> Self {
        Self {
            beside,
            commits: self.commits - before.commits,
            appends: self.appends - before.appends,
            reads: self.reads - before.reads,
            written: self.written - before.written,
            read: self.read - before.read,
            bytes: self.bytes - before.bytes,
        }
    }

    /// Of two counts of the same, the lower one of each kind.
    #[must_use]
    pub fn least(&self, other: &Self) -> Self {
        Self {
            beside: self.beside.min(other.beside),
            commits: self.commits.min(other.commits),
            appends: self.appends.min(other.appends),
            reads: self.reads.min(other.reads),
            written: self.written.min(other.written),
            read: self.read.min(other.read),
            bytes: self.bytes.min(other.bytes),
        }
    }
}
