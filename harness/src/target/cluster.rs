//! A server whose nodes are processes of their own, over one keyspace of Cassandra: each can be killed and started again while the
//! others go on. What these processes are, a layout says: ours (`own_nodes.rs`) or Temporal's (`temporal_nodes.rs`).

use super::database::{Database, OneByOne};
use super::endpoint::Endpoint;
use super::error::Error;
use super::node::{Node, locked};
use super::process::{ATTEMPTS, is_taken};
use super::readiness;
use crate::cql::Proxy;
use crate::links::{Begun, LinkFault, Links};
use crate::simulated_run::drawn_prefix;
use crate::store_faults::StoreFault;
use resurgam_formats::plan::{DatabaseFault, Family};
use resurgam_formats::target::Durability;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How long it may take until a node is usable.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether one listens.
const PAUSE: Duration = Duration::from_millis(50);

/// The processes of a cluster before they are started, and what stands between them.
pub(super) struct Layout {
    /// Its name in recordings.
    pub(super) target: &'static str,
    /// The processes, in the order in which they are started.
    pub(super) places: Vec<ProcessLayout>,
    /// Between the nodes, and between them and clients and workers, if the network is to fail.
    pub(super) links: Option<Links>,
    /// Between the nodes and Cassandra, if calls of the store are to fail.
    pub(super) proxy: Option<Proxy>,
    /// Logs, keys and configuration.
    pub(super) directory: TempDir,
}

/// A process of a cluster.
pub(super) struct ProcessLayout {
    /// Not started yet.
    pub(super) node: Node,
    /// Where it listens.
    pub(super) listens: SocketAddr,
    /// Where clients and workers call it, if they do.
    pub(super) uri: Option<String>,
}

/// Nodes in processes of their own. Dropping it ends them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Mutex<Node>>,
    /// Where the first listens that is called, its namespaces and what it is.
    endpoint: Endpoint,
    /// Where clients and workers call it.
    uris: Vec<String>,
    /// The numbers of those that are called, and where.
    calls: Vec<(usize, String)>,
    /// What every id of its cases begins with.
    pub(super) prefix: String,
    /// Families of the faults that are done to it.
    pub(super) families: Vec<Family>,
    /// Between the nodes, and between them and clients and workers, if the network is to fail.
    links: Option<Links>,
    /// Between the nodes and Cassandra, if calls of the store are to fail.
    proxy: Option<Proxy>,
    /// The database, if faults can be done to it.
    database: Option<OneByOne>,
    /// A node that did not come back.
    failed: Mutex<Option<String>>,
    /// How many faults of the store there were.
    store_faults: AtomicUsize,
    /// Logs and keys.
    _directory: TempDir,
}

