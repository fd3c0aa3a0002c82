//! Reading what stays in the store until it is its turn: timers that had no place in memory, and closed runs to be deleted.

use super::actor::{End, Tenure};
use super::job::Job;
use crate::history::state::Millis;
use crate::log::Error;
use std::time::Duration;

impl Tenure<'_> {
    /// Looks for what has come to its turn; returns jobs that delete runs. Timers are in memory then, for the next turn.
    pub(super) async fn look_up(&mut self, now: Millis) -> Result<Vec<Job>, End> {
        self.refill().await?;
        self.expire(now).await
    }

    /// Reads more timers, if there are few left. If that fails, it is done again in the next turn.
    async fn refill(&mut self) -> Result<(), End> {
        if !self.queues.timers.is_short() {
            return Ok(());
        }
        let (range, room) = self.queues.timers.unread();
        match self.log.look_at_first(range, room).await {
            Ok(rows) => self.queues.timers.read(&rows, room),
            Err(Error::Lost) => return Err(End::Lost),
            Err(Error::Unavailable(problem)) => {
                tracing::debug!(shard = self.actor.config.number, problem, "timers cannot be read");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }
}
