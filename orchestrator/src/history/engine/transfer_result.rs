//! What became of a transfer task, told to the run that ordered it.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{batch_step, child, external, schedule_step, task};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_batch::{Outcome, Selected};
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
    /// It was counted how many workflows a batch operation is about; or it is refused to say, and why.
    BatchCounted(String, Result<i64, String>),
    /// The page with this number was selected for a batch operation; or that is refused, and why.
    PageSelected(String, i64, Result<Selected, String>),
    /// Something has come of the workflow with this number of a batch operation.
    Operated(String, i64, Outcome),
}

impl RunInput for TransferResult {
    type Answer = ();

    fn run(&self) -> Which<'_> {
        let (Self::ChildStarted(run_id, ..)
        | Self::ExternalSignaled(run_id, ..)
        | Self::ExternalCanceled(run_id, ..)
        | Self::StickyUnavailable(run_id, ..)
        | Self::ActionStarted(run_id, ..)
        | Self::BatchCounted(run_id, ..)
        | Self::PageSelected(run_id, ..)
        | Self::Operated(run_id, ..)) = self;
        Which::run(run_id)
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<()>) -> Acted<()> {
        match self {
            Self::ChildStarted(_, initiated, answer) => child::started(tx, initiated, answer),
            Self::ExternalSignaled(_, initiated, answer) => external::signaled(tx, initiated, answer),
            Self::ExternalCanceled(_, initiated, answer) => external::canceled(tx, initiated, answer),
            Self::StickyUnavailable(_, scheduled) => task::unstick(tx, scheduled),
            Self::ActionStarted(_, number, execution) => schedule_step::started(tx, number, execution),
            Self::BatchCounted(_, count) => batch_step::counted(tx, count),
            Self::PageSelected(_, page, selected) => batch_step::selected(tx, page, selected),
            Self::Operated(_, number, outcome) => batch_step::operated(tx, number, outcome),
        }
        Ok(Reply::Now(Ok(())))
    }
}
