//! Reading what stays in the store until it is its turn: transfers and timers that had no place in memory, and closed runs to be deleted.

use super::actor::{Tenure, TenureEnd};
use super::job::Job;
use crate::log::Error;
use crate::store::Rows;
use resurgam_state::Millis;
use std::time::Duration;

impl Tenure<'_> {
    /// Looks for what has come to its turn; returns jobs that delete runs. Transfers and timers are in memory then, for the next turn.
    pub(super) async fn look_up(&mut self, now: Millis) -> Result<Vec<Job>, TenureEnd> {
        self.refill().await?;
        self.expire(now).await
    }

    /// Reads more transfers and timers, if there are few left. If that fails, it is done again in the next turn.
    async fn refill(&mut self) -> Result<(), TenureEnd> {
        if self.queues.transfers.is_short() {
            let (range, room) = self.queues.transfers.unread();
            // What an owner to come has written or deleted is not to be taken for this one's.
            let rows = self.log.read_first(range, room).await;
            if let Some(rows) = self.found(rows).await? {
                self.queues.transfers.read(&rows, room);
            }
        }
        if self.queues.timers.is_short() {
            let (range, room) = self.queues.timers.unread();
            let rows = self.log.look_at_first(range, room).await;
            if let Some(rows) = self.found(rows).await? {
                self.queues.timers.read(&rows, room);
            }
        }
        Ok(())
    }

    /// The rows, if they could be read.
    async fn found(&self, rows: Result<Rows, Error>) -> Result<Option<Rows>, TenureEnd> {
        match rows {
            Ok(rows) => Ok(Some(rows)),
            Err(Error::Lost) => Err(TenureEnd::Lost),
            Err(Error::Unavailable(problem)) => {
                tracing::debug!(shard = self.actor.config.number, problem, "tasks cannot be read");
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(None)
            }
        }
    }
}
