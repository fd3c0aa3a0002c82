//! What a node has to be told.

use super::token_keys::TokenKeys;
use std::time::Duration;

/// A node as the others know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its name, unique among all nodes.
    pub name: String,
    /// `host:port` of its internal services.
    pub address: String,
}

/// The configuration of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The node's name; one of the members has it.
    pub name: String,
    /// `host:port` to listen on for clients and workers.
    pub frontend: String,
    /// `host:port` to listen on for other nodes, and for itself.
    pub internal: String,
    /// All nodes, this one included, the same list everywhere.
    pub members: Vec<Member>,
    /// How many shards there are. The same everywhere and for ever: it decides where a workflow is stored.
    pub shards: u32,
    /// The keys of tokens. The same everywhere.
    pub token_keys: TokenKeys,
    /// How often other nodes are asked whether they are there, and how long each may take to answer.
    pub ping: Duration,
    /// After so many pings without an answer a node is taken for dead.
    pub misses: u32,
    /// How many timers, and how many transfers, a shard holds in memory at most; `None` for what it holds unless told otherwise.
    pub tasks: Option<usize>,
    /// How many connections others may have to it, clients and nodes together; `None` for what it lets in unless told otherwise.
    pub connections: Option<usize>,
    /// How many batch operations of a namespace may be open at the same time.
    pub batches: usize,
}

/// How many shards there are unless told otherwise.
pub(crate) const SHARDS: u32 = 4;

/// How many batch operations of a namespace may be open at the same time, unless told otherwise: as by Temporal.
pub const BATCHES: usize = 1;

impl Config {
    /// One of several nodes, or the only one.
    #[must_use]
    pub fn of(
        member: &Member,
        frontend: impl Into<String>,
        internal: impl Into<String>,
        members: Vec<Member>,
        token_keys: TokenKeys,
    ) -> Self {
        Self {
            name: member.name.clone(),
            frontend: frontend.into(),
            internal: internal.into(),
            members,
            shards: SHARDS,
            token_keys,
            // Three seconds for one who has ended, six for one from whom nothing is heard: on a busy machine both come late.
            ping: Duration::from_millis(500),
            misses: 6,
            tasks: None,
            connections: None,
            batches: BATCHES,
        }
    }
}
