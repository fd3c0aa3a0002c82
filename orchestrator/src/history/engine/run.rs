//! One input and one run of a workflow: which run is meant, what follows from what was done to it, and what is to be stored.

use super::input::{Applied, Input, RunInput, Which};
use super::stepped::Stepped;
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{Context, Effects, Run, Workflow, close, fail, task, update};
use crate::cluster::Rejection;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_state::Current;
use resurgam_state::attached::maker;

impl<I: RunInput> Input for I {
    type Answer = <I as RunInput>::Answer;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        caller: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let run_id = find(workflow, self.run())?;
        on_run(workflow, &run_id, context, |tx| self.act(tx, caller))
    }

    fn reads_only(&self) -> bool {
        RunInput::reads_only(self)
    }

    fn request_id(&mut self) -> Option<&mut String> {
        RunInput::request_id(self)
    }
}

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
    fail::limit(&mut tx);
    task::settle(&mut tx);
    close::limit(&mut tx);
    if update::settle(&mut tx) {
        task::speculate(&mut tx);
    }
    let Transaction { events, transfers, timers, answers, successor, fired, .. } = tx;
    let changed = run.state != before;
    if changed {
        run.state.transaction = context.transaction;
        run.state.transitions += 1;
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
            request_ids: maker(&run.state.requests).into_iter().collect(),
            start_time: run.state.start_time,
        };
        record(workflow, &mut effects, current, run, events, context);
    }
    Ok((effects, done))
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
    run.state.transitions = 1;
    let (transfers, timers) = (&effects.transfers, &effects.timers);
    let speculative = context.limits.speculative_timeout;
    Stepped { run: &run, events: &events, transfers, timers, speculative }.assert_new();
    effects.runs.push((current.run_id.clone(), events));
    effects.current = Some(current.clone());
    workflow.runs.insert(current.run_id.clone(), run);
    workflow.current = Some(current);
}

pub(super) fn unknown() -> Rejection {
    Rejection::NotFound("workflow execution not found".to_owned())
}

/// The id of the run that is meant.
///
/// # Errors
/// `NotFound`: there is none.
pub(super) fn find(workflow: &Workflow, which: Which<'_>) -> Result<String, Rejection> {
    let run_id = match (which.run_id, &workflow.current) {
        ("", None) => return Err(unknown()),
        ("", Some(current)) => &current.run_id,
        (named, _) => named,
    };
    let run = workflow.runs.get(run_id).ok_or_else(unknown)?;
    if which.first.is_empty() || run.state.started.first_execution_run_id == which.first {
        Ok(run_id.to_owned())
    } else {
        Err(unknown())
    }
}
