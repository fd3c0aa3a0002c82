//! Workflow tasks: how they are scheduled and handed to a worker.
//!
//! At most one is pending. A *normal* one is written as it happens. A *transient* one (attempt above 1) and a
//! *speculative* one (made for updates only) get the ids that their events would have, and are written when a worker
//! succeeds. If something else is to be written, a speculative one comes first and is normal from then on; a transient one
//! loses its ids and, when a worker takes it, becomes a normal first attempt.

use super::input::{Acted, Reply, RunInput, Which};
use super::task_event::{arm, limit_sticky, queue_name, scheduled, started};
use super::transaction::{Transaction, timestamp};
use super::waiter::Waiter;
use super::{Handout, handout, message};
use crate::cluster::Rejection;
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{RecordWorkflowTaskStartedRequest, TaskToken};
use resurgam_api::temporal::enums::v1::TimeoutType;
use resurgam_state::task::{TransferKind, WorkflowTaskTransfer};
use resurgam_state::{EventId, Millis, State, WorkflowTask, WorkflowTaskType};

/// Said of a workflow task that is not pending, or not that one.
pub(super) const GONE: &str = "workflow task not found";
/// The first back-off of repeated workflow tasks.
const BACKOFF: Millis = 5_000;
/// The longest back-off of repeated workflow tasks.
const BACKOFF_MAX: Millis = 600_000;

/// Whether the run waits before its first workflow task: for a back-off, or for its parent; a schedule or a batch operation has none at all.
#[must_use]
pub(crate) fn is_held(state: &State) -> bool {
    state.first_task_at != 0 || state.awaits_parent || state.decides_for_itself()
}

/// Schedules a workflow task if there is news, none is pending, and the run may have one.
pub(super) fn settle(tx: &mut Transaction<'_, '_>) {
    let state = &tx.run.state;
    if tx.woken && tx.require_open().is_ok() && state.workflow_task.is_none() && !is_held(state) {
        schedule(tx, Dispatch::Matching);
    }
}

/// How a new workflow task reaches a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dispatch {
    /// Through matching, to whoever polls.
    Matching,
    /// With the answer to the completion of the last one.
    Inline,
}

/// Schedules the next workflow task: a transient one if the last attempt failed and nothing was written since.
pub(super) fn schedule(tx: &mut Transaction<'_, '_>, dispatch: Dispatch) {
    let attempt = tx.run.state.next_attempt.max(1);
    let task_type = if attempt > 1 { WorkflowTaskType::Transient } else { WorkflowTaskType::Normal };
    let mut task = new(tx, task_type, attempt);
    if task_type == WorkflowTaskType::Normal {
        task.scheduled_event_id = tx.write(scheduled(&tx.run.state, &task));
    }
    if dispatch == Dispatch::Matching {
        limit_sticky(tx, &task);
        offer(tx, &task);
    }
    tx.run.state.workflow_task = Some(task);
}

/// The wait before the first workflow task ends: whoever does this has something that does not bear it.
pub(crate) fn hurry(tx: &mut Transaction<'_, '_>) {
    tx.run.state.first_task_at = 0;
    tx.wake();
}

/// Schedules a speculative workflow task, if none is pending and the run may have one: a worker has to see updates. A
/// back-off does not keep it; if nothing comes of the updates, it goes on.
pub(crate) fn speculate(tx: &mut Transaction<'_, '_>) {
    let state = &tx.run.state;
    let held = state.awaits_parent || state.decides_for_itself();
    if tx.require_open().is_err() || state.workflow_task.is_some() || held {
        return;
    }
    let task = new(tx, WorkflowTaskType::Speculative, 1);
    let due = tx.context.now.saturating_add(tx.context.limits.speculative_timeout);
    arm(tx, &task, TimeoutType::ScheduleToStart, due);
    offer(tx, &task);
    tx.run.state.workflow_task = Some(task);
}

fn new(tx: &Transaction<'_, '_>, task_type: WorkflowTaskType, attempt: i32) -> WorkflowTask {
    let state = &tx.run.state;
    WorkflowTask {
        task_type: task_type.into(),
        scheduled_event_id: state.next_event_id,
        attempt,
        scheduled_time: tx.context.now,
        original_scheduled_time: tx.context.now,
        timeout: timeout(tx, attempt),
        sticky_queue: state.sticky.as_ref().map(|sticky| sticky.queue.clone()).unwrap_or_default(),
        ..WorkflowTask::default()
    }
}

/// The start-to-close timeout; from some attempt on it grows, which is how repeated failures are slowed down.
fn timeout(tx: &Transaction<'_, '_>, attempt: i32) -> Millis {
    let least = tx.run.state.task_timeout;
    let over = attempt - tx.context.limits.task_backoff_after;
    if over <= 0 {
        return least;
    }
    let doubled = BACKOFF.saturating_mul(1 << (over - 1).min(16));
    least.saturating_add(doubled.min(BACKOFF_MAX))
}

