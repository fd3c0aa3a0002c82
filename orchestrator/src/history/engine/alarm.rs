//! Timer tasks that are due. Each is compared with the state that it was ordered for and ignored if that is gone. None
//! takes effect before its time by this owner's clock: one that comes early is ordered again.

use super::transaction::Transaction;
use super::{attempt, close, fail, timer};
use crate::history::task::{Alarm, TimerTask};

/// A timer task is due.
pub(super) fn ring(tx: &mut Transaction<'_, '_>, task: &TimerTask) {
    if tx.require_open().is_err() {
        return;
    }
    let Some(alarm) = &task.alarm else { return };
    match alarm {
        // These know their own time.
        Alarm::UserTimer(started) => return timer::alarm(tx, *started),
        Alarm::ActivityTimeout(alarm) => return attempt::timeout_alarm(tx, alarm),
        Alarm::ActivityRetry(alarm) => return attempt::retry_alarm(tx, alarm),
        _ => {}
    }
    if tx.context.now < task.due {
        tx.timer(task.due, alarm.clone());
        return;
    }
    let state = &mut tx.run.state;
    match alarm {
        Alarm::WorkflowTaskTimeout(alarm) => fail::alarm(tx, alarm),
        Alarm::FirstWorkflowTask(_) if state.first_task_at != 0 => {
            state.first_task_at = 0;
            tx.wake();
        }
        Alarm::RunTimeout(_) if state.run_expires != 0 => close::expire(tx),
        Alarm::ExecutionTimeout(_) if state.execution_expires != 0 => close::expire(tx),
        _ => {}
    }
}
