//! Workflows as the owner knows them from commits. A row that is not here is read from the store; such a reading counts
//! only once the next commit has shown that nobody else wrote meanwhile, so it goes into the cache with that commit.

use super::config::Check;
use super::route::{Target, WorkflowKey};
use super::{keys, part};
use crate::history::engine::{Run, Volatile, Workflow};
use crate::invariant::{self, Checks, checks};
use crate::log::{Error, Log};
use crate::planted::{Bug, planted};
use prost::Message;
use resurgam_state::task::RunKey;
use resurgam_state::{Current, State};
use std::collections::BTreeMap;

/// How many workflows are kept.
pub(crate) const CAPACITY: usize = 4096;
/// And how many bytes of their rows.
pub(crate) const BYTES: usize = 64 << 20;

/// What is known of workflows.
pub(super) type Workflows = BTreeMap<WorkflowKey, Workflow>;

/// Workflows as they were committed.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: Workflows,
    /// Bytes of all their rows.
    bytes: usize,
}

/// The workflow of `target`, with its current run and the one that is meant: from `known`, the rest from the store. What is
/// read has to be what the engine could have written.
pub(super) async fn load(
    log: &Log,
    known: Option<&Workflow>,
    target: &Target,
    check: Check,
) -> Result<Workflow, Error> {
    let mut read = false;
    let mut workflow = match known {
        Some(workflow) => workflow.clone(),
        None => {
            let current = row::<Current>(log, &keys::current(&target.workflow)).await?;
            let mut workflow = Workflow { current, runs: BTreeMap::new() };
            if let Some(run_id) = workflow.current.as_ref().map(|current| current.run_id.clone()) {
                read |= load_run(log, &mut workflow, target, run_id).await?;
            }
            workflow
        }
    };
    if !target.run_id.is_empty() && !workflow.runs.contains_key(&target.run_id) {
        read |= load_run(log, &mut workflow, target, target.run_id.clone()).await?;
    }
    if read
        && checks() != Checks::Off
        && let Err(flaw) = check(&workflow)
        && log.is_unchanged().await?
    {
        // Nobody wrote while the rows were read, so it is not that they are of different moments.
        return Err(damaged(&keys::current(&target.workflow), &flaw));
    }
    Ok(workflow)
}

/// Reads a run; false: there is none.
async fn load_run(log: &Log, workflow: &mut Workflow, target: &Target, run_id: String) -> Result<bool, Error> {
    let WorkflowKey { namespace_id, workflow_id } = target.workflow.clone();
    let key = RunKey { namespace_id, workflow_id, run_id };
    let name = keys::run(&key);
    let mut rows = log.look_at(keys::run_rows(&name)).await?;
    rows.retain(|(key, _)| keys::run_of(key) == name);
    if rows.is_empty() {
        return Ok(false);
    }
    let mut state = State::default();
    for (key, row) in &rows {
        part::apply(&mut state, &name, key, Some(row)).map_err(|problem| damaged(key, &problem))?;
    }
    if log.is_behind(state.transaction) {
        // A later owner wrote it: this tenure is over, and its next commit would say so.
        return Err(Error::Lost);
    }
    let RunKey { namespace_id, workflow_id, run_id } = key;
    if (&namespace_id, &workflow_id, &run_id) != (&state.namespace_id, &state.workflow_id, &state.run_id) {
        return Err(damaged(&name, "it is the row of another run"));
    }
    let bytes = rows.iter().map(|(key, row)| part::size(key, row.len())).sum();
    workflow.runs.insert(run_id, Run { state, volatile: Volatile::default(), bytes });
    Ok(true)
}

async fn row<T: Message + Default>(log: &Log, key: &str) -> Result<Option<T>, Error> {
    let Some(value) = log.look(key).await? else { return Ok(None) };
    T::decode(value.as_ref()).map(Some).map_err(|problem| damaged(key, &problem.to_string()))
}

/// A row, as it was read, cannot be. Whoever broke it, it was not this tenure, which goes on without its workflow: calls
/// about that are UNAVAILABLE until somebody has mended the row, and everybody else's are served.
fn damaged(key: &str, flaw: &str) -> Error {
    let panicked = invariant::noted(format_args!("the row {key} is damaged: {flaw}"));
    tracing::error!(key, %panicked, "does not serve a workflow");
    Error::Unavailable(format!("the row {key} is damaged"))
}

impl Cache {
    /// A workflow, if it is known.
    pub(super) fn get(&self, key: &WorkflowKey) -> Option<&Workflow> {
        self.known.get(key)
    }

