//! What a shard has to be told.

use super::job::{AnyInput, unasked};
use super::timers::TIMERS;
use super::transfers::WAITING;
use crate::history::engine::retention::Expiry;
use crate::history::engine::{self, Limits, TransferResult, Workflow};
use crate::log::Bounds;
use resurgam_state::Flaw;
use resurgam_state::task::TimerTask;
use std::sync::Arc;
use std::time::Duration;

/// Most events in one answer.
pub(crate) const PAGE: usize = 256;

/// How tasks of a shard become inputs of the engine; tests put a stand-in for the engine here.
#[derive(Clone, Copy, Debug)]
pub struct Tasks {
    /// A timer task is due.
    pub timer: fn(TimerTask) -> Arc<dyn AnyInput>,
    /// A transfer task has a result.
    pub transfer: fn(TransferResult) -> Arc<dyn AnyInput>,
    /// A closed run is to be deleted.
    pub expiry: fn(TimerTask) -> Arc<dyn AnyInput>,
}

/// What is wrong with a workflow as it was read: `engine::check`, or a stand-in of it in tests.
pub type Check = fn(&Workflow) -> Result<(), Flaw>;

/// What a shard has to be told.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    /// Number of the shard.
    pub number: u32,
    /// Name of the node, for operators.
    pub node: String,
    /// How tasks become inputs.
    pub tasks: Tasks,
    /// What is taken for sound as it is read.
    pub check: Check,
    /// Limits of the engine.
    pub limits: Limits,
    /// How much one commit may hold.
    pub bounds: Bounds,
    /// Whether descriptions and histories wait for a commit, and so never show an earlier state.
    pub linearizable_reads: bool,
    /// How long a request for new events waits.
    pub long_poll: Duration,
    /// Most events in one answer.
    pub page: usize,
    /// Most transfers in memory; the others stay in the store until it is their turn.
    pub transfers: usize,
    /// Most timers in memory; the others stay in the store until it is their turn.
    pub timers: usize,
}

impl ShardConfig {
    /// The usual configuration of shard `number` on a node.
    #[must_use]
    pub fn new(number: u32, node: &str) -> Self {
        Self {
            number,
            node: node.to_owned(),
            tasks: Tasks { timer: unasked, transfer: unasked, expiry: |task| unasked(Expiry(task)) },
            check: engine::check,
            limits: Limits::default(),
            bounds: Bounds::default(),
            linearizable_reads: true,
            long_poll: Duration::from_secs(20),
            page: PAGE,
            transfers: WAITING,
            timers: TIMERS,
        }
    }
}
