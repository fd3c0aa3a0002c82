//! The log of a task queue while it is owned: at most one piece of work on it is on its way.

use super::queue::{Batch, TaskId};
use super::stored;
use crate::log::{self, Log};
use crate::store::Store;
use futures_util::future::BoxFuture;
use resurgam_api::temporal::taskqueue::v1::TaskQueueConfig;
use std::sync::Arc;

/// A piece of work that has ended, and the log, which comes back from it.
pub(super) struct Done {
    pub(super) log: Log,
    pub(super) work: Work,
}

/// How a piece of work has ended.
pub(super) enum Work {
    /// What became of a batch.
    Write(Batch, log::Outcome),
    /// What became of a configuration.
    Configure(log::Outcome),
    /// Stored tasks, and whether there are no later ones.
    Read(Result<(stored::Tasks, bool), log::Error>),
    /// Whether the tenure lasts.
    Check(bool),
}

/// See the module. A queue that lives in memory only has an empty one.
#[derive(Default)]
pub(super) struct Journal {
    /// `None` while work is on its way, too.
    log: Option<Log>,
    work: Option<BoxFuture<'static, Done>>,
}

impl Journal {
    /// Takes a log that is new, or has come back.
    pub(super) fn hold(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Whether work could begin.
    pub(super) fn is_idle(&self) -> bool {
        self.log.is_some()
    }

    /// Begins to write a batch.
    pub(super) fn write(&mut self, batch: Batch) {
        self.begin(|mut log| async move {
            let outcome = log.commit(stored::group(&batch)).await;
            Done { log, work: Work::Write(batch, outcome) }
        });
    }

    /// Begins to write a configuration.
    pub(super) fn configure(&mut self, config: TaskQueueConfig) {
        self.begin(|mut log| async move {
            let outcome = log.commit(stored::configuration(&config)).await;
            Done { log, work: Work::Configure(outcome) }
        });
    }

    /// Begins to read the tasks after `from`.
    pub(super) fn read(&mut self, store: Arc<dyn Store>, from: TaskId) {
        self.begin(|log| async move {
            let page = stored::page(store.as_ref(), &log, from).await;
            Done { log, work: Work::Read(page) }
        });
    }

    /// Begins to look whether the tenure lasts.
    pub(super) fn check(&mut self) {
        self.begin(|mut log| async move {
            let lasts = log.lasts().await;
            Done { log, work: Work::Check(lasts) }
        });
    }

    /// Does nothing while other work is on its way: whoever wants something asks again when that has ended.
    fn begin<F: Future<Output = Done> + Send + 'static>(&mut self, work: impl FnOnce(Log) -> F) {
        if let Some(log) = self.log.take() {
            self.work = Some(Box::pin(work(log)));
        }
    }

    /// Waits until the work on its way has ended; for ever if there is none. To be dropped and called again without loss.
    pub(super) async fn done(&mut self) -> Done {
        let Some(work) = &mut self.work else { return std::future::pending().await };
        let done = work.await;
        self.work = None;
        done
    }
}
