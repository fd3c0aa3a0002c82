//! A client deletes a run: an open one is terminated first. What is left of it goes the way of runs whose time is over, at once.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{IDENTITY, close, retention};
use crate::cluster::Rejection;
use resurgam_api::internal::DeleteRequest;
use resurgam_api::temporal::workflowservice::v1::DeleteWorkflowExecutionResponse;

impl RunInput for DeleteRequest {
    type Answer = DeleteWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        if tx.run.state.deleted && self.once {
            return Err(Rejection::NotFound("workflow execution is being deleted".to_owned()));
        }
        if !tx.run.state.deleted {
            tx.run.state.deleted = true;
            if tx.require_open().is_ok() {
                close::terminate(tx, "Delete workflow execution".to_owned(), None, IDENTITY.to_owned());
            } else {
                retention::order(tx);
            }
        }
        Ok(Reply::now(DeleteWorkflowExecutionResponse {}))
    }
}
