//! Workflows as the owner knows them from commits. A row that is not here is read from the store; such a reading counts
//! only once the next commit has shown that nobody else wrote meanwhile, so it goes into the cache with that commit.

use super::keys;
use super::route::{Target, WorkflowKey};
use crate::history::engine::{Run, Volatile, Workflow};
use crate::history::state::{Current, State};
use crate::history::task::RunKey;
use crate::log::{Error, Log};
use prost::Message;
use std::collections::BTreeMap;

/// How many workflows are kept.
const CAPACITY: usize = 4096;

/// What is known of workflows.
pub(super) type Workflows = BTreeMap<WorkflowKey, Workflow>;

/// The workflow of `target`, with its current run and the one that is meant: from `known`, the rest from the store.
pub(super) async fn load(log: &Log, known: Option<&Workflow>, target: &Target) -> Result<Workflow, Error> {
    let mut workflow = match known {
        Some(workflow) => workflow.clone(),
        None => {
            let current = row::<Current>(log, &keys::current(&target.workflow)).await?;
            let mut workflow = Workflow { current, runs: BTreeMap::new() };
            if let Some(run_id) = workflow.current.as_ref().map(|current| current.run_id.clone()) {
                load_run(log, &mut workflow, target, run_id).await?;
            }
            workflow
        }
    };
    if !target.run_id.is_empty() && !workflow.runs.contains_key(&target.run_id) {
        load_run(log, &mut workflow, target, target.run_id.clone()).await?;
    }
    Ok(workflow)
}

async fn load_run(log: &Log, workflow: &mut Workflow, target: &Target, run_id: String) -> Result<(), Error> {
    let WorkflowKey { namespace_id, workflow_id } = target.workflow.clone();
    let key = RunKey { namespace_id, workflow_id, run_id };
    if let Some(state) = row::<State>(log, &keys::run(&key)).await? {
        workflow.runs.insert(key.run_id, Run { state, volatile: Volatile::default() });
    }
    Ok(())
}

async fn row<T: Message + Default>(log: &Log, key: &str) -> Result<Option<T>, Error> {
    let Some(value) = log.look(key).await? else { return Ok(None) };
    T::decode(value.as_ref()).map(Some).map_err(|problem| {
        tracing::error!(key, %problem, "a row is damaged");
        Error::Unavailable(format!("the row {key} is damaged"))
    })
}

/// Takes committed workflows over. Runs that are neither current nor waited for are dropped.
pub(super) fn adopt(cache: &mut Workflows, committed: Workflows) {
    for (key, mut workflow) in committed {
        let current = workflow.current.as_ref().map(|current| current.run_id.clone());
        workflow.runs.retain(|id, run| Some(id) == current.as_ref() || !is_idle(run));
        cache.insert(key, workflow);
    }
    if cache.len() > CAPACITY {
        let idle = |workflow: &Workflow| workflow.runs.values().all(is_idle);
        let surplus = cache.len() - CAPACITY / 2;
        let gone: Vec<_> =
            cache.iter().filter(|(_, workflow)| idle(workflow)).map(|(key, _)| key.clone()).take(surplus).collect();
        gone.iter().for_each(|key| drop(cache.remove(key)));
    }
}

/// Tells nobody any more, for [`Bug::CacheKept`](crate::planted::Bug::CacheKept): who waited for an earlier owner was told.
pub(super) fn abandon(cache: &Workflows) {
    for run in cache.values().flat_map(|workflow| workflow.runs.values()) {
        run.volatile.queries.values().for_each(|query| query.waiter.abandon());
        run.volatile.updates.iter().flat_map(|update| &update.waiters).for_each(|(waiter, _)| waiter.abandon());
    }
}

fn is_idle(run: &Run) -> bool {
    run.volatile.updates.is_empty() && run.volatile.queries.is_empty()
}
