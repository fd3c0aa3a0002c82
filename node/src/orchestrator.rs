//! The trait of whoever wants to be tested: who it is, what it promises, and what one node of it does.

use crate::context::NodeContext;
use async_trait::async_trait;
use std::error::Error;

/// Why a node gave up.
pub type Failure = Box<dyn Error + Send + Sync>;

/// An orchestrator that can be tested, of which each node is a call of [`Orchestrator::serve`].
#[async_trait]
pub trait Orchestrator: Send + Sync + 'static {
    /// Its name in recordings and reports. Nothing is concluded from it.
    fn name(&self) -> &str;

    /// Its version in recordings and reports, by whatever scheme. Nothing is concluded from it.
    fn version(&self) -> String {
        "0".to_owned()
    }

    /// What it promises beyond the contract, and is then held to. By default nothing.
    fn promises(&self) -> Promises {
        Promises::default()
    }

    /// What one node does, from its start until it is killed. It is called anew at each start of each node, at the first
    /// one too; what is to survive must be in the store. (`self` is shared by all nodes and survives everything: what is
    /// kept there is a database that never fails, and is not tested.)
    ///
    /// It must not use threads, the machine's clock, files or `tokio::net`: all that it needs is in its context, and
    /// tokio's timers follow the simulation.
    ///
    /// # Errors
    /// The node gives up. It is not started again, and the case is judged as one in which the node failed.
    async fn serve(&self, node: NodeContext) -> Result<(), Failure>;
}

/// What an orchestrator promises beyond the contract. By default nothing, so that nothing is asked that the contract does
/// not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// Answers that write nothing (descriptions, histories, queries, refusals, repeated calls) show the state of a moment
    /// between call and answer. Without it they show some earlier state, monotone per run.
    pub linearizable_reads: bool,
    /// What becomes of a task whose hand-over to a worker may have failed.
    pub hand_over: HandOver,
    /// A closed run is there for as long as its namespace keeps it, and half a minute later, without faults, nothing of it
    /// is: no row, no history, and no current-run row that names it.
    pub retention: bool,
    /// A batch names only rows that it changes, so that what a call costs does not grow with what it does not touch.
    pub narrow_batches: bool,
    /// While no fault is in force, and from five seconds after the last one on, no call is told that something is wrong inside:
    /// UNAVAILABLE and its like.
    pub availability: bool,
    /// A list of workflows shows what was acknowledged before it was asked for, each run once.
    pub lists: bool,
}

/// What becomes of a task whose hand-over to a worker may have failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandOver {
    /// Nothing is promised: it may be handed over again, or be lost until a timeout starts its next attempt.
    #[default]
    Unspecified,
    /// It is handed over at most once: no two workers see the same attempt. What was lost is repaired by a timeout.
    Once,
    /// It is handed over again under the same start until a worker has it: two workers may have the same attempt, and the
    /// first answer counts. A new owner of the rows, who cannot know whether one has it, may leave that to the timeout.
    UntilTaken,
}
