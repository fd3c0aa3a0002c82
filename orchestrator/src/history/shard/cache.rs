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

/// What is known of workflows.
pub(super) type Workflows = BTreeMap<WorkflowKey, Workflow>;

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
    workflow.runs.insert(run_id, Run { state, volatile: Volatile::default() });
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

/// Takes committed workflows over. Runs that are neither current nor waited for are dropped.
pub(super) fn adopt(cache: &mut Workflows, committed: Workflows) {
    for (key, mut workflow) in committed {
        let current = workflow.current.as_ref().map(|current| current.run_id.clone());
        workflow.runs.retain(|id, run| Some(id) == current.as_ref() || !is_idle(run));
        cache.insert(key, workflow);
    }
    let idle = |workflow: &Workflow| workflow.runs.values().all(is_idle);
    if planted(Bug::WorkflowForgotten) {
        cache.retain(|_, workflow| !idle(workflow));
    }
    if cache.len() > CAPACITY {
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
