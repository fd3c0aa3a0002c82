//! Configuration of a process of a Temporal server: ports, its YAML, its dynamic configuration.
//!
//! Everything listens on loopback. In one process alone both stores are SQLite in its memory: a run ends with its process,
//! so nothing needs to survive it. Over Cassandra, what lists workflows is SQLite in a file that all processes share, for the server
//! keeps no lists in Cassandra. Source: docs/temporal-semantics.md, “Configuration”.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Shards of history: more than one, so that what crosses shards happens.
const SHARDS: u32 = 4;

/// Far above what two cores can do: the limits of the server must not shape a run.
const PLENTY: u32 = 1_000_000;

/// The services of a server.
const SERVICES: [&str; 4] = ["frontend", "history", "matching", "worker"];

/// The ports of one server: for each of its four services one for gRPC and one for the membership ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    /// In the order of [`SERVICES`].
    pub(super) grpc: [u16; 4],
    /// In the same order.
    pub(super) membership: [u16; 4],
}

impl Ports {
    /// Ports that are free now. All are held while the last is looked for, so they differ from each other; another
    /// process may take one before the server does, so a start that fails for that reason is tried again.
    ///
    /// # Errors
    /// The system has no free port.
    pub(super) fn free() -> io::Result<Ports> {
        let held =
            (0..8).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<Vec<TcpListener>>>()?;
        let mut ports = [0; 8];
        for (port, listener) in ports.iter_mut().zip(&held) {
            *port = listener.local_addr()?.port();
        }
        let [a, b, c, d, e, f, g, h] = ports;
        Ok(Ports { grpc: [a, b, c, d], membership: [e, f, g, h] })
    }

    /// Where a service listens; the frontend if none is named.
    pub(super) fn of(&self, service: Option<&str>) -> u16 {
        let place = SERVICES.iter().position(|known| service == Some(known)).unwrap_or(0);
        self.grpc[place]
    }

    /// Where clients and workers connect.
    #[must_use]
    pub(super) fn frontend(&self) -> u16 {
        self.grpc[0]
    }
}

/// Where a server keeps everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Store {
    /// In the memory of its process.
    Memory,
    /// In a keyspace of Cassandra that is reached at this address, and lists in a file.
    Cassandra {
        /// Where this process finds Cassandra.
        contact: SocketAddr,
        /// Seconds until it gives up an answer.
        patience: u32,
        /// The keyspace, with the tables of the server.
        keyspace: String,
        /// The file of the lists.
        lists: PathBuf,
    },
}

/// A process of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server<'a> {
    /// The ports of its services, which all processes of a server have in common.
    pub(super) ports: &'a Ports,
    /// The address of loopback at which this one listens.
    pub(super) ip: Ipv4Addr,
    /// Where the other services find the frontend.
    pub(super) frontend: SocketAddr,
    /// Where it keeps everything.
    pub(super) store: Store,
    /// The path of its dynamic configuration.
    pub(super) dynamic: &'a Path,
}

/// The configuration file of a process.
///
/// The frontend closes its connections after five minutes by default; here it does not, so that a broken connection
/// in a recording is always one that somebody broke on purpose.
#[must_use]
pub(super) fn server(server: &Server<'_>) -> String {
    let Server { ports, ip, frontend, store, dynamic } = server;
    let services: String = SERVICES
        .iter()
        .zip(ports.grpc.iter().zip(ports.membership))
        .map(|(service, (grpc, membership))| {
            let keep = if *service == "frontend" { ", keepAliveServerConfig: *keep" } else { "" };
            format!(
                "  {service}: {{rpc: {{grpcPort: {grpc}, membershipPort: {membership}, bindOnIP: \"{ip}\"{keep}}}}}\n"
            )
        })
        .collect();
    let dynamic = quoted(&dynamic.display().to_string());
    let stores = stores(store);
    format!(
        r#"log: {{stdout: true, level: warn}}
x-keep: &keep {{keepAliveServerParameters: {{maxConnectionAge: 24h, maxConnectionIdle: 24h}}}}
x-sqlite: &sqlite
  pluginName: sqlite
  connectAddr: localhost
  connectProtocol: tcp
  maxConns: 1
  maxIdleConns: 1
  maxConnLifetime: 24h
persistence:
  defaultStore: main
  visibilityStore: visibility
  numHistoryShards: {SHARDS}
  datastores:
{stores}global: {{membership: {{maxJoinDuration: 30s, broadcastAddress: "{ip}"}}}}
services:
{services}clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "{frontend}"}}
dcRedirectionPolicy: {{policy: noop}}
publicClient: {{hostPort: "{frontend}"}}
dynamicConfigClient: {{filepath: {dynamic}, pollInterval: 60s}}
"#
    )
}

