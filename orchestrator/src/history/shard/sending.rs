//! Sending transfers: those that nobody has begun with, until so many are on their way.

use super::actor::{TRANSFERS, Tenure, TenureEnd};
use super::route::Target;
use super::{cache, deletion, dispatch, transfer};
use crate::history::engine::TransferResult;
use crate::invariant::{self, broken};
use crate::log::{Backoff, Error};
use resurgam_state::task::{TransferKind, TransferTask};

impl Tenure<'_> {
    /// Begins with transfers that are not being done.
    pub(super) async fn dispatch(&mut self) -> Option<TenureEnd> {
        for (id, transfer) in self.queues.transfers.begin(TRANSFERS) {
            if let Some(TransferKind::DeleteHistory(_)) = transfer.kind {
                let (store, run_id) = (self.actor.store.clone(), transfer.run.run_id.clone());
                let backoff = self.backoff();
                self.spawn(id, transfer, async move { deletion::history(store.as_ref(), backoff, &run_id).await });
                continue;
            }
            let target = Target::from(&transfer.run);
            let workflow = match self.cache.get(&target.workflow) {
                Some(workflow) if workflow.runs.contains_key(&target.run_id) => workflow.clone(),
                known => match cache::load(&self.log, known, &target, self.actor.config.check).await {
                    Ok(workflow) => workflow,
                    Err(Error::Lost) => return Some(TenureEnd::Lost),
                    Err(Error::Unavailable(_)) => {
                        self.queues.transfers.defer(id);
                        continue;
                    }
                },
            };
            let Ok(namespace) = self.actor.dispatcher.namespace(&target.workflow.namespace_id).await else {
                // A node that has just started may not have heard of it yet.
                self.queues.transfers.defer(id);
                continue;
            };
            let run = workflow.runs.get(&target.run_id);
            let Some(run) = run else { broken!("transfer {id} is of run {}, which is not there", target.run_id) };
            let call = transfer::call(&transfer, run, &namespace, self.actor.now());
            let Some(call) = call else {
                self.queues.transfers.finish(id);
                continue;
            };
            let (dispatcher, backoff) = (self.actor.dispatcher.clone(), self.backoff());
            let run_id = transfer.run.run_id.clone();
            self.spawn(
                id,
                transfer,
                async move { dispatch::carry_out(dispatcher.as_ref(), backoff, run_id, call).await },
            );
        }
        None
    }

    /// Lets `sending` come to its end beside the shard's task, unless the tenure ends before.
    fn spawn(
        &self,
        id: i64,
        transfer: TransferTask,
        sending: impl Future<Output = Option<TransferResult>> + Send + 'static,
    ) {
        let (done, over) = (self.done.clone(), self.over.clone());
        self.actor.environment.spawn(Box::pin(async move {
            let run = transfer.run;
            tokio::select! {
                biased;
                () = over.cancelled() => {}
                result = invariant::contained(sending) => {
                    // The tenure may be over.
                    done.send((id, run, result)).ok();
                }
            }
        }));
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.actor.environment.clone())
    }
}
