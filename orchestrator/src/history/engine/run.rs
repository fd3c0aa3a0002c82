//! One input and one run of a workflow: which run is meant, what follows from what was done to it, and what is to be stored.

use super::stepped::Stepped;
use super::transaction::Transaction;
use super::{Context, Effects, Rejection, Reply, Run, Workflow, close, task, update};
use crate::history::state::Current;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::history::v1::HistoryEvent;

/// Lets `act` work on a run, and settles what follows from it. `act` returns the answer to the caller, or `None` if
/// there is none now.
pub(super) fn on_run(
    workflow: &mut Workflow,
    run_id: &str,
    context: &mut Context<'_>,
    act: impl FnOnce(&mut Transaction<'_, '_>) -> Result<Option<Reply>, Rejection>,
) -> Result<Effects, Rejection> {
    let mut current = workflow.current.clone().filter(|current| current.run_id == run_id);
    let run = workflow.runs.get_mut(run_id).ok_or_else(unknown)?;
    let before = run.state.clone();
    let mut tx = Transaction::new(run, context);
    let reply = act(&mut tx)?;
    task::settle(&mut tx);
    close::limit(&mut tx);
    if update::settle(&mut tx) {
        task::speculate(&mut tx);
    }
    let caller = tx.context.caller;
    let Transaction { events, transfers, timers, mut answers, successor, fired, .. } = tx;
    answers.extend(reply.map(|reply| (caller, Ok(reply))));
    let changed = run.state != before;
    if changed {
        run.state.transaction = context.transaction;
    }
    let speculative = context.limits.speculative_timeout;
    let stepped = Stepped { run, events: &events, transfers: &transfers, timers: &timers, speculative };
    stepped.assert_after(&before, changed, fired.as_ref());
    let mut effects = Effects { transfers, timers, answers, ..Effects::default() };
    if changed {
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
        record(workflow, &mut effects, current, run, events, context);
    }
    Ok(effects)
}

/// A new run becomes the current one.
pub(super) fn record(
    workflow: &mut Workflow,
    effects: &mut Effects,
    current: Current,
    mut run: Run,
    events: Vec<HistoryEvent>,
    context: &Context<'_>,
) {
    run.state.transaction = context.transaction;
    let (transfers, timers) = (&effects.transfers, &effects.timers);
    let speculative = context.limits.speculative_timeout;
    Stepped { run: &run, events: &events, transfers, timers, speculative }.assert_new();
    effects.runs.push((current.run_id.clone(), events));
    effects.current = Some(current.clone());
    workflow.runs.insert(current.run_id.clone(), run);
    workflow.current = Some(current);
}

fn unknown() -> Rejection {
    Rejection::NotFound("workflow execution not found".to_owned())
}

/// The run that is meant: the named one, or the current one, if it belongs to the chain that began with `first`.
pub(super) fn find(
    workflow: &Workflow,
    execution: Option<&WorkflowExecution>,
    first: &str,
) -> Result<String, Rejection> {
    let named = execution.map_or("", |execution| &execution.run_id);
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
