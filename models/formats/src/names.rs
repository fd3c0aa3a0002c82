//! The names of faults, as recordings count them, and the list of all that can occur.
//!
//! Every name is the result of an exhaustive `match`, so that a new fault does not compile until it has a name.

use crate::plan::{Caller, Harm, StoreOutcome, Way};

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
pub fn fault(harm: &Harm) -> &'static str {
    match harm {
        Harm::Partition { way: Way::Both, .. } => "partition",
        Harm::Partition { way: Way::Out, .. } => "partition_out",
        Harm::Partition { way: Way::In, .. } => "partition_in",
        Harm::Hold { .. } => "hold",
        Harm::Slow { .. } => "slow",
        Harm::Kill { .. } => "kill",
        Harm::PowerLoss { .. } => "power_loss",
        Harm::ClockSkew { .. } => "clock_skew",
        Harm::ClockStep { .. } => "clock_step",
        Harm::StoreUnreachable { .. } => "store_unreachable",
        Harm::Store { outcome, .. } => match outcome {
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
        Harm::ReplyLost { by: Caller::Client, .. } => "client_reply_lost",
        Harm::ReplyLost { by: Caller::Worker, .. } => "worker_reply_lost",
        Harm::CallRepeated { by: Caller::Client, .. } => "client_call_repeated",
        Harm::CallRepeated { by: Caller::Worker, .. } => "worker_call_repeated",
    }
}
