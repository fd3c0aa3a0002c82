//! The names of faults, as recordings count them, and the list of all that can occur.
//!
//! Every name is the result of an exhaustive `match`, so that a new fault does not compile until it has a name.

use crate::plan::{Caller, FaultKind, StoreOutcome, Way};

/// Kinds of faults.
pub const FAULTS: &[&str] = &[
    "partition",
    "partition_out",
    "partition_in",
    "hold",
    "slow",
    "kill",
    "power_loss",
    "clock_skew",
    "clock_step",
    "store_unreachable",
    "commit_reply_lost",
    "commit_lost",
    "commit_late",
    "commit_after_fence",
    "commit_limbo",
    "commit_resent",
    "commit_unavailable",
    "append_reply_lost",
    "append_late",
    "append_lost",
    "append_partial",
    "read_fails",
    "client_reply_lost",
    "client_call_repeated",
    "worker_reply_lost",
    "worker_call_repeated",
];

/// The name of a fault.
#[must_use]
pub fn fault(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Partition { way: Way::Both, .. } => "partition",
        FaultKind::Partition { way: Way::Out, .. } => "partition_out",
        FaultKind::Partition { way: Way::In, .. } => "partition_in",
        FaultKind::Hold { .. } => "hold",
        FaultKind::Slow { .. } => "slow",
        FaultKind::Kill { .. } => "kill",
        FaultKind::PowerLoss { .. } => "power_loss",
        FaultKind::ClockSkew { .. } => "clock_skew",
        FaultKind::ClockStep { .. } => "clock_step",
        FaultKind::StoreUnreachable { .. } => "store_unreachable",
        FaultKind::Store { outcome, .. } => match outcome {
            StoreOutcome::CommitReplyLost => "commit_reply_lost",
            StoreOutcome::CommitLost => "commit_lost",
            StoreOutcome::CommitLate(_) => "commit_late",
            StoreOutcome::CommitAfterFence => "commit_after_fence",
            StoreOutcome::CommitLimbo => "commit_limbo",
            StoreOutcome::CommitResent => "commit_resent",
            StoreOutcome::CommitUnavailable => "commit_unavailable",
            StoreOutcome::AppendReplyLost => "append_reply_lost",
            StoreOutcome::AppendLate(_) => "append_late",
            StoreOutcome::AppendLost => "append_lost",
            StoreOutcome::AppendPartial => "append_partial",
            StoreOutcome::ReadFails => "read_fails",
        },
        FaultKind::ReplyLost { by: Caller::Client, .. } => "client_reply_lost",
        FaultKind::ReplyLost { by: Caller::Worker, .. } => "worker_reply_lost",
        FaultKind::CallRepeated { by: Caller::Client, .. } => "client_call_repeated",
        FaultKind::CallRepeated { by: Caller::Worker, .. } => "worker_call_repeated",
    }
}
