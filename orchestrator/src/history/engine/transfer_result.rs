//! What became of a transfer task, told to the run that ordered it.

use super::input::{Applied, Input, now};
use super::run::on_run;
use super::waiter::Waiter;
use super::{Context, Workflow, child, external, task};
use crate::history::state::EventId;
use resurgam_api::temporal::common::v1::WorkflowExecution;

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
}

impl Input for TransferResult {
    type Answer = ();

    fn apply(self, workflow: &mut Workflow, context: &mut Context<'_>, _: &Waiter<()>) -> Applied<()> {
        match self {
            Self::ChildStarted(run, initiated, answer) => {
                on_run(workflow, &run, context, |tx| Ok(child::started(tx, initiated, answer)))
            }
            Self::ExternalSignaled(run, initiated, answer) => {
                on_run(workflow, &run, context, |tx| Ok(external::signaled(tx, initiated, answer)))
            }
            Self::ExternalCanceled(run, initiated, answer) => {
                on_run(workflow, &run, context, |tx| Ok(external::canceled(tx, initiated, answer)))
            }
            Self::StickyUnavailable(run, scheduled) => {
                on_run(workflow, &run, context, |tx| Ok(task::unstick(tx, scheduled)))
            }
        }
        .map(now)
    }
}
