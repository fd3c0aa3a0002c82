//! How Cassandra is configured: as an orchestrator may ask for it, or as it comes.

/// Which promises the server makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The newer Paxos, and a commit log that is on disk before the acknowledgement: nothing acknowledged may be lost.
    Strict,
    /// As the public image comes, and as most run it: the older Paxos, and a log that is written to disk after the acknowledgement.
    Stock,
}

/// What makes a start fast where there is one node that nobody else waits for. It changes no promise. The last is no matter of speed.
const FAST: &[&str] = &[
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.ring_delay_ms=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.shutdown_announce_in_ms=0",
    // For `nodetool`, inside alone.
    "-Dcassandra.jmx.local.port=7199",
];

const STRICT: &[&str] = &[
    "-Dcassandra.config.allow_system_properties=true",
    "-Dcassandra.settings.paxos_variant=v2",
    "-Dcassandra.settings.paxos_state_purging=gc_grace",
    "-Dcassandra.settings.commitlog_sync=batch",
    // The public configuration has a period, and a server with both does not start.
    "-Dcassandra.settings.commitlog_sync_period=0ms",
];

impl Profile {
    /// What the virtual machine is told.
    pub(crate) fn options(self) -> String {
        let settings = match self {
            Self::Strict => STRICT,
            Self::Stock => &[],
        };
        [FAST, settings].concat().join(" ")
    }
}
