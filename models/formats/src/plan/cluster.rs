//! The simulated cluster of a case: how many of everything, and how slow the links are. Real targets ignore it.
//!
//! Every number is usable as it is: counts of zero mean one, bounds may stand in any order. A plan that says nothing of
//! its cluster has the default one, and says nothing of it again when it is written.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The nodes of the orchestrator, its store and the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Nodes, at least 1. Faults name them by index, modulo their number.
    pub nodes: u8,
    /// History shards, at least 1.
    pub shards: u8,
    /// Each way of each call of the store.
    pub store: Latency,
    /// Each message between nodes, and between a node and the driver (clients and workers share one host).
    pub network: Latency,
    /// Most extra wait, drawn anew, before and after each await on the store, a channel or a clock, so that races
    /// inside one node are explored.
    pub jitter_ms: Millis,
    /// So long a node waits for the store before the outcome is unknown to it.
    pub store_timeout_ms: Millis,
}

/// Bounds of a delay, drawn anew each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The quickest, unless the other bound is quicker.
    pub least_ms: Millis,
    /// The other bound.
    pub most_ms: Millis,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            nodes: 3,
            shards: 4,
            store: Latency::new(0, 3),
            network: Latency::new(1, 5),
            jitter_ms: 2,
            store_timeout_ms: 400,
        }
    }
}

impl Latency {
    /// A latency between these two.
    #[must_use]
    pub const fn new(least_ms: Millis, most_ms: Millis) -> Self {
        Self { least_ms, most_ms }
    }

    /// The bounds in order.
    #[must_use]
    pub fn bounds(self) -> std::ops::RangeInclusive<Millis> {
        self.least_ms.min(self.most_ms)..=self.least_ms.max(self.most_ms)
    }
}

impl Cluster {
    /// True for the cluster of a plan that says nothing of it.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How many nodes, at least 1.
    #[must_use]
    pub fn node_count(&self) -> u8 {
        self.nodes.max(1)
    }

    /// How many shards, at least 1.
    #[must_use]
    pub fn shard_count(&self) -> u8 {
        self.shards.max(1)
    }

    /// The node that an index means.
    #[must_use]
    pub fn node(&self, index: u8) -> u8 {
        index % self.node_count()
    }

    /// The nodes that indices mean.
    #[must_use]
    pub fn side(&self, indices: &[u8]) -> BTreeSet<u8> {
        indices.iter().map(|index| self.node(*index)).collect()
    }
}
