//! Speculative workflow tasks, which are made for updates only: when one has come to nothing, and how it is dropped as if it had never been.
//! As in temporalio/temporal, `service/history/api/respondworkflowtaskcompleted`.

use super::command_failure::CommandFailure;
use super::message::{Incoming, unprocessed};
use super::transaction::Transaction;
use super::update;
use prost::Name;
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::update::v1::Rejection;
use resurgam_api::temporal::workflowservice::v1::RespondWorkflowTaskCompletedRequest;
use resurgam_state::{EventId, WorkflowTask, WorkflowTaskType};

/// A speculative task is dropped only if it showed the worker no more events than this.
const DROPPED_EVENTS: EventId = 10;

/// Whether this completion of a speculative task changes nothing, so that the task can be dropped without an event.
pub(crate) fn droppable(
    tx: &Transaction<'_, '_>,
    pending: &WorkflowTask,
    answer: &RespondWorkflowTaskCompletedRequest,
) -> bool {
    let able = answer.capabilities.as_ref().is_some_and(|it| it.discard_speculative_workflow_task_with_events);
    let shown = pending.scheduled_event_id - tx.run.state.previous_started_event_id - 2;
    let rejects = |message: &Message| {
        let body = message.body.as_ref();
        body.is_some_and(|body| body.type_url.rsplit('/').next() == Some(Rejection::full_name().as_str()))
    };
    pending.task_type() == WorkflowTaskType::Speculative
        && answer.commands.is_empty()
        && !answer.force_create_new_workflow_task
        && answer.messages.iter().all(rejects)
        && shown <= if able { DROPPED_EVENTS } else { 0 }
}

/// Drops a speculative task that changed nothing: its ids were never used.
///
/// # Errors
/// A message can never be applied.
pub(crate) fn drop_task(
    tx: &mut Transaction<'_, '_>,
    answer: &RespondWorkflowTaskCompletedRequest,
) -> Result<(), CommandFailure> {
    Incoming::new(&answer.messages).rest(tx)?;
    unprocessed(tx);
    update::dropped(tx);
    Ok(())
}