impl Cluster {
    /// Starts the processes of a layout and waits until they can be used. If another process takes one of the free ports first, all is
    /// laid out and started again. Cases on it have faults of `families`.
    ///
    /// # Errors
    /// A node cannot be started, ends early, or does not get ready in time: then with the end of its log.
    pub(super) async fn raise(
        lay_out: impl Fn() -> Result<Layout, Error>,
        families: &[Family],
    ) -> Result<Arc<Self>, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Self::attempt(lay_out()?, families.to_vec()).await {
                Err(Error::Failed { log, .. }) if attempts < ATTEMPTS && is_taken(&log) => {}
                started => return started.map(Arc::new),
            }
        }
    }

    async fn attempt(layout: Layout, families: Vec<Family>) -> Result<Self, Error> {
        let Layout { target, places, links, proxy, directory } = layout;
        let mut first = None;
        let (mut nodes, mut calls) = (Vec::new(), Vec::new());
        for ProcessLayout { node, listens, uri } in places {
            // One after the other: the first makes what all of them need, the first that is called the namespaces.
            let node = Mutex::new(node);
            locked(&node).start()?;
            if let Some(uri) = uri {
                let endpoint = usable(&node, &uri, target).await?;
                first.get_or_insert(endpoint);
                calls.push((nodes.len(), uri));
            } else {
                listening(&node, listens).await?;
            }
            nodes.push(node);
        }
        nodes.iter().for_each(|node| locked(node).supervise());
        Ok(Self {
            nodes,
            endpoint: first.ok_or(Error::Nodes(0))?,
            uris: calls.iter().map(|(_, uri)| uri.clone()).collect(),
            calls,
            prefix: drawn_prefix(),
            families,
            links,
            proxy,
            database: None,
            failed: Mutex::default(),
            store_faults: AtomicUsize::new(0),
            _directory: directory,
        })
    }

    /// Says which database it is over, to which faults can be done, and what that promises.
    pub(super) fn over(&mut self, database: Arc<dyn Database>, durability: Durability) {
        self.database = Some(OneByOne::new(database));
        self.endpoint.profile.forgetful = durability == Durability::Stock;
    }

    /// Where clients and workers call each node that is called.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// What it is, and where its first node listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Kills a node; its number is taken modulo how many there are. Every call needs its own [`Self::revive`] before the node is started again.
    /// True if the node was running until now.
    pub fn kill(&self, number: u8) -> bool {
        self.node(number).kill()
    }

    /// Starts a node again that was killed.
    pub fn revive(&self, number: u8) {
        if let Err(problem) = self.node(number).revive() {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem.to_string());
        }
    }

    /// Stops a node where it is. Every call needs its own [`Self::resume`] before the node goes on. True if it stands still.
    pub(crate) fn pause(&self, number: u8) -> bool {
        self.node(number).pause()
    }

    /// Lets a node go on that was made to stand still; true if it stood still until now.
    pub(crate) fn resume(&self, number: u8) -> bool {
        self.node(number).resume()
    }

    /// Moves the clock of a node; true if it is there to be told.
    pub(crate) fn move_clock(&self, number: u8, by_ms: i64) -> bool {
        self.node(number).move_clock(by_ms)
    }

    /// Sets all clocks right, while no case is using them.
    pub(crate) fn set_clocks(&self) {
        for node in &self.nodes {
            locked(node).set_clock(0);
        }
    }

    fn node(&self, number: u8) -> MutexGuard<'_, Node> {
        locked(&self.nodes[usize::from(number) % self.nodes.len()])
    }

    /// Does something to the database for so long; true if it has happened. The database answers again afterwards, or the target is
    /// lost.
    pub(crate) async fn inflict_on_database(&self, fault: DatabaseFault, lasts: Duration) -> bool {
        let Some(database) = &self.database else { return false };
        database.inflict(fault, lasts).await.unwrap_or_else(|problem| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
            false
        })
    }

    /// Begins a fault of the network, if there can be such faults.
    pub(crate) fn begin_link_fault(&self, fault: &LinkFault) -> Option<Begun> {
        self.links.as_ref().map(|links| links.begin(fault))
    }

    /// Begins a fault of the store; it has the number that is given back, if there can be such faults.
    pub(crate) fn begin_store_fault(&self, fault: StoreFault) -> Option<usize> {
        let proxy = self.proxy.as_ref()?;
        let number = self.store_faults.fetch_add(1, Ordering::Relaxed);
        proxy.begin(number, fault);
        Some(number)
    }

    /// Ends a fault of the store; returns how many requests it spoiled.
    pub(crate) fn end_store_fault(&self, number: usize) -> u64 {
        self.proxy.as_ref().map_or(0, |proxy| proxy.end(number))
    }

    /// Waits until every node can be used. If one cannot be for too long, [`Target::lost`] says so.
    pub async fn ready(&self) {
        for (number, uri) in &self.calls {
            if let Err(problem) = usable(&self.nodes[*number], uri, &self.endpoint.target).await {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem.to_string());
            }
        }
    }

    /// How a node ended that was not told to, or why it did not come back.
    pub(super) fn ended(&self) -> Option<String> {
        let ended = |(number, node): (usize, &Mutex<Node>)| {
            let mut node = locked(node);
            let status = node.ended()?;
            Some(format!("node {number} ended ({status}); end of its log:\n{}", node.end_of_log()))
        };
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failed.or_else(|| self.nodes.iter().enumerate().find_map(ended))
    }
}

/// Waits until a node that was started listens.
async fn listening(node: &Mutex<Node>, at: SocketAddr) -> Result<(), Error> {
    let begun = Instant::now();
    while TcpStream::connect(at).await.is_err() {
        let ended = locked(node).ended().map(|status| format!("ended at once ({status})"));
        let late = (begun.elapsed() > PATIENCE).then(|| format!("does not listen after {} s", PATIENCE.as_secs()));
        if let Some(how) = ended.or(late) {
            return Err(Error::Failed { how, log: locked(node).end_of_log() });
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Waits until a node that was started is usable.
async fn usable(node: &Mutex<Node>, uri: &str, target: &str) -> Result<Endpoint, Error> {
    let ended = || locked(node).ended();
    let ready = readiness::wait(uri, target, PATIENCE, ended).await;
    ready.map_err(|how| Error::Failed { how, log: locked(node).end_of_log() })
}
