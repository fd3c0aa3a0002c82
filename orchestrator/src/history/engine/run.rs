//! One input and one run of a workflow: which run is meant, what follows from what was done to it, and what is to be stored.

use super::transaction::Transaction;
use super::{Context, Effects, Run, Workflow, close, task, update};
use crate::cluster::Rejection;
use crate::history::state::Current;
use resurgam_api::internal::{Target, TaskToken};
use resurgam_api::temporal::history::v1::HistoryEvent;

/// Lets `act` work on a run, and settles what follows from it.
///
/// # Errors
/// There is no such run, or `act` refuses.
pub(super) fn on_run<T>(
    workflow: &mut Workflow,
    run_id: &str,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, Rejection>,
) -> Result<(Effects, T), Rejection> {
    let mut current = workflow.current.clone().filter(|current| current.run_id == run_id);
    let run = workflow.runs.get_mut(run_id).ok_or_else(unknown)?;
    let before = run.state.clone();
    let mut tx = Transaction::new(run, context);
    let done = act(&mut tx)?;
    task::settle(&mut tx);
    close::limit(&mut tx);
    if update::settle(&mut tx) {
        task::speculate(&mut tx);
    }
    let Transaction { events, transfers, timers, answers, successor, .. } = tx;
    let mut effects = Effects { transfers, timers, answers, ..Effects::default() };
    if run.state != before {
        run.state.transaction = context.transaction;
        let status = run.state.status;
        effects.runs.push((run_id.to_owned(), events));
        if let Some(current) = current.as_mut().filter(|current| current.status != status) {
            current.status = status;
            effects.current = Some(current.clone());
            workflow.current = Some(current.clone());
        }
    }
    if let Some(successor) = successor {
        let (run, events) = *successor;
        let current = Current {
            run_id: run.state.run_id.clone(),
            status: run.state.status,
            request_ids: vec![context.ids.uuid()],
            start_time: run.state.start_time,
        };
        record(workflow, &mut effects, current, run, events);
    }
    Ok((effects, done))
}

/// A new run becomes the current one.
pub(super) fn record(
    workflow: &mut Workflow,
    effects: &mut Effects,
    current: Current,
    run: Run,
    events: Vec<HistoryEvent>,
) {
    effects.runs.push((current.run_id.clone(), events));
    effects.current = Some(current.clone());
    workflow.runs.insert(current.run_id.clone(), run);
    workflow.current = Some(current);
}

fn unknown() -> Rejection {
    Rejection::NotFound("workflow execution not found".to_owned())
}

/// Lets `act` work on the run that a call names, or the current one, if it belongs to the chain that began with `first`
/// (empty: any chain).
///
/// # Errors
/// There is no such run, or `act` refuses.
pub(super) fn on_target<T>(
    workflow: &mut Workflow,
    target: Option<&Target>,
    first: &str,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, Rejection>,
) -> Result<(Effects, T), Rejection> {
    let run_id = find(workflow, target.map_or("", |target| &target.run_id), first)?;
    on_run(workflow, &run_id, context, act)
}

/// Lets `act` work on the run of an activity; a token that names none (only the activity's id) means the current one.
///
/// # Errors
/// There is no such run, or `act` refuses.
pub(super) fn on_activity<T>(
    workflow: &mut Workflow,
    task: Option<&TaskToken>,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, Rejection>,
) -> Result<(Effects, T), Rejection> {
    let run_id = find(workflow, task.map_or("", |task| &task.run_id), "")?;
    on_run(workflow, &run_id, context, act)
}

/// Lets `act` work on the run of a workflow task.
///
/// # Errors
/// There is no such run, or `act` refuses.
pub(super) fn on_task<T>(
    workflow: &mut Workflow,
    task: Option<&TaskToken>,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<T, Rejection>,
) -> Result<(Effects, T), Rejection> {
    on_run(workflow, task.map_or("", |task| &task.run_id), context, act)
}

fn find(workflow: &Workflow, named: &str, first: &str) -> Result<String, Rejection> {
    let run_id = match (named, &workflow.current) {
        ("", None) => return Err(unknown()),
        ("", Some(current)) => &current.run_id,
        (named, _) => named,
    };
    let run = workflow.runs.get(run_id).ok_or_else(unknown)?;
    if first.is_empty() || run.state.started.first_execution_run_id == first {
        Ok(run_id.to_owned())
    } else {
        Err(unknown())
    }
}
