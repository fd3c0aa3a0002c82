//! What a shard is asked to do, what task that comes from, and what is answered.

use super::queue::TimerId;
use super::route::Target;
use crate::cluster::Rejection;
use crate::history::engine::{Input, Reply, Run, Waiter};
use crate::history::state::{EventId, Tail};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use tokio::sync::watch;

/// Something that a turn does.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) target: Target,
    pub(super) work: Work,
    /// Who waits for the answer.
    pub(super) waiter: Waiter,
    /// The task that is done with it.
    pub(super) finish: Finish,
}

/// What a job does.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "moved rarely")]
pub(super) enum Work {
    /// An input.
    Step(Input),
    /// A look at a run.
    View,
}

/// The task that a job comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// None: a request.
    Nothing,
    /// This transfer.
    Transfer(i64),
    /// This timer.
    Timer(TimerId),
}

/// What is to be known of a run for reading its history.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunView {
    pub(super) run_id: String,
    pub(super) open: bool,
    pub(super) next: EventId,
    pub(super) tail: Option<Tail>,
}

impl RunView {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            run_id: run.state.run_id.clone(),
            open: run.state.status == WorkflowExecutionStatus::Running as i32,
            next: run.state.next_event_id,
            tail: run.state.tail,
        }
    }
}

/// An answer on its way out.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "moved once")]
pub(super) enum Answer {
    /// To a step, with the end of the history that the reply speaks of.
    Reply(Result<Reply, Rejection>, Option<Tail>),
    /// To a look.
    RunView(RunView),
}

/// An answer and, for a look at an open run, what tells when its history grows.
pub(super) type Answered = (Answer, Option<watch::Receiver<()>>);
