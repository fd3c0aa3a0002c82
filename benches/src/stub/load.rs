//! What a case is made of, and what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nodes of a cluster.
pub const NODES: u8 = 3;
/// The port of the frontend.
pub(super) const FRONTEND: u16 = 7233;
/// The port of the owner of workflows and task queues.
pub(super) const OWNER: u16 = 7234;

/// What one case is made of.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How long the case lasts, in simulated time.
    pub lasts: Duration,
    /// Clients that call one after the other.
    pub clients: u8,
    /// Longest pause of a client between two calls.
    pub pause: Duration,
    /// Workers that poll one after the other.
    pub workers: u8,
    /// How many faults are injected.
    pub faults: usize,
    /// Whether the store, the pauses around it and the recorder are there, or handlers are empty.
    pub work: bool,
}

impl Load {
    /// A default case: about 800 calls between hosts in 5 seconds, 20 faults.
    pub const CASE: Self = Self {
        lasts: Duration::from_secs(5),
        clients: 4,
        pause: Duration::from_millis(100),
        workers: 6,
        faults: 20,
        work: true,
    };

    /// Empty handlers in a chain of two, called without pauses: what the simulation of tonic itself can do.
    pub const BARE: Self =
        Self { lasts: Duration::from_secs(1), clients: 16, pause: Duration::ZERO, workers: 0, faults: 0, work: false };
}

/// What happened in a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that arrived at a handler through the network.
    pub arrived: u64,
    /// Calls of clients and workers that were answered.
    pub answered: u64,
    /// Those that failed or were given up.
    pub failed: u64,
    /// Bytes of records.
    pub recorded: u64,
}

/// Counts what arrives.
#[derive(Clone, Default)]
pub(super) struct Arrivals(pub(super) Arc<AtomicU64>);

impl Arrivals {
    pub(super) fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The name of a node.
pub(super) fn name(index: u8) -> String {
    format!("node-{index}")
}
