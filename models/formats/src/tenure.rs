//! Tenures: who took which partition of the store from whom, what was written in whose name, and what each was told.
//!
//! An orchestrator over partitions with a head row rests on one thing: whoever raised the range last, and knows it, is the
//! only one who writes. That cannot be seen from clients until it has gone wrong. Here every attempt to raise a range is a
//! line of its own; batches, of which there are many, are put together as long as they are of one sender and one range.
//! What took effect comes from the store itself, which knows the sender of everything. Nothing is judged here.

use crate::time::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All partitions that have a head row, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tenures {
    /// By name of the partition.
    pub partitions: BTreeMap<String, Partition>,
}

/// What was asked of one head row, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Partition {
    /// Attempts to raise the range, in the order of their sending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fences: Vec<Fence>,
    /// Batches, in the order of the first of each row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stints: Vec<Stint>,
    /// What took effect, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<TenureStep>,
}

/// One attempt to raise the range of a head row by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fence {
    /// Who: node and start of the node, such as `node-1#2`.
    pub by: String,
    /// The range that the head row must have for it; 0 if there must be no head row.
    pub over: u64,
    /// When it was sent.
    pub from: At,
    /// When its answer arrived; `None` if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<At>,
    /// What the answer says.
    pub told: Told,
    /// The range that a refusal showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// When its sender was first shown a head row with this very fence in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<At>,
}

/// What a sender was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It took effect.
    Applied,
    /// Its condition did not hold.
    Refused,
    /// Nothing that says which.
    #[default]
    Unknown,
}

/// Batches that one sender sent under one range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stint {
    /// The sender's name, as head rows have it.
    pub by: String,
    /// The range that the head row must have; `None` if any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<u64>,
    /// When the first was sent.
    pub from: At,
    /// How many there are.
    pub batches: u32,
    /// When the first of those that were acknowledged was sent and answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<(At, At)>,
    /// The same of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<(At, At)>,
    /// When its sender was first told of one that its outcome is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<At>,
    /// How many were sent after that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_doubt: u32,
    /// Rows that they put as they were already, or deleted though they were not there, as far as that was certain when they
    /// were sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub idle_rows: u32,
    /// The key of the first of those.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub idle_row: String,
}

/// A change of the head row, or several batches in a row that are of one sender and count on by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenureStep {
    /// Who sent it; `settler` for the fences at the end of a case.
    pub by: String,
    /// It raised the range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fence: bool,
    /// The range afterwards.
    pub range: u64,
    /// The sequence after the first.
    pub first: u64,
    /// The sequence after the last.
    pub last: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
