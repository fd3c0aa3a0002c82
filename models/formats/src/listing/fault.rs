//! The cluster and the faults of a plan, for people.

use crate::plan::{
    Caller, Cluster, DatabaseFault, Fault, FaultKind, Happening, Latency, Moment, PartitionKind, Side, StoreOutcome,
    TaskKind, Way,
};

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
    let begin = fault.moment.map_or(String::new(), |at| format!(", {}", moment(&at)));
    format!("at {:>width$} ms{begin}{lasts}: {}", fault.at_ms, kind(&fault.kind))
}

/// What a fault waits for, such as `after commit 3 on shards, where it was`.
fn moment(Moment { event, nth }: &Moment) -> String {
    let nth = (*nth).max(1);
    match event {
        Happening::Commit { partition } => format!("after commit {nth}{}, where it was", on(*partition)),
        Happening::Append { partition } => format!("after append {nth}{}, where it was", on(*partition)),
        Happening::Read { partition } => format!("after read {nth}{}, where it was", on(*partition)),
        Happening::Fence { partition } => format!("after fence {nth}{}, where it was", on(*partition)),
        Happening::Task { kind, attempt } => {
            let kind = match kind {
                TaskKind::Workflow => "workflow",
                TaskKind::Activity => "activity",
            };
            let attempt = if *attempt > 1 { format!(" of attempt {attempt} or later") } else { String::new() };
            format!("once {kind} task {nth}{attempt} is handed out")
        }
    }
}

fn on(partition: Option<PartitionKind>) -> &'static str {
    match partition {
        None => "",
        Some(PartitionKind::Shard) => " on shards",
        Some(PartitionKind::Queue) => " on task queues",
        Some(PartitionKind::History) => " on histories",
        Some(PartitionKind::Other) => " on other partitions",
    }
}

/// What a fault does, such as `node 1 is killed`.
#[must_use]
pub fn kind(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Partition { side: cut, way } => match way {
            Way::Both => format!("{} cut off", side(cut)),
            Way::Out => format!("{} cut off, outward only", side(cut)),
            Way::In => format!("{} cut off, inward only", side(cut)),
        },
        FaultKind::Hold { side: cut } => format!("messages of {} held back", side(cut)),
        FaultKind::Slow { side: cut, by_ms } => format!("messages of {} slower by {by_ms} ms", side(cut)),
        FaultKind::Kill { node } => format!("node {node} killed"),
        FaultKind::PowerLoss { node } => format!("node {node} loses power"),
        FaultKind::Pause { node } => format!("node {node} paused"),
        FaultKind::ClockSkew { node, by_ms } => format!("clock of node {node} wrong by {by_ms} ms"),
        FaultKind::ClockStep { node, by_ms } => format!("clock of node {node} set by {by_ms} ms"),
        FaultKind::StoreUnreachable { node } => format!("store out of reach of node {node}"),
        FaultKind::Store { node, partition, calls, outcome } => {
            let of = node.map_or(String::new(), |node| format!(" of node {node}"));
            let (what, how) = spoiled(*outcome);
            format!("next {}{of}{} {how}", counted(*calls, what), on(*partition))
        }
        FaultKind::Database { does } => match does {
            DatabaseFault::Kill => "database killed",
            DatabaseFault::Restart => "database restarted",
            DatabaseFault::Pause => "database paused",
            DatabaseFault::Flush => "database flushed",
            DatabaseFault::Compact => "database compacted",
        }
        .to_owned(),
        FaultKind::ReplyLost { by, calls } => format!("next {} get no reply", counted(*calls, caller(*by))),
        FaultKind::CallRepeated { by, calls } => format!("next {} sent twice", counted(*calls, caller(*by))),
    }
}

fn spoiled(outcome: StoreOutcome) -> (&'static str, String) {
    match outcome {
        StoreOutcome::CommitReplyLost => ("commit", "applied without a reply".into()),
        StoreOutcome::CommitLost => ("commit", "lost without a reply".into()),
        StoreOutcome::CommitLate(ms) => ("commit", format!("without a reply and {ms} ms late")),
        StoreOutcome::CommitAfterFence => ("commit", "without a reply and after the next one".into()),
        StoreOutcome::CommitLimbo => ("commit", "undecided".into()),
        StoreOutcome::CommitResent => ("commit", "sent twice on the way".into()),
        StoreOutcome::CommitUnavailable => ("commit", "refused as unavailable".into()),
        StoreOutcome::CommitOverloaded => ("commit", "applied and refused as overloaded".into()),
        StoreOutcome::AppendReplyLost => ("append", "written without a reply".into()),
        StoreOutcome::AppendLate(ms) => ("append", format!("without a reply and {ms} ms late")),
        StoreOutcome::AppendLost => ("append", "lost without a reply".into()),
        StoreOutcome::AppendPartial => ("append", "torn, without a reply".into()),
        StoreOutcome::ReadFails => ("read", "failed".into()),
    }
}

fn caller(by: Caller) -> &'static str {
    match by {
        Caller::Client => "client call",
        Caller::Worker => "worker call",
    }
}

fn side(side: &Side) -> String {
    let mut who: Vec<_> = side.nodes.iter().map(|node| format!("node {node}")).collect();
    who.extend(side.driver.then(|| "clients and workers".to_owned()));
    if who.is_empty() { "nobody".into() } else { who.join(", ") }
}

fn counted(count: u8, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
