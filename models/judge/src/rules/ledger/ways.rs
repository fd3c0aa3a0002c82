//! How long a task may be on its way to a worker in a simulated cluster.

use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::Latency;

/// Ways through store and network that a task may take from being scheduled to being started: its commit, the commits before
/// it, the transfer to matching, the poll of a worker that has just answered, a start that is refused by a shard at work.
const WAYS: i64 = 10;
/// What a queue waits until it offers a task again whose start was refused, in nanoseconds.
const PAUSE: i64 = 100_000_000;

/// How long a task may be on its way to a worker that waits, in nanoseconds; `None` if there is no plan. Nothing is known of the ways of
/// a cluster that is not simulated.
pub(super) fn longest(evidence: &Evidence) -> Option<i64> {
    let cluster = &evidence.header.as_ref()?.plan.cluster;
    let most = |latency: &Latency| i64::from(latency.least_ms.max(latency.most_ms));
    let way = most(&cluster.store) + 2 * (most(&cluster.network) + i64::from(cluster.jitter_ms));
    Some(WAYS * way * 1_000_000 + PAUSE)
}
