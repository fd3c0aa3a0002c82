//! The door for whoever brings an orchestrator into the simulation: one trait, and what each node is given.

use async_trait::async_trait;
use resurgam_api::environment::Environment;
use resurgam_formats::audit::Audit;
use resurgam_orchestrator::store::Store;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

/// The port on which every node serves the Temporal API.
pub const FRONTEND_PORT: u16 = 7233;
/// A port for what the nodes say to each other.
pub const INTERNAL_PORT: u16 = 7234;

/// An orchestrator that can be simulated.
#[async_trait]
pub trait Orchestrator: Send + Sync + 'static {
    /// Its name in recordings and reports; it chooses the profile by which it is judged.
    fn name(&self) -> &str;

    /// Its version.
    fn version(&self) -> String {
        "0".to_owned()
    }

    /// What one node does, from its start until it is killed. It is called anew at each start; what is to survive must be
    /// in the store (or in `self`, which survives everything). It must not use threads, the machine's clock, files or
    /// `tokio::net`: everything it needs is in its [`Seat`].
    ///
    /// # Errors
    /// A node that gives up. This ends the case as a failure.
    async fn serve(&self, seat: Seat) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// What the rows of the store mean: those of all partitions at one moment. It is asked several times in a case, and
    /// more rules apply to whoever answers: `tasks` and H27. It must be computed from the rows alone, whatever is in them.
    fn audit(&self, rows: &Partitions<'_>) -> Option<Audit> {
        let _ = rows;
        None
    }
}

/// Rows by their keys, by the name of their partition. Head rows are not among them.
pub type Partitions<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a [u8]>>;

/// What a node is given.
#[derive(Clone)]
pub struct Seat {
    /// Clock, randomness and network of the node.
    pub environment: Arc<dyn Environment>,
    /// Its index, from 0.
    pub number: u8,
    /// Its host name.
    pub name: String,
    /// The host names of all nodes, its own included, in the order of their numbers.
    pub members: Vec<String>,
    /// How many shards the plan asks for; fixed for the life of the cluster.
    pub shards: u32,
    /// The simulated Cassandra, as this node reaches it.
    pub store: Arc<dyn Store>,
}

/// The host name of a node.
#[must_use]
pub fn host(number: u8) -> String {
    format!("node-{number}")
}
