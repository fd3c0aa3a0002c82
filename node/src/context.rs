//! What one node is given when it starts: its place in the cluster, its world and its database.

use crate::store::Store;
use resurgam_api::environment::Environment;
use std::sync::Arc;

/// The port on which every node serves the Temporal API.
pub const FRONTEND_PORT: u16 = 7233;
/// A port for what the nodes say to each other.
const INTERNAL_PORT: u16 = 7234;

/// See the module.
#[derive(Clone)]
pub struct NodeContext {
    /// Clock, randomness and network of the node.
    pub environment: Arc<dyn Environment>,
    /// Its index, from 0.
    pub number: u8,
    /// Its host name.
    pub name: String,
    /// The host names of all nodes, its own included, in the order of their numbers. They never change.
    pub members: Vec<String>,
    /// How many shards the plan asks for; fixed for the life of the cluster. Whoever has no shards may ignore it.
    pub shards: u32,
    /// The database, as this node reaches it. It is the only thing that outlives the node.
    pub store: Arc<dyn Store>,
}

impl NodeContext {
    /// Where to listen for clients and workers.
    #[must_use]
    pub fn frontend_address() -> String {
        format!("0.0.0.0:{FRONTEND_PORT}")
    }

    /// Where to listen for other nodes.
    #[must_use]
    pub fn internal_address() -> String {
        format!("0.0.0.0:{INTERNAL_PORT}")
    }

    /// Where another node listens for this one, by its host name.
    #[must_use]
    pub fn peer_address(member: &str) -> String {
        format!("{member}:{INTERNAL_PORT}")
    }
}

/// The host name of a node.
#[must_use]
pub fn host(number: u8) -> String {
    format!("node-{number}")
}
