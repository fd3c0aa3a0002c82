//! The cluster and the faults of a plan, for people.

use crate::plan::{Cluster, Fault, Latency, counted};

/// The cluster, such as `3 nodes, 4 shards`; what is as in every plan is left out.
pub(super) fn cluster(cluster: &Cluster) -> String {
    let usual = Cluster::default();
    let latency = |Latency { least_ms, most_ms }: Latency| format!("{least_ms} to {most_ms} ms");
    let mut parts = vec![counted(cluster.nodes, "node"), counted(cluster.shards, "shard")];
    let mut unusual = |differs: bool, text: String| {
        if differs {
            parts.push(text);
        }
    };
    unusual(cluster.store != usual.store, format!("store {}", latency(cluster.store)));
    unusual(cluster.network != usual.network, format!("network {}", latency(cluster.network)));
    unusual(cluster.jitter_ms != usual.jitter_ms, format!("jitter {} ms", cluster.jitter_ms));
    unusual(
        cluster.store_timeout_ms != usual.store_timeout_ms,
        format!("store timeout {} ms", cluster.store_timeout_ms),
    );
    parts.join(", ")
}

/// A fault with its time.
pub(super) fn fault(fault: &Fault, width: usize) -> String {
    let lasts = if fault.for_ms == 0 { String::new() } else { format!(" for {} ms", fault.for_ms) };
    let begin = fault.moment.map_or(String::new(), |at| format!(", {at}"));
    format!("at {:>width$} ms{begin}{lasts}: {}", fault.at_ms, fault.kind)
}
