//! What became of a transfer task, told to the run that ordered it.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{child, external, schedule_step, task};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_state::EventId;

/// The outcome of a transfer task. Each names the run and the event that it was ordered by.
#[derive(Clone, Debug, PartialEq)]
pub enum TransferResult {
    /// The start of a child was answered: with the run that started, or with a cause of
    /// `StartChildWorkflowExecutionFailedCause`.
    ChildStarted(String, EventId, Result<WorkflowExecution, i32>),
    /// A signal to another workflow was answered; the error is a `SignalExternalWorkflowExecutionFailedCause`.
    ExternalSignaled(String, EventId, Result<(), i32>),
    /// A cancel request to another workflow was answered; the error is a `CancelExternalWorkflowExecutionFailedCause`.
    ExternalCanceled(String, EventId, Result<(), i32>),
    /// A sticky queue has no worker: the workflow task with this scheduled event id goes to the normal queue.
    StickyUnavailable(String, EventId),
    /// The start with this number for a schedule was answered: with the workflow, or (`None`) by a refusal.
    ActionStarted(String, i64, Option<WorkflowExecution>),
}

impl RunInput for TransferResult {
    type Answer = ();

    fn run(&self) -> Which<'_> {
        let (Self::ChildStarted(run_id, ..)
        | Self::ExternalSignaled(run_id, ..)
        | Self::ExternalCanceled(run_id, ..)
        | Self::StickyUnavailable(run_id, ..)
        | Self::ActionStarted(run_id, ..)) = self;
        Which::run(run_id)
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<()>) -> Acted<()> {
        match self {
            Self::ChildStarted(_, initiated, answer) => child::started(tx, initiated, answer),
            Self::ExternalSignaled(_, initiated, answer) => external::signaled(tx, initiated, answer),
            Self::ExternalCanceled(_, initiated, answer) => external::canceled(tx, initiated, answer),
            Self::StickyUnavailable(_, scheduled) => task::unstick(tx, scheduled),
            Self::ActionStarted(_, number, execution) => schedule_step::started(tx, number, execution),
        }
        Ok(Reply::Now(Ok(())))
    }
}
