//! A stub cluster with the shape of a default case and no meaning: what a simulation costs before any engine.
//!
//! Three nodes serve the official API. A call goes from a client to the frontend of some node, from there to the node
//! that owns the workflow, and there to a store in process behind a seeded latency; workers poll for the tasks that this
//! makes. Clients and workers share one host. Two records of half a kilobyte are kept per call, faults come at seeded
//! times. It is no orchestrator: it loses tasks when a node is killed, and nobody judges it.

mod driver;
mod faults;
mod node;
mod record;
mod store;

use resurgam_simulation::{Failure, Outcome, Simulation};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nodes of a cluster.
pub const NODES: u8 = 3;
/// The port of the frontend.
const FRONTEND: u16 = 7233;
/// The port of the owner of workflows and task queues.
const OWNER: u16 = 7234;

/// What one case is made of.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Simulated time.
    pub lasts: Duration,
    /// Clients that call one after the other.
    pub clients: u8,
    /// Longest pause of a client between two calls.
    pub pause: Duration,
    /// Workers.
    pub workers: u8,
    /// Faults.
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
struct Arrivals(Arc<AtomicU64>);

impl Arrivals {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Simulates one case.
///
/// # Errors
/// [`Failure`].
pub fn case(seed: u64, load: Load) -> Result<Outcome<Counts>, Failure> {
    Simulation::new(seed).run(move |cluster| {
        let arrivals = Arrivals::default();
        let store = store::Store::default();
        for index in 0..NODES {
            let (arrivals, store) = (arrivals.clone(), store.clone());
            cluster.node(&name(index), move |node| node::serve(node, index, load, store.clone(), arrivals.clone()));
        }
        faults::order(&cluster.nemesis(), seed, load);
        driver::drive(cluster.driver(), load, arrivals)
    })
}

fn name(index: u8) -> String {
    format!("node-{index}")
}
