//! The names of kinds of faults.

use super::FaultKind;
use super::affected::{Caller, Way};

impl FaultKind {
    /// The names of all kinds, as recordings and coverage count them, without those of [`DatabaseFault::NAMES`] and that of
    /// `commit_overloaded`, which no random plan has.
    pub const NAMES: &[&str] = &[
        "partition",
        "partition_out",
        "partition_in",
        "hold",
        "slow",
        "kill",
        "power_loss",
        "pause",
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

    /// The name of the kind, one of [`Self::NAMES`] but for those that it leaves out.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Partition { way: Way::Both, .. } => "partition",
            Self::Partition { way: Way::Out, .. } => "partition_out",
            Self::Partition { way: Way::In, .. } => "partition_in",
            Self::Hold { .. } => "hold",
            Self::Slow { .. } => "slow",
            Self::Kill { .. } => "kill",
            Self::PowerLoss { .. } => "power_loss",
            Self::Pause { .. } => "pause",
            Self::ClockSkew { .. } => "clock_skew",
            Self::ClockStep { .. } => "clock_step",
            Self::StoreUnreachable { .. } => "store_unreachable",
            Self::Store { outcome, .. } => outcome.name(),
            Self::Database { does } => does.name(),
            Self::ReplyLost { by: Caller::Client, .. } => "client_reply_lost",
            Self::ReplyLost { by: Caller::Worker, .. } => "worker_reply_lost",
            Self::CallRepeated { by: Caller::Client, .. } => "client_call_repeated",
            Self::CallRepeated { by: Caller::Worker, .. } => "worker_call_repeated",
        }
    }
}
