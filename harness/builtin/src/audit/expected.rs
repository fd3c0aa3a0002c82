//! What a run still has to expect, computed anew from its state row, not by the orchestrator's own functions: those may be what
//! is wrong.

use super::task::{number, timer_row, transfer_row};
use resurgam_formats::audit::{TimerTask as TimerRow, TimerTaskKind, TransferTask as TransferRow, TransferTaskKind};
use resurgam_orchestrator::stored::Limits;
use resurgam_state::{Activity, State, WorkflowTaskType};

/// Deadlines that are to have a timer task.
pub(super) fn deadlines(state: &State) -> Vec<TimerRow> {
    let mut all: Vec<TimerRow> = state
        .timers
        .values()
        .map(|timer| timer_row(TimerTaskKind::Timer, timer.started_event_id, 0, timer.due))
        .chain(state.activities.values().flat_map(timeouts))
        .collect();
    for (what, due) in [
        (TimerTaskKind::FirstTask, state.first_task_at),
        (TimerTaskKind::Execution, state.execution_expires),
        // The time of the chain ends the run just as well.
        (TimerTaskKind::Run, if state.run_expires == state.execution_expires { 0 } else { state.run_expires }),
    ] {
        if due > 0 {
            all.push(timer_row(what, 0, 0, due));
        }
    }
    if let Some(task) = &state.workflow_task {
        let attempt = number(task.attempt);
        let sticky = state.sticky.as_ref().filter(|_| !task.sticky_queue.is_empty());
        if task.started_event_id != 0 {
            let due = task.started_time.saturating_add(task.timeout);
            let timeout = timer_row(TimerTaskKind::TaskStartToClose, task.scheduled_event_id, attempt, due);
            all.push(TimerRow { since: task.started_time, ..timeout });
        } else if let Some(limit) = match (task.task_type(), sticky) {
            (WorkflowTaskType::Speculative, _) => Some(Limits::default().speculative_timeout),
            (_, sticky) => sticky.map(|sticky| sticky.timeout),
        } {
            let due = task.scheduled_time.saturating_add(limit);
            all.push(timer_row(TimerTaskKind::TaskScheduleToStart, task.scheduled_event_id, attempt, due));
        }
    }
    all.sort();
    all
}

/// The timeouts of an activity as it is. The whole time does not care for attempts.
fn timeouts(activity: &Activity) -> Vec<TimerRow> {
    let (id, attempt) = (activity.scheduled_event_id, number(activity.attempt));
    let whole = (TimerTaskKind::ActivityScheduleToClose, 0, activity.first_scheduled, activity.schedule_to_close);
    let parts = if activity.started == 0 {
        vec![(TimerTaskKind::ActivityScheduleToStart, attempt, activity.scheduled, activity.schedule_to_start)]
    } else {
        let heard = activity.started.max(activity.last_heartbeat);
        vec![
            (TimerTaskKind::ActivityStartToClose, attempt, activity.started, activity.start_to_close),
            (TimerTaskKind::ActivityHeartbeat, attempt, heard, activity.heartbeat),
        ]
    };
    let all = std::iter::once(whole).chain(parts).filter(|(.., span)| *span > 0);
    all.map(|(what, attempt, from, span)| timer_row(what, id, attempt, from.saturating_add(span))).collect()
}

/// What is to have a task that somebody else is told by.
pub(super) fn transfers(state: &State) -> Vec<TransferRow> {
    let waiting = state.activities.values().filter(|activity| activity.started == 0);
    let mut all: Vec<TransferRow> = waiting
        .map(|activity| transfer_row(TransferTaskKind::ActivityTask, activity.scheduled_event_id, activity.attempt))
        .chain(state.signals.keys().map(|initiated| transfer_row(TransferTaskKind::Signal, *initiated, 0)))
        .chain(state.cancels.keys().map(|initiated| transfer_row(TransferTaskKind::Cancel, *initiated, 0)))
        .collect();
    let unknown = state.children.iter().filter(|(_, child)| child.run_id.is_empty());
    all.extend(unknown.map(|(initiated, _)| transfer_row(TransferTaskKind::StartChild, *initiated, 0)));
    if let Some(task) = state.workflow_task.as_ref().filter(|task| task.started_event_id == 0) {
        all.push(transfer_row(TransferTaskKind::WorkflowTask, task.scheduled_event_id, task.attempt));
    }
    all.sort();
    all
}
