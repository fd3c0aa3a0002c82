//! The nodes of our orchestrator as processes: what each is started with, and what stands between them.

use super::cluster::{Cluster, Layout, ProcessLayout};
use super::error::Error;
use super::node::Node;
use super::process::{Process, free};
use crate::cql::Proxy;
use crate::links::{Host, Links};
use resurgam_formats::plan::Family;
use resurgam_formats::target::Keyspace;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// Seconds until a node gives up an answer of Cassandra.
const USUAL: &str = "10";
/// The same where answers are lost on purpose.
const SPOILED: &str = "2";

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
        families: &[Family],
        bug: Option<&str>,
    ) -> Result<Arc<Self>, Error> {
        Self::raise(|| layout(program, nodes, keyspace, families, bug), families).await
    }
}

fn layout(
    program: &Path,
    nodes: u16,
    keyspace: &Keyspace,
    families: &[Family],
    bug: Option<&str>,
) -> Result<Layout, Error> {
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
    let proxy = Proxy::wanted(families, count, &keyspace.contact).map_err(|e| Error::System("no proxy", e))?;
    let place = |number: u8| {
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
        let uri = format!("http://{}", reached(Host::Driver, number, &outside));
        ProcessLayout {
            node: Node::own(program, arguments, log),
            listens: outside[usize::from(number)],
            uri: Some(uri),
        }
    };
    let places = (0..count).map(place).collect();
    Ok(Layout { target: "builtin", places, links, proxy, directory })
}

/// A secret that all nodes share, as the server reads it.
fn key() -> String {
    (0..4_u8).map(|part| format!("{:016x}", RandomState::new().hash_one(part))).collect()
}
