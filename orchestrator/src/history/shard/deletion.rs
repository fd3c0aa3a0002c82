//! Deleting closed runs when their time is over: first their rows, by jobs of the shard, and when that is committed their
//! histories, by transfers.

use super::actor::{Tenure, TenureEnd};
use super::expiries::MOST;
use super::job::{Job, Origin, Work};
use super::route::Target;
use super::stored::{self, TimerId};
use super::{keys, node};
use crate::history::engine::TransferResult;
use crate::log::{Backoff, Error};
use crate::planted::{Bug, planted};
use crate::store::{Store, prefixed};
use resurgam_state::Millis;
use resurgam_state::task::TimerTask;

impl Tenure<'_> {
    /// Jobs that delete runs, if it is time. What is read counts only with the commit that deletes it. A run that has still
    /// something to tell to others waits.
    pub(super) async fn expire(&mut self, now: Millis) -> Result<Vec<Job>, TenureEnd> {
        if !self.expiries.is_due(now) {
            return Ok(Vec::new());
        }
        let first = self.expiries.begin();
        let room = MOST.saturating_sub(self.queues.transfers.deletions());
        if room == 0 {
            return Ok(Vec::new());
        }
        // While it is not known who has something to tell, everybody waits.
        let Some(transferring) = self.queues.transfers.runs() else { return Ok(Vec::new()) };
        let mut range = prefixed(keys::EXPIRIES);
        range.start = keys::expiry(first, 0);
        // Those that wait stand before the others.
        let limit = room + 1 + transferring.len();
        let rows = match self.log.look_at_first(range, limit).await {
            Ok(rows) => rows,
            Err(Error::Lost) => return Err(TenureEnd::Lost),
            Err(Error::Unavailable(problem)) => {
                tracing::debug!(shard = self.actor.config.number, problem, "cannot read which runs are to be deleted");
                return Ok(Vec::new());
            }
        };
        let tasks = rows.iter().map(|(key, row)| stored::task::<TimerTask>(key, row));
        let tasks: Vec<(TimerId, TimerTask)> = tasks.map(|(id, task)| ((task.due, id), task)).collect();
        self.expiries.saw(tasks.first().map(|((due, _), _)| *due));
        let due = tasks.into_iter().filter(|((due, _), task)| *due <= now && !transferring.contains(&task.run));
        let job = |(id, task): (TimerId, TimerTask)| {
            let target = Target::from(&task.run);
            let work = Work::Step((self.actor.config.tasks.expiry)(task));
            Job { target, work, origin: Origin::Expiry(id) }
        };
        Ok(due.take(room).map(job).collect())
    }
}

/// Deletes all nodes of a run's history, those of abandoned batches too, again and again until the store has said that
/// they are gone. Nobody has to hear of it. A run id is never used again, so that however late one of the attempts arrives,
/// and however often, it does no harm.
pub(super) async fn history(store: &dyn Store, mut backoff: Backoff, run_id: &str) -> Option<TransferResult> {
    let partition = node::partition(run_id);
    while let Err(problem) = store.delete(&partition, prefixed("")).await {
        if planted(Bug::HistoryLeftBehind) {
            break;
        }
        tracing::debug!(%partition, %problem, "a history cannot be deleted now");
        backoff.wait().await;
    }
    None
}
