//! What is said of faults to people, in listings, recordings and reports.

use super::{Caller, DatabaseFault, FaultKind, FaultMoment, Happening, PartitionKind, Side, StoreOutcome, Way};
use crate::plan::TaskKind;
use std::fmt;

impl fmt::Display for FaultMoment {
    /// What a fault waits for, such as `after commit 3 on shards, where it was`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nth = self.nth.max(1);
        f.write_str(&match &self.event {
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
        })
    }
}

impl fmt::Display for FaultKind {
    /// What a fault does, such as `node 1 killed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Partition { side: cut, way } => match way {
                Way::Both => format!("{} cut off", side(cut)),
                Way::Out => format!("{} cut off, outward only", side(cut)),
                Way::In => format!("{} cut off, inward only", side(cut)),
            },
            Self::Hold { side: cut } => format!("messages of {} held back", side(cut)),
            Self::Slow { side: cut, by_ms } => format!("messages of {} slower by {by_ms} ms", side(cut)),
            Self::Kill { node } => format!("node {node} killed"),
            Self::PowerLoss { node } => format!("node {node} loses power"),
            Self::Pause { node } => format!("node {node} paused"),
            Self::ClockSkew { node, by_ms } => format!("clock of node {node} wrong by {by_ms} ms"),
            Self::ClockStep { node, by_ms } => format!("clock of node {node} set by {by_ms} ms"),
            Self::StoreUnreachable { node } => format!("store out of reach of node {node}"),
            Self::Store { node, partition, calls, outcome } => {
                let of = node.map_or(String::new(), |node| format!(" of node {node}"));
                let (what, how) = spoiled(*outcome);
                format!("next {}{of}{} {how}", counted(*calls, what), on(*partition))
            }
            Self::Database { does } => match does {
                DatabaseFault::Kill => "database killed",
                DatabaseFault::Restart => "database restarted",
                DatabaseFault::Pause => "database paused",
                DatabaseFault::Flush => "database flushed",
                DatabaseFault::Compact => "database compacted",
            }
            .to_owned(),
            Self::ReplyLost { by, calls } => format!("next {} get no reply", counted(*calls, caller(*by))),
            Self::CallRepeated { by, calls } => format!("next {} sent twice", counted(*calls, caller(*by))),
        })
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

/// So many of something, such as `2 nodes`.
pub(crate) fn counted(count: u8, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
