//! The tokens of the tasks that workers were handed last, for clients that misuse them.

use resurgam_formats::plan::TaskKind;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// A task token that a worker was handed.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    /// How many tasks of its kind its workflow had so far, with this one.
    number: u32,
    /// The run that it is of.
    pub(crate) run_id: String,
    pub(crate) token: Vec<u8>,
}

/// The last one of each workflow and kind.
#[derive(Debug, Default)]
pub(crate) struct TaskTokens(watch::Sender<BTreeMap<(TaskKind, String), Handed>>);

impl TaskTokens {
    /// A worker was handed a task.
    pub(crate) fn hand(&self, kind: TaskKind, workflow_id: &str, run_id: &str, token: &[u8]) {
        self.0.send_modify(|all| {
            let number = all.get(&(kind, workflow_id.to_owned())).map_or(0, |last| last.number) + 1;
            let handed = Handed { number, run_id: run_id.to_owned(), token: token.to_vec() };
            all.insert((kind, workflow_id.to_owned()), handed);
        });
    }

    /// The next one of a workflow; if none comes in time, the last one, if there was any.
    pub(crate) async fn next(&self, kind: TaskKind, workflow_id: &str, patience: Duration) -> Option<Handed> {
        let key = (kind, workflow_id.to_owned());
        let mut changes = self.0.subscribe();
        let last = changes.borrow_and_update().get(&key).cloned();
        let seen = last.as_ref().map_or(0, |last| last.number);
        let next = changes.wait_for(|all| all.get(&key).is_some_and(|handed| handed.number > seen));
        match tokio::time::timeout(patience, next).await {
            Ok(Ok(all)) => all.get(&key).cloned(),
            Ok(Err(_)) | Err(_) => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn the_next_one_is_waited_for_and_the_last_one_will_do() {
        let tokens = TaskTokens::default();
        let next = async || tokens.next(TaskKind::Activity, "w", WAIT).await.map(|handed| handed.token);
        assert_eq!(next().await, None);
        tokens.hand(TaskKind::Activity, "w", "r", b"1");
        tokens.hand(TaskKind::Workflow, "w", "r", b"2");
        assert_eq!(next().await.as_deref(), Some(&b"1"[..]), "none came");
        let (found, ()) = tokio::join!(next(), async {
            tokio::task::yield_now().await;
            tokens.hand(TaskKind::Activity, "other", "r", b"3");
            tokens.hand(TaskKind::Activity, "w", "r", b"4");
        });
        assert_eq!(found.as_deref(), Some(&b"4"[..]));
    }
}
