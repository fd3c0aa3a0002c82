//! What a shard has to be told.

use crate::cluster::Rejection;
use crate::history::engine::{Context, Effects, Flaw, Input, Limits, Workflow};
use crate::log::Bounds;
use std::time::Duration;

/// What an input does to a workflow: `engine::step`, or a stand-in of it in tests.
pub type Step = fn(&mut Workflow, Input, &mut Context<'_>) -> Result<Effects, Rejection>;

/// What is wrong with a workflow as it was read: `engine::check`, or a stand-in of it in tests.
pub type Check = fn(&Workflow) -> Result<(), Flaw>;

/// What a shard has to be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of the shard.
    pub number: u32,
    /// Name of the node, for operators.
    pub node: String,
    /// The engine.
    pub step: Step,
    /// What it takes for sound.
    pub check: Check,
    /// Its limits.
    pub limits: Limits,
    /// How much one commit may hold.
    pub bounds: Bounds,
    /// Whether descriptions and histories wait for a commit, and so never show an earlier state.
    pub linearizable_reads: bool,
    /// How long a request for new events waits.
    pub long_poll: Duration,
    /// Most events in one answer.
    pub page: usize,
}

impl Config {
    /// The usual configuration of shard `number` on a node.
    #[must_use]
    pub fn new(number: u32, node: &str, step: Step, check: Check) -> Self {
        Self {
            number,
            node: node.to_owned(),
            step,
            check,
            limits: Limits::default(),
            bounds: Bounds::default(),
            linearizable_reads: true,
            long_poll: Duration::from_secs(20),
            page: 256,
        }
    }
}
