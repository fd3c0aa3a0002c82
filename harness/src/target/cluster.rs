//! A server of ours whose nodes are processes of their own, over one keyspace of Cassandra: each can be killed and started
//! again while the others go on.

use super::database::{Database, OneByOne};
use super::endpoint::Endpoint;
use super::error::Error;
use super::node::{Node, locked};
use super::process::{ATTEMPTS, Process, free, is_taken};
use super::readiness;
use crate::cql::Proxy;
use crate::links::{Begun, Host, LinkFault, Links};
use crate::store_faults::StoreFault;
use crate::trial::drawn_prefix;
use resurgam_formats::plan::{DatabaseFault, Family};
use resurgam_formats::target::{Durability, Keyspace};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// How long it may take until a node is usable.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds until a node gives up an answer of Cassandra.
const USUAL: &str = "10";
/// The same where answers are lost on purpose.
const SPOILED: &str = "2";

/// Nodes in processes of their own. Dropping it ends them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Mutex<Node>>,
    /// Where each listens, the first one's namespaces and what it is.
    endpoint: Endpoint,
    uris: Vec<String>,
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
    /// Starts `program server`, or `program planted-server` if there is to be a bug, so many times and waits until each is
    /// usable. Cases on it have faults of `families`.
    ///
    /// # Errors
    /// A node cannot be started, ends early, or does not get ready in time: then with the end of its log.
    pub async fn start(
        program: &Path,
        nodes: u16,
        keyspace: &Keyspace,
        families: Vec<Family>,
        bug: Option<&str>,
    ) -> Result<Arc<Self>, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Self::attempt(program, nodes, keyspace, families.clone(), bug).await {
                // Somebody took a port between our looking for it and the node's.
                Err(Error::Failed { log, .. }) if attempts < ATTEMPTS && is_taken(&log) => {}
                started => return started.map(Arc::new),
            }
        }
    }

    async fn attempt(
        program: &Path,
        nodes: u16,
        keyspace: &Keyspace,
        families: Vec<Family>,
        bug: Option<&str>,
    ) -> Result<Self, Error> {
        let directory = Process::directory("cluster", None)?;
        let keys = directory.path().join("token-keys");
        fs::write(&keys, key()).map_err(|e| Error::System("no keys for the server", e))?;
        let keys_path = keys.display().to_string();
        let count = u8::try_from(nodes).ok().filter(|count| *count > 0).ok_or(Error::Nodes(nodes))?;
        let first = free(2 * nodes).map_err(|e| Error::System("no free port", e))?;
        let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let outside: Vec<SocketAddr> = (0..nodes).map(|number| at(first + number)).collect();
        let inside: Vec<SocketAddr> = (0..nodes).map(|number| at(first + nodes + number)).collect();
        let links = if families.contains(&Family::Network) {
            Some(Links::start(&inside, &outside).map_err(|e| Error::System("no links", e))?)
        } else {
            None
        };
        let reached = |from, to: u8, directly: &[SocketAddr]| {
            let link = links.as_ref().and_then(|links| links.port(from, to));
            link.unwrap_or(directly[usize::from(to)])
        };
        let proxy = if families.contains(&Family::Store) {
            Some(Proxy::start(count, &keyspace.contact).map_err(|e| Error::System("no proxy", e))?)
        } else {
            None
        };
        let node = |number: u8| {
            let proxied = proxy.as_ref().and_then(|proxy| proxy.addresses().get(usize::from(number)));
            let contact = proxied.map_or_else(|| keyspace.contact.clone(), ToString::to_string);
            // Whoever hears nothing is not to wait for long.
            let timeout = if proxied.is_some() { SPOILED } else { USUAL };
            let (name, address) = (format!("node-{number}"), outside[usize::from(number)].to_string());
            let own = ["--until-stdin-ends", "--node", &name, "--address", &address, "--token-keys", &keys_path];
            let store = ["--store", "cassandra", "--contact", &contact, "--keyspace", &keyspace.name];
            let limits = ["--cassandra-timeout", timeout];
            // Each calls the others by links of its own, and listens itself where all of these lead.
            let members = (0..count).flat_map(|other| {
                let address = reached(Host::Node(number), other, &inside);
                ["--member".to_owned(), format!("node-{other}={address}")]
            });
            let command = bug.map_or_else(|| vec!["server"], |bug| vec!["planted-server", "--bug", bug]);
            let own = command.into_iter().chain(own).chain(store).chain(limits).map(str::to_owned);
            let arguments = own.chain(members).collect();
            let log = directory.path().join(format!("node-{number}.log"));
            Node::new(program, arguments, log)
        };
        let uris: Vec<String> =
            (0..count).map(|number| format!("http://{}", reached(Host::Driver, number, &outside))).collect();
        let nodes: Vec<Mutex<Node>> = (0..count).map(|number| Mutex::new(node(number))).collect();
        let mut endpoints = Vec::new();
        for (node, uri) in nodes.iter().zip(&uris) {
            // One after the other: the first one makes the namespaces.
            locked(node).start()?;
            endpoints.push(usable(node, uri).await?);
        }
        let endpoint = endpoints.swap_remove(0);
        Ok(Self {
            nodes,
            endpoint,
            uris,
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

    /// Where clients and workers call each node.
    #[must_use]
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// What it is, and where its first node listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Kills the node of this number, modulo how many there are, unless it is killed already; it stays away until as many have
    /// asked for its start as have asked for this. True if it lived, and has died of it.
    pub fn kill(&self, number: u8) -> bool {
        self.node(number).kill()
    }

    /// Starts a node again that was killed.
    pub fn revive(&self, number: u8) {
        if let Err(problem) = self.node(number).revive() {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem.to_string());
        }
    }

    /// Makes a node stand still; it goes on when as many have asked for that as have asked for this. True if it does.
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

    /// Waits until every node is usable; who is not for too long is for [`Target::lost`] to tell.
    pub async fn ready(&self) {
        for (node, uri) in self.nodes.iter().zip(&self.uris) {
            if let Err(problem) = usable(node, uri).await {
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

/// Waits until a node that was started is usable.
async fn usable(node: &Mutex<Node>, uri: &str) -> Result<Endpoint, Error> {
    let ended = || locked(node).ended();
    let ready = readiness::wait(uri, "builtin", PATIENCE, ended).await;
    ready.map_err(|how| Error::Failed { how, log: locked(node).end_of_log() })
}

/// A secret that all nodes share, as the server reads it.
fn key() -> String {
    (0..4_u8).map(|part| format!("{:016x}", RandomState::new().hash_one(part))).collect()
}
