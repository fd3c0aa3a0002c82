//! Sticky queues: the queue of the worker that has a run in its cache. A worker may say that it has it no more.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use resurgam_api::internal::ResetStickyRequest;
use resurgam_api::temporal::workflowservice::v1::ResetStickyTaskQueueResponse;

impl RunInput for ResetStickyRequest {
    type Answer = ResetStickyTaskQueueResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        tx.require_open()?;
        tx.run.state.sticky = None;
        Ok(Reply::Now(Ok(ResetStickyTaskQueueResponse {})))
    }
}
