//! Sticky queues: the queue of the worker that has a run in its cache. A worker may say that it has it no more.

use super::input::{Applied, Input, now};
use super::run::on_target;
use super::waiter::Waiter;
use super::{Context, Workflow};
use resurgam_api::internal::ResetStickyRequest;
use resurgam_api::temporal::workflowservice::v1::ResetStickyTaskQueueResponse;

impl Input for ResetStickyRequest {
    type Answer = ResetStickyTaskQueueResponse;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let reset = on_target(workflow, self.target.as_ref(), "", context, |tx| {
            tx.require_open()?;
            tx.run.state.sticky = None;
            Ok(ResetStickyTaskQueueResponse {})
        });
        reset.map(now)
    }
}
