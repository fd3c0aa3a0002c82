//! A child is released: its parent has recorded that it started, so it may have its first workflow task.

use super::input::{Acted, Reply, RunInput, Which};
use super::signal;
use super::transaction::Transaction;
use super::waiter::Waiter;
use crate::cluster::Rejection;
use resurgam_api::internal::{ScheduleFirstWorkflowTaskRequest, ScheduleFirstWorkflowTaskResponse};

impl RunInput for ScheduleFirstWorkflowTaskRequest {
    type Answer = ScheduleFirstWorkflowTaskResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        release_first_task(tx, &self).map(Reply::now)
    }
}

/// The parent knows of the run now.
fn release_first_task(
    tx: &mut Transaction<'_, '_>,
    request: &ScheduleFirstWorkflowTaskRequest,
) -> Result<ScheduleFirstWorkflowTaskResponse, Rejection> {
    if tx.require_open().is_ok() && tx.run.state.awaits_parent {
        signal::require_child(tx, request.parent.as_ref())?;
        tx.run.state.awaits_parent = false;
        tx.wake();
    }
    Ok(ScheduleFirstWorkflowTaskResponse {})
}
