//! The proxies of all nodes of a server.

use super::connection::carry;
use super::shared::{Faults, Shared};
use crate::store_faults::StoreFault;
use resurgam_formats::plan::StoreOutcome;
use std::io;
use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
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
            let listener = Listener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            addresses.push(listener.local_addr()?);
            let shared = Arc::new(Shared::of(node, Arc::clone(&faults)));
            serving.spawn(serve(listener, contact.to_owned(), shared));
        }
        Ok(Self { addresses, faults, _serving: serving })
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

async fn serve(listener: TcpListener, contact: String, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((driver, _)) = listener.accept().await else { continue };
        let (contact, shared) = (contact.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            let Ok(cassandra) = TcpStream::connect(&contact).await else { return };
            if let Err(problem) = carry(shared, driver, cassandra).await {
                tracing::debug!(%problem, "a connection to Cassandra ended");
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
