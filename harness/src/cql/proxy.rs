//! The proxies of all nodes of a server.

use super::connection::carry;
use super::shared::{Faults, Shared};
use crate::port;
use crate::store_faults::StoreFault;
use resurgam_formats::plan::{Family, StoreOutcome};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinSet;

/// One proxy for each node. Dropping it cuts all connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    addresses: Vec<SocketAddr>,
    faults: Arc<Faults>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// Whether a proxy can do this.
    pub(crate) fn is_possible(outcome: StoreOutcome) -> bool {
        // A minority of replicas cannot be had from one node, and a request is sent as it is.
        match outcome {
            StoreOutcome::CommitLimbo | StoreOutcome::AppendPartial => false,
            StoreOutcome::CommitReplyLost
            | StoreOutcome::CommitLost
            | StoreOutcome::CommitLate(_)
            | StoreOutcome::CommitAfterFence
            | StoreOutcome::CommitResent
            | StoreOutcome::CommitUnavailable
            | StoreOutcome::CommitOverloaded
            | StoreOutcome::AppendReplyLost
            | StoreOutcome::AppendLate(_)
            | StoreOutcome::AppendLost
            | StoreOutcome::ReadFails => true,
        }
    }

    /// Listens for so many nodes, on ports of the loopback address, and carries what comes to `contact`, HOST:PORT.
    ///
    /// # Errors
    /// There are no ports.
    pub(crate) fn start(nodes: u8, contact: &str) -> io::Result<Self> {
        let faults = Arc::new(Faults::of(nodes));
        let (mut addresses, mut serving) = (Vec::new(), JoinSet::new());
        for node in 0..nodes {
            let (shared, contact) = (Arc::new(Shared::of(node, Arc::clone(&faults))), contact.to_owned());
            addresses
                .push(port::open(&mut serving, move |driver| carry(Arc::clone(&shared), driver, contact.clone()))?);
        }
        Ok(Self { addresses, faults, _serving: serving })
    }

    /// The same, if the store is to fail.
    ///
    /// # Errors
    /// There are no ports.
    pub(crate) fn wanted(families: &[Family], nodes: u8, contact: &str) -> io::Result<Option<Self>> {
        families.contains(&Family::Store).then(|| Self::start(nodes, contact)).transpose()
    }

    /// Where each node finds Cassandra.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Begins a fault under a number.
    pub(crate) fn begin(&self, number: usize, fault: StoreFault) {
        self.faults.active().begin(number, fault);
    }

    /// Ends a fault; returns how many requests it spoiled.
    pub(crate) fn end(&self, number: usize) -> u64 {
        self.faults.active().end(number)
    }
}
