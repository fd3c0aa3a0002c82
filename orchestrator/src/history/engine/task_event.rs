//! The events and the timer tasks of workflow tasks: how they look, and when those of a task that has none yet are written.

use super::transaction::{Transaction, timestamp};
use super::{Limits, span};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::temporal::enums::v1::{SuggestContinueAsNewReason, TaskQueueKind, TimeoutType};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    HistoryEvent, WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_state::task::{TimerKind, WorkflowTaskTimer};
use resurgam_state::{EventId, Millis, State, WorkflowTask, WorkflowTaskType, kind};

/// Something is about to be written, or to wait in the buffer: a pending speculative task takes the ids that it was
/// promised, and is a normal one from now on: temporalio/temporal, docs/architecture/speculative-workflow-task.md.
pub(super) fn convert(tx: &mut Transaction<'_, '_>) {
    let speculative = |task: &&WorkflowTask| task.task_type() == WorkflowTaskType::Speculative;
    let Some(mut task) = tx.run.state.workflow_task.as_ref().filter(speculative).cloned() else { return };
    // The event tells nobody who has it, as by Temporal.
    task.identity.clear();
    (task.scheduled_event_id, task.started_event_id) = materialise(tx, &task, None);
    task.set_task_type(WorkflowTaskType::Normal);
    if task.started_event_id == 0 {
        limit_sticky(tx, &task);
    }
    tx.run.state.workflow_task = Some(task);
}

/// Writes the events of a workflow task that has none so far, with the times at which they happened; the ids of Scheduled
/// and Started (0: it was not started).
///
/// Whoever completes it, if somebody does, stands there as who has started it.
pub(super) fn materialise(
    tx: &mut Transaction<'_, '_>,
    task: &WorkflowTask,
    completer: Option<&str>,
) -> (EventId, EventId) {
    if task.task_type() == WorkflowTaskType::Normal {
        return (task.scheduled_event_id, task.started_event_id);
    }
    let mut task = task.clone();
    // Whatever the first workflow task waited for: this is it.
    tx.run.state.first_task_at = 0;
    task.scheduled_event_id = tx.write(scheduled(&tx.run.state, &task));
    if let Some(identity) = completer {
        identity.clone_into(&mut task.identity);
    }
    if task.started_event_id != 0 {
        task.started_event_id = tx.write(started(tx.context.limits, &task));
    }
    (task.scheduled_event_id, task.started_event_id)
}

/// The events of a started workflow task that has none so far, as a worker is shown them.
pub(super) fn synthetic(tx: &Transaction<'_, '_>, task: &WorkflowTask) -> Vec<HistoryEvent> {
    if task.task_type() == WorkflowTaskType::Normal {
        return Vec::new();
    }
    vec![
        HistoryEvent { event_id: task.scheduled_event_id, ..scheduled(&tx.run.state, task) },
        HistoryEvent { event_id: task.started_event_id, ..started(tx.context.limits, task) },
    ]
}

/// The events of a pending workflow task that has none so far, as readers of the history are shown them: unless something else
/// was written under their ids since.
pub(crate) fn unwritten(state: &State, limits: &Limits) -> Vec<HistoryEvent> {
    let has_none = |task: &&WorkflowTask| {
        task.task_type() != WorkflowTaskType::Normal && task.scheduled_event_id == state.next_event_id
    };
    let Some(task) = state.workflow_task.as_ref().filter(has_none) else { return Vec::new() };
    let mut events = vec![HistoryEvent { event_id: task.scheduled_event_id, ..scheduled(state, task) }];
    if task.started_event_id != 0 {
        // Nobody is told who has it, as by Temporal.
        let task = WorkflowTask { identity: String::new(), ..task.clone() };
        events.push(HistoryEvent { event_id: task.started_event_id, ..started(limits, &task) });
    }
    events
}

