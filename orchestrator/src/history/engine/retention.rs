//! The end of a closed run: when the time is over for which its namespace keeps it, its rows are deleted, and with them the
//! current-run row, if that names this run and no later one. Its history goes afterwards, by a transfer of the same step,
//! so that no row ever names a history that is not there.
//!
//! As in Temporal, each run is deleted by itself, whatever its chain does, and whoever asks for it then is told that there
//! is no such workflow: the workflow id is free under every reuse policy. A run that a client deletes goes at once. How long a namespace keeps its runs never
//! changes here; a shard that has not heard of the namespace yet asks again, and deletes nothing before it has.

use super::input::{Applied, Input, Reply};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{Context, Effects, Workflow};
use crate::invariant::{broken, invariant};
use crate::planted::{Bug, planted};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_state::task::{TimerKind, TimerTask, TransferKind, TransferTask};
use resurgam_state::{Current, Millis, State};

/// When to ask again how long a namespace keeps its runs, if that is not known here.
const ASK_AGAIN: Millis = 10_000;

/// Orders the deletion of a run that closes.
pub fn order(tx: &mut Transaction<'_, '_>) {
    let due = due(&tx.run.state, tx.context);
    tx.timer(due, TimerKind::Retention(true));
}

/// When a closed run may be deleted, or when to ask again.
fn due(state: &State, context: &Context<'_>) -> Millis {
    let from = if planted(Bug::RetentionFromStart) { state.start_time } else { state.close_time };
    if state.deleted {
        return context.now;
    }
    match context.retention {
        Some(retention) => from.saturating_add(retention),
        None => context.now.saturating_add(ASK_AGAIN),
    }
}

/// The timer task of the deletion of a closed run is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Expiry(pub TimerTask);

impl Input for Expiry {
    type Answer = ();

    fn apply(self, workflow: &mut Workflow, context: &mut Context<'_>, _: &Waiter<()>) -> Applied<()> {
        let Self(task) = self;
        let mut effects = Effects::default();
        let key = &task.run;
        // Otherwise it has been deleted before.
        if let Some(run) = workflow.runs.get(&key.run_id) {
            if run.state.status == Status::Running as i32 {
                broken!("run {} is open, and to be deleted", key.run_id)
            }
            let due = due(&run.state, context);
            if context.now < due {
                effects.timers.push(TimerTask { due, ..task });
            } else {
                let nobody = run.volatile.queries.is_empty() && run.volatile.updates.is_empty();
                invariant!(nobody, "run {} is to be deleted, and somebody waits for it", key.run_id);
                remove(workflow, &key.run_id);
                effects.removed = Some(key.run_id.clone());
                effects.transfers.push(TransferTask { run: task.run, kind: Some(TransferKind::DeleteHistory(true)) });
            }
        }
        Ok((effects, Reply::now(())))
    }
}

fn remove(workflow: &mut Workflow, run_id: &str) {
    workflow.runs.remove(run_id);
    let named = |current: &Current| current.run_id == run_id || planted(Bug::CurrentRowOfAnotherRun);
    if workflow.current.as_ref().is_some_and(named) && !planted(Bug::CurrentRowLeft) {
        workflow.current = None;
    }
}
