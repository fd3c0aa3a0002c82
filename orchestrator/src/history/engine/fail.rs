//! How workflow tasks end without success: a worker says so, a worker says nothing, or the run is closed.
//!
//! The first attempt leaves an event; further ones leave none. After a task of a sticky queue the count does not rise,
//! since it may be the cache that failed.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{IDENTITY, buffer, problem, required, task, task_event};
use crate::cluster::Rejection;
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use prost::Message;
use resurgam_api::internal::FailWorkflowTaskRequest;
use resurgam_api::temporal::enums::v1::{TimeoutType, WorkflowTaskFailedCause};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{WorkflowTaskFailedEventAttributes, WorkflowTaskTimedOutEventAttributes};
use resurgam_api::temporal::workflowservice::v1::RespondWorkflowTaskFailedResponse;
use resurgam_state::task::WorkflowTaskTimer;
use resurgam_state::{EventId, WorkflowTask, WorkflowTaskType};

/// Why a workflow task ended without success.
#[derive(Clone, Debug)]
pub(super) enum TaskEnd {
    /// A worker or the server says that it failed.
    Failed(Box<WorkflowTaskFailedEventAttributes>),
    /// It took too long.
    TimedOut(TimeoutType),
}

impl TaskEnd {
    /// A failure that the server found in what a worker has answered, if one has.
    #[allow(deprecated, reason = "workers may still say the checksum of their binary")]
    pub(super) fn of(cause: WorkflowTaskFailedCause, message: &str, identity: &str, binary_checksum: &str) -> Self {
        let failure = (!message.is_empty()).then(|| Failure {
            message: message.to_owned(),
            failure_info: Some(FailureInfo::ServerFailureInfo(Default::default())),
            ..Failure::default()
        });
        Self::Failed(Box::new(WorkflowTaskFailedEventAttributes {
            cause: cause.into(),
            failure,
            identity: identity.to_owned(),
            binary_checksum: binary_checksum.to_owned(),
            ..Default::default()
        }))
    }

    /// Of what category it is, and what caused it, in the words of Temporal.
    fn problem(&self) -> (&'static str, String) {
        match self {
            Self::Failed(failed) => ("WorkflowTaskFailed", format!("{:?}", failed.cause())),
            Self::TimedOut(timeout) => ("WorkflowTaskTimedOut", format!("{timeout:?}")),
        }
    }

    fn attributes(self, (scheduled, started): (EventId, EventId)) -> Attributes {
        match self {
            Self::Failed(failed) => Attributes::WorkflowTaskFailedEventAttributes(WorkflowTaskFailedEventAttributes {
                scheduled_event_id: scheduled,
                started_event_id: started,
                ..*failed
            }),
            Self::TimedOut(timeout) => {
                Attributes::WorkflowTaskTimedOutEventAttributes(WorkflowTaskTimedOutEventAttributes {
                    scheduled_event_id: scheduled,
                    started_event_id: started,
                    timeout_type: timeout.into(),
                })
            }
        }
    }
}

impl RunInput for FailWorkflowTaskRequest {
    type Answer = RespondWorkflowTaskFailedResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        answer(tx, self).map(Reply::now)
    }
}

/// A worker failed its workflow task.
///
/// # Errors
/// `NotFound` if it is not the started one.
#[allow(deprecated, reason = "workers may still say their version so")]
fn answer(
    tx: &mut Transaction<'_, '_>,
    request: FailWorkflowTaskRequest,
) -> Result<RespondWorkflowTaskFailedResponse, Rejection> {
    task::answered(tx, request.task.as_ref())?;
    let answer = required::request(request.request)?;
    end(
        tx,
        TaskEnd::Failed(Box::new(WorkflowTaskFailedEventAttributes {
            cause: answer.cause,
            failure: answer.failure,
            identity: answer.identity,
            binary_checksum: answer.binary_checksum,
            ..Default::default()
        })),
    );
    Ok(RespondWorkflowTaskFailedResponse {})
}