/// Its Scheduled event, with the time at which that happened.
pub(super) fn scheduled(state: &State, task: &WorkflowTask) -> HistoryEvent {
    let attributes = WorkflowTaskScheduledEventAttributes {
        task_queue: Some(queue(state, &task.sticky_queue)),
        start_to_close_timeout: Some(span::duration(task.timeout)),
        attempt: task.attempt,
    };
    event(task.scheduled_time, Attributes::WorkflowTaskScheduledEventAttributes(attributes))
}

/// Its Started event, with the time at which that happened.
pub(super) fn started(limits: &Limits, task: &WorkflowTask) -> HistoryEvent {
    let mut reasons = Vec::new();
    if task.suggest_continue_as_new {
        let large = task.history_size >= limits.suggest_bytes;
        let reason = if large {
            SuggestContinueAsNewReason::HistorySizeTooLarge
        } else {
            SuggestContinueAsNewReason::TooManyHistoryEvents
        };
        reasons.push(reason.into());
    }
    let attributes = WorkflowTaskStartedEventAttributes {
        scheduled_event_id: task.scheduled_event_id,
        identity: task.identity.clone(),
        request_id: task.request_id.clone(),
        suggest_continue_as_new: task.suggest_continue_as_new,
        suggest_continue_as_new_reasons: reasons,
        history_size_bytes: task.history_size,
        ..Default::default()
    };
    event(task.started_time, Attributes::WorkflowTaskStartedEventAttributes(attributes))
}

fn event(at: Millis, attributes: Attributes) -> HistoryEvent {
    HistoryEvent {
        event_time: Some(timestamp(at)),
        event_type: kind::event_type(&attributes) as i32,
        attributes: Some(attributes),
        ..HistoryEvent::default()
    }
}

/// The name of the run's normal queue.
pub(super) fn queue_name(state: &State) -> &str {
    let Some(queue) = &state.started.task_queue else { broken!("nobody knows the task queue of run {}", state.run_id) };
    &queue.name
}

/// A queue as events name it: what is given without a kind is a normal one.
pub(super) fn with_kind(queue: TaskQueue) -> TaskQueue {
    let kind = if queue.kind == 0 { TaskQueueKind::Normal.into() } else { queue.kind };
    TaskQueue { kind, ..queue }
}

/// The queue of a task: the sticky one, or (empty name) the normal one.
pub(super) fn queue(state: &State, sticky: &str) -> TaskQueue {
    let normal = queue_name(state).to_owned();
    if sticky.is_empty() {
        TaskQueue { name: normal, kind: TaskQueueKind::Normal.into(), ..TaskQueue::default() }
    } else {
        TaskQueue { name: sticky.to_owned(), kind: TaskQueueKind::Sticky.into(), normal_name: normal }
    }
}

/// A task on a sticky queue has to be taken within the sticky queue's schedule-to-start timeout, which counts from its
/// scheduling, also if it was speculative then.
pub(super) fn limit_sticky(tx: &mut Transaction<'_, '_>, task: &WorkflowTask) {
    let sticky = tx.run.state.sticky.as_ref().filter(|_| !task.sticky_queue.is_empty());
    if let Some(timeout) = sticky.map(|sticky| sticky.timeout).filter(|timeout| *timeout > 0)
        && !planted(Bug::StickyTimeoutMissing)
    {
        arm(tx, task, TimeoutType::ScheduleToStart, task.scheduled_time.saturating_add(timeout));
    }
}

/// Orders the timer task of a timeout of a workflow task.
pub(super) fn arm(tx: &mut Transaction<'_, '_>, task: &WorkflowTask, timeout: TimeoutType, due: Millis) {
    tx.timer(
        due,
        TimerKind::WorkflowTaskTimeout(WorkflowTaskTimer {
            scheduled_event_id: task.scheduled_event_id,
            attempt: task.attempt,
            timeout: timeout.into(),
            started_time: task.started_time,
        }),
    );
}
