//! What a worker gets with a workflow task, and with a query that comes without one.

use super::transaction::{Transaction, timestamp};
use super::{Handout, Slice, message, task_event};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use prost::Message;
use resurgam_api::internal::TaskToken;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueResponse;

/// The started workflow task, and the history that goes with it: all of it, or, for a worker that has the run in its
/// cache, what is new. Queries that wait go along.
pub(super) fn task(tx: &mut Transaction<'_, '_>) -> Handout {
    let mut poll = frame(tx);
    let Some(pending) = tx.run.state.workflow_task.clone() else {
        broken!("a worker gets a workflow task that is not pending")
    };
    let mut history = whole(tx);
    if !pending.sticky_queue.is_empty() {
        history.from = tx.run.state.previous_started_event_id + 1;
        history.at = tx.run.state.previous_started_after;
    }
    history.appended = task_event::synthetic(tx, &pending);
    poll.task_token = TaskToken {
        scheduled_event_id: pending.scheduled_event_id,
        started_event_id: pending.started_event_id,
        attempt: pending.attempt,
        started_time: Some(timestamp(pending.started_time)),
        ..token(tx)
    }
    .encode_to_vec();
    poll.started_event_id = pending.started_event_id;
    poll.attempt = pending.attempt;
    let scheduled = if planted(Bug::ScheduledWhenStarted) { pending.started_time } else { pending.scheduled_time };
    poll.scheduled_time = Some(timestamp(scheduled));
    poll.started_time = Some(timestamp(pending.started_time));
    poll.messages = message::outgoing(tx, pending.started_event_id);
    // What waits to be written is not in this history, if the task is handed out late or once more: an answer from it would
    // leave out what was acknowledged before the question.
    if tx.run.state.buffered.is_empty() {
        for (id, query) in &mut tx.run.volatile.queries {
            query.sent = pending.started_event_id;
            poll.queries.insert(id.clone(), query.query.clone());
        }
    }
    Handout { poll, history }
}

/// What every hand-out of a run has in common.
pub(super) fn frame(tx: &Transaction<'_, '_>) -> PollWorkflowTaskQueueResponse {
    let state = &tx.run.state;
    PollWorkflowTaskQueueResponse {
        task_token: token(tx).encode_to_vec(),
        workflow_execution: Some(execution(tx)),
        workflow_type: state.started.workflow_type.clone(),
        previous_started_event_id: state.previous_started_event_id,
        workflow_execution_task_queue: Some(task_event::queue(state, "")),
        attempt: 1,
        ..Default::default()
    }
}

/// The whole history so far.
pub(super) fn whole(tx: &Transaction<'_, '_>) -> Slice {
    let state = &tx.run.state;
    Slice {
        run_id: state.run_id.clone(),
        from: 1,
        at: None,
        next: state.next_event_id,
        tail: tx.tail(),
        appended: Vec::new(),
    }
}

/// The run as tokens name it.
pub(super) fn token(tx: &Transaction<'_, '_>) -> TaskToken {
    let key = tx.key();
    TaskToken {
        namespace_id: key.namespace_id,
        workflow_id: key.workflow_id,
        run_id: key.run_id,
        ..TaskToken::default()
    }
}

/// The run as the API names it.
pub(super) fn execution(tx: &Transaction<'_, '_>) -> WorkflowExecution {
    let state = &tx.run.state;
    WorkflowExecution { workflow_id: state.workflow_id.clone(), run_id: state.run_id.clone() }
}
