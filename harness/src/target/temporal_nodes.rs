//! The real Temporal server over Cassandra as processes: all its services in one, or one for each, or two of those that own
//! something.
//!
//! Each process has an address of loopback of its own, the same ports, and Cassandra at a port of its own where the store is to
//! fail. Clients and workers call the frontend.

use super::cluster::{Cluster, Layout, ProcessLayout};
use super::config::{self, Ports, Server, Store};
use super::error::Error;
use super::node::Node;
use super::process::Process;
use crate::cql::Proxy;
use crate::links::{Host, Links};
use crate::setup::Pinned;
use resurgam_formats::plan::Family;
use resurgam_formats::target::{Keyspace, Topology};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;

/// Seconds until a process gives up an answer of Cassandra: as Temporal has it if nobody says otherwise.
const USUAL: u32 = 10;
/// The same where answers are lost on purpose.
const SPOILED: u32 = 3;

impl Cluster {
    /// The families of faults that can be done to Temporal's processes: their clock is that of the machine.
    pub const OF_TEMPORAL: &[Family] = &[Family::Network, Family::Node, Family::Store, Family::Call, Family::Database];

    /// Starts the installed Temporal server over a keyspace that has its tables, and waits until it is usable. Cases on it have faults
    /// of `families`.
    ///
    /// # Errors
    /// It is not installed, or a process cannot be started, ends early, or does not get ready in time: then with the end of its log.
    pub async fn temporal(topology: Topology, keyspace: &Keyspace, families: &[Family]) -> Result<Arc<Self>, Error> {
        let program = Pinned::temporal().program();
        if !program.is_file() {
            return Err(Error::Missing(program.display().to_string()));
        }
        Self::raise(|| layout(&program, topology, keyspace, families), families).await
    }
}

fn layout(program: &Path, topology: Topology, keyspace: &Keyspace, families: &[Family]) -> Result<Layout, Error> {
    let directory = Process::directory("temporal", None)?;
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        fs::write(&path, text).map_err(|e| Error::System("no configuration for the server", e))?;
        Ok::<_, Error>(path)
    };
    let dynamic = file("dynamic.yaml", config::dynamic())?;
    let ports = Ports::free().map_err(|e| Error::System("no free port", e))?;
    let names = topology.processes();
    let count = u8::try_from(names.len()).unwrap_or(u8::MAX);
    let ip = |number: u8| Ipv4Addr::new(127, 0, 0, 1 + number);
    // The last has the frontend.
    let frontend = SocketAddr::from((ip(count - 1), ports.frontend()));
    let outside: Vec<SocketAddr> = (0..count).map(|number| (ip(number), ports.frontend()).into()).collect();
    let links = if families.contains(&Family::Network) {
        Some(Links::start(&outside, &outside).map_err(|e| Error::System("no links", e))?)
    } else {
        None
    };
    let proxy = Proxy::wanted(families, count, &keyspace.contact).map_err(|e| Error::System("no proxy", e))?;
    let cassandra = keyspace.contact.to_socket_addrs().map_err(|e| Error::System("no address of Cassandra", e))?.next();
    let place = |(number, name): (u8, &&str)| {
        let proxied = proxy.as_ref().and_then(|proxy| proxy.addresses().get(usize::from(number))).copied();
        let contact = proxied.or(cassandra).ok_or_else(|| Error::Address(keyspace.contact.clone()))?;
        let lists = directory.path().join("lists.db");
        // Whoever hears nothing is not to wait for long.
        let patience = if proxied.is_some() { SPOILED } else { USUAL };
        let store = Store::Cassandra { contact, patience, keyspace: keyspace.name.clone(), lists };
        let server = Server { ports: &ports, ip: ip(number), frontend, store, dynamic: &dynamic };
        let yaml = file(&format!("{name}.yaml"), config::server(&server))?.display().to_string();
        let mut arguments = ["--config-file", &yaml, "--allow-no-auth", "start"].map(str::to_owned).to_vec();
        if let Some(service) = topology.service(name) {
            arguments.extend(["--service".to_owned(), service.to_owned()]);
        }
        let log = directory.path().join(format!("{name}.log"));
        let link = links.as_ref().and_then(|links| links.port(Host::Driver, number));
        let uri = (number == count - 1).then(|| format!("http://{}", link.unwrap_or(frontend)));
        let listens = (ip(number), ports.of(topology.service(name))).into();
        Ok(ProcessLayout { node: Node::foreign(program, arguments, log), listens, uri })
    };
    let places = (0..count).zip(names).map(place).collect::<Result<_, Error>>()?;
    Ok(Layout { target: "temporal", places, links, proxy, directory })
}