    /// Takes committed workflows over. Runs that are neither current nor waited for are dropped; so are, if there is no room, other
    /// workflows that nobody waits for, and these themselves only if they have no room without any others.
    pub(super) fn adopt(&mut self, mut committed: Workflows) {
        for workflow in committed.values_mut() {
            let current = workflow.current.as_ref().map(|current| current.run_id.clone());
            workflow.runs.retain(|id, run| Some(id) == current.as_ref() || !is_idle(run));
        }
        let more: usize = committed.values().map(size).sum();
        if self.known.len() + committed.len() > CAPACITY || self.bytes + more > BYTES {
            let room = (BYTES / 2).min(BYTES.saturating_sub(more));
            let enough = |it: &Self| it.known.len() <= CAPACITY / 2 && it.bytes <= room;
            self.forget(|key| !committed.contains_key(key), enough);
        }
        for (key, workflow) in committed {
            self.bytes += size(&workflow);
            self.bytes -= self.known.insert(key, workflow).as_ref().map_or(0, size);
        }
        if planted(Bug::WorkflowForgotten) {
            self.forget(|_| true, |_| false);
        } else if self.bytes > BYTES {
            self.forget(|_| true, |it| it.known.len() <= 1 || it.bytes <= BYTES);
        }
    }

    /// Forgets workflows that nobody waits for, of those that may be forgotten, until that is enough.
    fn forget(&mut self, may: impl Fn(&WorkflowKey) -> bool, enough: impl Fn(&Self) -> bool) {
        let idle = |workflow: &Workflow| workflow.runs.values().all(is_idle);
        let keys = self.known.iter().filter(|(key, workflow)| may(key) && idle(workflow)).map(|(key, _)| key.clone());
        for key in keys.collect::<Vec<_>>() {
            if enough(self) {
                return;
            }
            self.bytes -= self.known.remove(&key).as_ref().map_or(0, size);
        }
    }

    /// Tells nobody any more, for [`Bug::CacheKept`](crate::planted::Bug::CacheKept): who waited for an earlier owner was told.
    pub(super) fn abandon(&self) {
        for run in self.known.values().flat_map(|workflow| workflow.runs.values()) {
            run.volatile.queries.values().for_each(|query| query.waiter.abandon());
            run.volatile.updates.iter().flat_map(|update| &update.waiters).for_each(|(waiter, _)| waiter.abandon());
        }
    }
}

/// What the rows of a workflow take.
fn size(workflow: &Workflow) -> usize {
    workflow.runs.values().map(|run| run.bytes).sum()
}

fn is_idle(run: &Run) -> bool {
    run.volatile.updates.is_empty() && run.volatile.queries.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::engine::{PendingQuery, Waiter};

    /// A workflow whose only run takes so many bytes.
    fn workflow(number: usize, bytes: usize) -> (WorkflowKey, Workflow) {
        let key = WorkflowKey { namespace_id: "n".into(), workflow_id: format!("{number:08}") };
        let current = Some(Current { run_id: "r".into(), ..Current::default() });
        let run = Run { bytes, ..Run::default() };
        (key, Workflow { current, runs: BTreeMap::from([("r".to_owned(), run)]) })
    }

    fn there(cache: &Cache) -> Vec<usize> {
        let total: usize = cache.known.values().map(size).sum();
        assert_eq!(cache.bytes, total, "bytes are those of what is known");
        cache.known.keys().filter_map(|key| key.workflow_id.parse().ok()).collect()
    }

    #[test]
    fn large_workflows_make_room_for_each_other() {
        let mut cache = Cache::default();
        for number in 0..4 {
            cache.adopt([workflow(number, BYTES / 4)].into());
        }
        assert_eq!(there(&cache), [0, 1, 2, 3], "they just fit");
        cache.adopt([workflow(3, BYTES / 4 + 1)].into());
        assert_eq!(there(&cache), [2, 3], "half of the room is made free at a time, and not by what is in use");
        cache.adopt([workflow(2, 10), workflow(3, 10)].into());
        assert_eq!((there(&cache), cache.bytes), (vec![2, 3], 20), "they have become small");
    }

    #[test]
    fn what_somebody_waits_for_is_not_forgotten() {
        let mut cache = Cache::default();
        let (key, mut awaited) = workflow(0, BYTES);
        let (waiter, _answer) = Waiter::new();
        let query = PendingQuery { query: Default::default(), waiter, sent: 0 };
        awaited.runs.values_mut().for_each(|run| drop(run.volatile.queries.insert("q".into(), query.clone())));
        cache.adopt([(key, awaited)].into());
        cache.adopt([workflow(1, 100), workflow(2, 100)].into());
        assert_eq!(there(&cache), [0], "the others are read again");
        cache.adopt([workflow(0, 100)].into());
        cache.adopt([workflow(1, 100), workflow(2, 100)].into());
        assert_eq!(there(&cache), [0, 1, 2], "the answer is given");
    }

    #[test]
    fn one_that_is_too_large_is_kept_alone_and_many_small_ones_have_an_end() {
        let mut cache = Cache::default();
        cache.adopt((0..10).map(|number| workflow(number, 100)).collect());
        cache.adopt([workflow(5, 2 * BYTES)].into());
        assert_eq!(there(&cache), [5]);
        cache.adopt([workflow(6, 100)].into());
        assert_eq!(there(&cache), [6]);
        for number in 0..=CAPACITY {
            cache.adopt([workflow(number, 1)].into());
        }
        assert_eq!(there(&cache).len(), CAPACITY / 2 + 1);
    }
}