/// The stores, indented by four.
///
/// The driver is to ask nobody where else Cassandra is, as it would then go past the proxy at the address that it is given.
fn stores(store: &Store) -> String {
    match store {
        Store::Memory => ["main", "visibility"]
            .map(|name| {
                format!("    {name}: {{sql: {{<<: *sqlite, databaseName: {name}, connectAttributes: {{mode: memory, cache: private}}}}}}\n")
            })
            .concat(),
        Store::Cassandra { contact, patience, keyspace, lists } => {
            let (host, port, lists) = (contact.ip(), contact.port(), quoted(&lists.display().to_string()));
            format!(
                r#"    main:
      cassandra:
        hosts: "{host}"
        port: {port}
        keyspace: {keyspace}
        timeout: {patience}s
        disableInitialHostLookup: true
        consistency: {{default: {{consistency: local_quorum, serialConsistency: local_serial}}}}
    visibility:
      sql:
        <<: *sqlite
        databaseName: {lists}
        connectAttributes: {{mode: rwc, setup: "true", journal_mode: wal, synchronous: "1", busy_timeout: "10000"}}
"#
            )
        }
    }
}

/// The dynamic configuration: limits out of the way, nothing that changes what the server means.
///
/// Task queues get one partition instead of four. The few pollers of a case would otherwise wait on partitions other
/// than the task's and be served by forwarding; which partition a task takes is invisible in a history. Measured on two
/// busy cores, 400 workflows over 8 queues: the slowest hundredth of tasks waited 2.0 s instead of 6.4 s with two
/// pollers for each queue, and 9.8 s instead of 15.2 s with one.
#[must_use]
pub(super) fn dynamic() -> String {
    const RAISED: [&str; 20] = [
        "frontend.rps",
        "frontend.namespaceRPS",
        "frontend.namespaceRPS.visibility",
        "frontend.namespaceRPS.namespaceReplicationInducingAPIs",
        "frontend.rps.namespaceReplicationInducingAPIs",
        "frontend.namespaceCount",
        "history.rps",
        "history.transferProcessorMaxPollRPS",
        "history.transferProcessorMaxPollHostRPS",
        "history.timerProcessorMaxPollRPS",
        "history.timerProcessorMaxPollHostRPS",
        "history.visibilityProcessorMaxPollRPS",
        "history.visibilityProcessorMaxPollHostRPS",
        "matching.rps",
        "system.visibilityPersistenceMaxReadQPS",
        "system.visibilityPersistenceMaxWriteQPS",
        "frontend.persistenceMaxQPS",
        "history.persistenceMaxQPS",
        "matching.persistenceMaxQPS",
        "worker.persistenceMaxQPS",
    ];
    const PARTITIONS: [&str; 2] = ["matching.numTaskqueueReadPartitions", "matching.numTaskqueueWritePartitions"];
    let line = |key: &str, value: u32| format!("{key}: [{{value: {value}}}]\n");
    let raised = RAISED.iter().map(|key| line(key, PLENTY));
    raised.chain(PARTITIONS.iter().map(|key| line(key, 1))).collect()
}

/// A text as a double-quoted YAML scalar.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ports_are_distinct_and_free() {
        let ports = Ports::free().unwrap();
        let all: BTreeSet<u16> = ports.grpc.into_iter().chain(ports.membership).collect();
        assert_eq!(all.len(), 8);
        for port in all {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        }
    }

    #[test]
    fn every_port_is_bound_to_its_service_on_loopback() {
        let ports = Ports { grpc: [1001, 1002, 1003, 1004], membership: [2001, 2002, 2003, 2004] };
        let dynamic = Path::new("/tmp/a \"b\"/dynamic.yaml");
        let (ip, frontend) = (Ipv4Addr::new(127, 0, 0, 2), SocketAddr::from((Ipv4Addr::LOCALHOST, 1001)));
        let store = |store| server(&Server { ports: &ports, ip, frontend, store, dynamic });
        let lists = PathBuf::from("/tmp/lists.db");
        let contact = SocketAddr::from((Ipv4Addr::LOCALHOST, 4321));
        let yaml = store(Store::Cassandra { contact, patience: 3, keyspace: "temporal".into(), lists });
        for line in [
            "  frontend: {rpc: {grpcPort: 1001, membershipPort: 2001, bindOnIP: \"127.0.0.2\", keepAliveServerConfig: *keep}}",
            "  history: {rpc: {grpcPort: 1002, membershipPort: 2002, bindOnIP: \"127.0.0.2\"}}",
            "  matching: {rpc: {grpcPort: 1003, membershipPort: 2003, bindOnIP: \"127.0.0.2\"}}",
            "  worker: {rpc: {grpcPort: 1004, membershipPort: 2004, bindOnIP: \"127.0.0.2\"}}",
            "publicClient: {hostPort: \"127.0.0.1:1001\"}",
            r#"dynamicConfigClient: {filepath: "/tmp/a \"b\"/dynamic.yaml", pollInterval: 60s}"#,
            "        port: 4321",
            "        timeout: 3s",
            r#"        databaseName: "/tmp/lists.db""#,
        ] {
            assert!(yaml.lines().any(|found| found == line), "{line}\nis not in\n{yaml}");
        }
        assert!(!yaml.contains("0.0.0.0") && !yaml.contains("memory"));
        assert!(
            store(Store::Memory)
                .contains("    main: {sql: {<<: *sqlite, databaseName: main, connectAttributes: {mode: memory")
        );
    }
}
