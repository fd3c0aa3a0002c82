//! Timer tasks that are due. Each is compared with the state that it was ordered for and ignored if that is gone. None
//! takes effect before its time by this owner's clock: one that comes early is ordered again.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{activity_outcome, batch_step, fail, schedule_step, successor, task, task_event, user_timer};
use crate::invariant::broken;
use resurgam_state::task::{TimerKind, TimerTask};

impl RunInput for TimerTask {
    type Answer = ();

    fn run(&self) -> Which<'_> {
        Which::run(&self.run.run_id)
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<()>) -> Acted<()> {
        fire(tx, &self);
        Ok(Reply::Now(Ok(())))
    }
}

/// A timer task is due.
fn fire(tx: &mut Transaction<'_, '_>, task: &TimerTask) {
    let Some(timer) = &task.kind else { broken!("a timer task says nothing") };
    tx.fired = Some(timer.clone());
    // A closed run has nothing to wait for.
    if tx.require_open().is_err() {
        return;
    }
    match timer {
        // These know their own time.
        TimerKind::UserTimer(started) => return user_timer::fire(tx, *started),
        TimerKind::ActivityTimeout(timer) => return activity_outcome::fire_timeout(tx, timer),
        TimerKind::ActivityRetry(timer) => return activity_outcome::fire_retry(tx, timer),
        _ => {}
    }
    if tx.context.now < task.due {
        tx.timer(task.due, timer.clone());
        return;
    }
    let state = &tx.run.state;
    match timer {
        TimerKind::WorkflowTaskTimeout(timer) => fail::fire(tx, timer),
        TimerKind::FirstWorkflowTask(_) if state.first_task_at != 0 => {
            // A speculative task that is out for an update is the first one from now on.
            task_event::convert(tx);
            task::hurry(tx);
        }
        TimerKind::Schedule(at) if state.schedule.as_ref().is_some_and(|it| it.wakes == *at) => {
            schedule_step::wake(tx);
        }
        TimerKind::Batch(at) if state.batch.as_ref().is_some_and(|it| it.wakes == *at) => batch_step::wake(tx),
        TimerKind::RunTimeout(_) if state.run_expires != 0 => successor::expire(tx),
        TimerKind::ExecutionTimeout(_) if state.execution_expires != 0 => successor::expire(tx),
        _ => {}
    }
}