/// Gives a workflow task to matching.
fn offer(tx: &mut Transaction<'_, '_>, task: &WorkflowTask) {
    let sticky = !task.sticky_queue.is_empty();
    tx.transfer(TransferKind::WorkflowTask(WorkflowTaskTransfer {
        scheduled_event_id: task.scheduled_event_id,
        task_queue: if sticky { task.sticky_queue.clone() } else { queue_name(&tx.run.state).to_owned() },
        sticky,
        attempt: task.attempt,
    }));
}

/// Nobody polls the sticky queue: the task goes to the normal one, under the same id.
pub(super) fn unstick(tx: &mut Transaction<'_, '_>, scheduled_event_id: EventId) {
    let Some(mut task) = tx.run.state.workflow_task.clone() else { return };
    if task.scheduled_event_id == scheduled_event_id && task.started_event_id == 0 && !task.sticky_queue.is_empty() {
        task.sticky_queue.clear();
        offer(tx, &task);
        tx.run.state.workflow_task = Some(task);
    }
}

impl RunInput for RecordWorkflowTaskStartedRequest {
    type Answer = Handout;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        start(tx, &self).map(Reply::now)
    }
}

/// A worker is about to get the pending workflow task.
///
/// # Errors
/// `TaskAlreadyStarted` by another request; `NotFound` if it is not the pending one, or came through a sticky queue that
/// it is not meant for any more.
fn start(tx: &mut Transaction<'_, '_>, request: &RecordWorkflowTaskStartedRequest) -> Result<Handout, Rejection> {
    let gone = || Rejection::NotFound(GONE.to_owned());
    tx.require_open()?;
    let task = tx.run.state.workflow_task.as_ref().ok_or_else(gone)?;
    if task.started_event_id != 0 {
        if task.request_id != request.request_id {
            return Err(Rejection::TaskAlreadyStarted);
        }
    } else {
        let token = request.task.as_ref().ok_or_else(gone)?;
        let queue = request.task_queue.as_ref();
        let sticky = queue.filter(|queue| queue.sticky).map_or("", |queue| &queue.name);
        if token.scheduled_event_id != task.scheduled_event_id
            || (token.attempt != 0 && token.attempt != task.attempt)
            || (!sticky.is_empty() && sticky != task.sticky_queue)
        {
            return Err(gone());
        }
        if sticky.is_empty() {
            tx.run.state.sticky = None;
            if let Some(task) = &mut tx.run.state.workflow_task {
                task.sticky_queue.clear();
            }
        }
        begin(tx, &request.request_id, &request.identity);
    }
    Ok(handout::task(tx))
}

/// Starts the pending workflow task.
pub(super) fn begin(tx: &mut Transaction<'_, '_>, request_id: &str, identity: &str) {
    let Some(mut task) = tx.run.state.workflow_task.take() else {
        broken!("a workflow task begins that is not pending")
    };
    let moved = tx.run.state.next_event_id != task.scheduled_event_id && !planted(Bug::TransientIdsKept);
    if task.task_type() != WorkflowTaskType::Normal && moved {
        // Something was written since, under the ids that the task should have had: it is a new one.
        task.set_task_type(WorkflowTaskType::Normal);
        task.attempt = 1;
        task.timeout = timeout(tx, 1);
        tx.run.state.next_attempt = 1;
        task.scheduled_event_id = tx.write(scheduled(&tx.run.state, &task));
    }
    let (size, events) = (tx.run.state.history_size, tx.run.state.next_event_id);
    let limits = tx.context.limits;
    task.history_size = size;
    task.suggest_continue_as_new = size >= limits.suggest_bytes || events > limits.suggest_events;
    task.started_time = tx.context.now;
    task.started_after = tx.run.state.tail;
    request_id.clone_into(&mut task.request_id);
    identity.clone_into(&mut task.identity);
    task.started_event_id = match task.task_type() {
        WorkflowTaskType::Normal => tx.write(started(tx.context.limits, &task)),
        WorkflowTaskType::Transient | WorkflowTaskType::Speculative => task.scheduled_event_id + 1,
    };
    arm(tx, &task, TimeoutType::StartToClose, tx.context.now.saturating_add(task.timeout));
    message::send(tx, task.started_event_id);
    tx.run.state.workflow_task = Some(task);
}

/// The started workflow task that a worker answers with this token.
///
/// # Errors
/// `NotFound` if it is not the started one.
pub(super) fn answered(tx: &Transaction<'_, '_>, token: Option<&TaskToken>) -> Result<WorkflowTask, Rejection> {
    tx.require_open()?;
    let pending = tx.run.state.workflow_task.as_ref();
    let same = |(task, token): &(&WorkflowTask, &TaskToken)| {
        task.started_event_id != 0
            && token.scheduled_event_id == task.scheduled_event_id
            && token.started_event_id == task.started_event_id
            && token.attempt == task.attempt
            && token.started_time == Some(timestamp(task.started_time))
    };
    pending.zip(token).filter(same).map(|(task, _)| task.clone()).ok_or_else(|| Rejection::NotFound(GONE.to_owned()))
}
