//! Configuration of a Temporal server in one process: ports, the server's YAML, its dynamic configuration.
//!
//! Everything listens on loopback. Both stores are SQLite in the memory of the process: a run ends with its process,
//! so nothing needs to survive it. Source: docs/temporal-semantics.md, “Configuration”.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// Shards of history: more than one, so that what crosses shards happens.
const SHARDS: u32 = 4;

/// Far above what two cores can do: the limits of the server must not shape a run.
const PLENTY: u32 = 1_000_000;

/// The ports of one server: for each of its four services one for gRPC and one for the membership ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    /// frontend, history, matching, worker.
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

    /// Where clients and workers connect.
    #[must_use]
    pub(super) fn frontend(&self) -> u16 {
        self.grpc[0]
    }
}

/// The server's configuration file. `dynamic` is the path of the dynamic configuration.
///
/// The frontend closes its connections after five minutes by default; here it does not, so that a broken connection
/// in a recording is always one that somebody broke on purpose.
#[must_use]
pub(super) fn server(ports: &Ports, dynamic: &Path) -> String {
    let frontend = ports.frontend();
    let services: String = ["frontend", "history", "matching", "worker"]
        .iter()
        .zip(ports.grpc.iter().zip(ports.membership))
        .map(|(service, (grpc, membership))| {
            let keep = if *service == "frontend" { ", keepAliveServerConfig: *keep" } else { "" };
            format!(
                "  {service}: {{rpc: {{grpcPort: {grpc}, membershipPort: {membership}, bindOnLocalHost: true{keep}}}}}\n"
            )
        })
        .collect();
    let dynamic = quoted(&dynamic.display().to_string());
    format!(
        r#"log: {{stdout: true, level: warn}}
x-keep: &keep {{keepAliveServerParameters: {{maxConnectionAge: 24h, maxConnectionIdle: 24h}}}}
x-store: &store
  pluginName: sqlite
  connectAddr: localhost
  connectProtocol: tcp
  maxConns: 1
  maxIdleConns: 1
  maxConnLifetime: 24h
  connectAttributes: {{mode: memory, cache: private}}
persistence:
  defaultStore: main
  visibilityStore: visibility
  numHistoryShards: {SHARDS}
  datastores:
    main: {{sql: {{<<: *store, databaseName: main}}}}
    visibility: {{sql: {{<<: *store, databaseName: visibility}}}}
global: {{membership: {{maxJoinDuration: 30s, broadcastAddress: "127.0.0.1"}}}}
services:
{services}clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{frontend}"}}
dcRedirectionPolicy: {{policy: noop}}
publicClient: {{hostPort: "127.0.0.1:{frontend}"}}
dynamicConfigClient: {{filepath: {dynamic}, pollInterval: 60s}}
"#
    )
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
        let yaml = server(&ports, Path::new("/tmp/a \"b\"/dynamic.yaml"));
        for line in [
            "  frontend: {rpc: {grpcPort: 1001, membershipPort: 2001, bindOnLocalHost: true, keepAliveServerConfig: *keep}}",
            "  history: {rpc: {grpcPort: 1002, membershipPort: 2002, bindOnLocalHost: true}}",
            "  matching: {rpc: {grpcPort: 1003, membershipPort: 2003, bindOnLocalHost: true}}",
            "  worker: {rpc: {grpcPort: 1004, membershipPort: 2004, bindOnLocalHost: true}}",
            "publicClient: {hostPort: \"127.0.0.1:1001\"}",
            r#"dynamicConfigClient: {filepath: "/tmp/a \"b\"/dynamic.yaml", pollInterval: 60s}"#,
        ] {
            assert!(yaml.lines().any(|found| found == line), "{line}\nis not in\n{yaml}");
        }
        assert!(!yaml.contains("0.0.0.0"));
    }
}
