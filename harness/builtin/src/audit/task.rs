//! Tasks of our orchestrator in neutral words.

use resurgam_api::internal::{AddTaskRequest, TaskKind};
use resurgam_api::temporal::enums::v1::TimeoutType;
use resurgam_formats::audit::{TimerTask as TimerRow, TimerTaskKind, TransferTask as TransferRow, TransferTaskKind};
use resurgam_formats::time::UnixMillis;
use resurgam_state::task::{self, TimerTask, TransferTask};

/// The name of a run, and what is about it.
pub(super) type About<T> = Option<((String, String), T)>;

pub(super) fn timer(task: &TimerTask) -> About<TimerRow> {
    use task::TimerKind as A;
    let due = task.due;
    let timer_row = match task.kind.as_ref()? {
        A::UserTimer(started) => timer_row(TimerTaskKind::Timer, *started, 0, due),
        A::ActivityTimeout(it) => {
            let what = match TimeoutType::try_from(it.timeout).ok()? {
                TimeoutType::ScheduleToStart => TimerTaskKind::ActivityScheduleToStart,
                TimeoutType::ScheduleToClose => TimerTaskKind::ActivityScheduleToClose,
                TimeoutType::StartToClose => TimerTaskKind::ActivityStartToClose,
                TimeoutType::Heartbeat => TimerTaskKind::ActivityHeartbeat,
                TimeoutType::Unspecified => return None,
            };
            timer_row(what, it.scheduled_event_id, number(it.attempt), due)
        }
        A::ActivityRetry(it) => timer_row(TimerTaskKind::ActivityRetry, it.scheduled_event_id, number(it.attempt), due),
        A::WorkflowTaskTimeout(it) => {
            let started = it.timeout == TimeoutType::StartToClose as i32;
            let what = if started { TimerTaskKind::TaskStartToClose } else { TimerTaskKind::TaskScheduleToStart };
            let since = if started { it.started_time } else { 0 };
            TimerRow { since, ..timer_row(what, it.scheduled_event_id, number(it.attempt), due) }
        }
        A::FirstWorkflowTask(_) => timer_row(TimerTaskKind::FirstTask, 0, 0, due),
        A::RunTimeout(_) => timer_row(TimerTaskKind::Run, 0, 0, due),
        A::ExecutionTimeout(_) => timer_row(TimerTaskKind::Execution, 0, 0, due),
        // The one is about a run that has closed; of the others there are none in cases, which have no schedules and no batch
        // operations.
        A::Retention(_) | A::Schedule(_) | A::Batch(_) => return None,
    };
    Some(((task.run.workflow_id.clone(), task.run.run_id.clone()), timer_row))
}

pub(super) fn transfer(task: &TransferTask) -> About<TransferRow> {
    use task::TransferKind as E;
    let transfer_row = match task.kind.as_ref()? {
        E::WorkflowTask(it) => transfer_row(TransferTaskKind::WorkflowTask, it.scheduled_event_id, it.attempt),
        E::ActivityTask(it) => transfer_row(TransferTaskKind::ActivityTask, it.scheduled_event_id, it.attempt),
        E::StartChild(initiated) => transfer_row(TransferTaskKind::StartChild, *initiated, 0),
        E::SignalExternal(initiated) => transfer_row(TransferTaskKind::Signal, *initiated, 0),
        E::CancelExternal(initiated) => transfer_row(TransferTaskKind::Cancel, *initiated, 0),
        E::NotifyParent(_) => transfer_row(TransferTaskKind::NotifyParent, 0, 0),
        E::CloseChild(it) => transfer_row(TransferTaskKind::CloseChild, it.initiated_event_id, 0),
        E::ReleaseChild(_) | E::DeleteHistory(_) => return None,
        E::StartAction(_) | E::StopAction(_) | E::NotifySchedule(_) => return None,
        E::CountBatch(_) | E::SelectPage(_) | E::Operate(_) => return None,
    };
    Some(((task.run.workflow_id.clone(), task.run.run_id.clone()), transfer_row))
}

/// Tasks of what a run does when it closes.
pub(super) fn outlives_its_run(what: TransferTaskKind) -> bool {
    matches!(what, TransferTaskKind::NotifyParent | TransferTaskKind::CloseChild)
}

pub(super) fn queued(request: &AddTaskRequest) -> About<TransferRow> {
    let task = request.task.as_ref()?;
    let what = match request.task_queue.as_ref()?.kind() {
        TaskKind::Activity => TransferTaskKind::ActivityTask,
        TaskKind::Workflow => TransferTaskKind::WorkflowTask,
        TaskKind::Unspecified => return None,
    };
    Some(((task.workflow_id.clone(), task.run_id.clone()), transfer_row(what, task.scheduled_event_id, task.attempt)))
}

pub(super) fn timer_row(what: TimerTaskKind, event: i64, attempt: u32, due: UnixMillis) -> TimerRow {
    TimerRow { what, event, attempt, since: 0, due }
}

pub(super) fn transfer_row(what: TransferTaskKind, event: i64, attempt: i32) -> TransferRow {
    TransferRow { what, event, attempt: number(attempt) }
}

pub(super) fn number(attempt: i32) -> u32 {
    u32::try_from(attempt).unwrap_or_default()
}