/// Ends the pending workflow task and schedules the next one.
pub(super) fn end(tx: &mut Transaction<'_, '_>, end: TaskEnd) {
    let Some(pending) = tx.run.state.workflow_task.take() else { broken!("a workflow task ends that is not pending") };
    let counts = !matches!(end, TaskEnd::TimedOut(TimeoutType::ScheduleToStart)) && tx.run.state.sticky.is_none();
    tx.run.state.sticky = None;
    if counts {
        let (category, cause) = end.problem();
        problem::met(&mut tx.run.state, category, &cause);
    }
    write(tx, &pending, end);
    forget(tx);
    let attempt = if counts { pending.attempt + 1 } else { 1 };
    // What was held back is news: the next task is a new one.
    tx.run.state.next_attempt = if buffer::flush(tx) > 0 { 1 } else { attempt };
    task::schedule(tx, task::Dispatch::Matching);
}

/// Ends the pending workflow task because the run is closed by somebody else, and writes what was held back.
pub(super) fn force(tx: &mut Transaction<'_, '_>) {
    let Some(pending) = tx.run.state.workflow_task.take() else { return };
    if pending.started_event_id != 0 {
        write(tx, &pending, TaskEnd::of(WorkflowTaskFailedCause::ForceCloseCommand, "", IDENTITY, ""));
    } else {
        tx.run.state.left_task = Some(pending);
    }
    forget(tx);
    buffer::flush(tx);
}

/// Ends the pending workflow task of a run that is closed next, and writes what was held back.
pub(super) fn last(tx: &mut Transaction<'_, '_>, end: TaskEnd) {
    let Some(pending) = tx.run.state.workflow_task.take() else { broken!("a workflow task ends that is not pending") };
    write(tx, &pending, end);
    forget(tx);
    buffer::flush(tx);
}

/// Too much waits for the started workflow task: it fails, so that what waits is written.
pub(super) fn limit(tx: &mut Transaction<'_, '_>) {
    let (buffered, limits) = (&tx.run.state.buffered, tx.context.limits);
    let bytes = || buffered.values().map(Message::encoded_len).sum::<usize>();
    if buffered.len() > limits.buffered || bytes() > limits.buffered_bytes {
        end(tx, TaskEnd::of(WorkflowTaskFailedCause::ForceCloseCommand, "", IDENTITY, ""));
    }
}

fn write(tx: &mut Transaction<'_, '_>, pending: &WorkflowTask, end: TaskEnd) {
    if pending.task_type() != WorkflowTaskType::Transient {
        let ids = task_event::materialise(tx, pending, None);
        let event = tx.event(end.attributes(ids));
        tx.write(event);
    }
}

/// What went out with the task goes out again.
pub(super) fn forget(tx: &mut Transaction<'_, '_>) {
    for query in tx.run.volatile.queries.values_mut() {
        query.sent = 0;
    }
    if planted(Bug::UpdateLost) {
        return;
    }
    for update in tx.run.volatile.updates.iter_mut().filter(|update| !update.accepted) {
        update.sent = 0;
    }
}

/// A timeout of a workflow task is due.
pub(super) fn fire(tx: &mut Transaction<'_, '_>, timer: &WorkflowTaskTimer) {
    let Some(pending) = &tx.run.state.workflow_task else { return };
    if pending.scheduled_event_id != timer.scheduled_event_id || pending.attempt != timer.attempt {
        return;
    }
    let Ok(timeout) = TimeoutType::try_from(timer.timeout) else {
        broken!("a timer task is for timeout {} of a workflow task", timer.timeout)
    };
    let meant = match timeout {
        TimeoutType::StartToClose => pending.started_event_id != 0 && pending.started_time == timer.started_time,
        TimeoutType::ScheduleToStart => {
            let task_type = pending.task_type();
            pending.started_event_id == 0
                && (task_type == WorkflowTaskType::Speculative || !pending.sticky_queue.is_empty())
        }
        _ => broken!("a timer task is for {timeout:?} of a workflow task"),
    };
    if meant {
        end(tx, TaskEnd::TimedOut(timeout));
    }
}
