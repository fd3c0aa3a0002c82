//! A stub cluster with the shape of a default case and no meaning: what a simulation costs before any engine.
//!
//! Three nodes serve the official API. A call goes from a client to the frontend of some node, from there to the node
//! that owns the workflow, and there to a store in process behind a seeded latency; workers poll for the tasks that this
//! makes. Clients and workers share one host. Two records of half a kilobyte are kept per call, faults come at seeded
//! times. It is no orchestrator: it loses tasks when a node is killed, and nobody judges it.

mod driver;
mod faults;
mod load;
mod node;
mod record;
mod store;

pub use load::{Counts, Load, NODES};

use load::{Arrivals, name};
use resurgam_simulation::{Ended, Failure, Simulation};

/// Simulates one case.
///
/// # Errors
/// [`Failure`].
pub fn case(seed: u64, load: Load) -> Result<Ended<Counts>, Failure> {
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
