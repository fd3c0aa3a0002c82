//! A worker completes a workflow task: its decision becomes events, all of it or none.
//!
//! The order is the server's: token, Completed event, sticky queue, commands, what was held back, next task. A decision
//! that cannot be executed fails the task instead. One that closes the run while there is news is not executed either:
//! the worker has to look at the news first.

use super::command_failure::CommandFailure;
use super::completion_check::{closes, validate};
use super::fail::{self, TaskEnd};
use super::input::{Acted, Reply, RunInput, Which};
use super::saved::Saved;
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{
    CompletedTask, Handout, IDENTITY, buffer, build_id, close, command, command_check, handout, message, problem,
    query, required, span, speculative, successor, task, task_event, update,
};
use crate::cluster::Rejection;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{BadSearchAttributes, CompleteWorkflowTaskRequest};
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::enums::v1::{
    TimeoutType, WorkflowExecutionStatus as Status, WorkflowTaskFailedCause as Cause,
};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    WorkflowExecutionCanceledEventAttributes, WorkflowTaskCompletedEventAttributes,
};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::{EventId, Millis, Sticky, WorkflowTask};

/// For so long a worker may keep a run busy by heartbeats of one workflow task.
const HEARTBEATS: Millis = 30 * 60 * 1000;

impl RunInput for CompleteWorkflowTaskRequest {
    type Answer = CompletedTask;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        answer(tx, self)
    }
}

/// Takes the answer of a worker.
///
/// # Errors
/// `NotFound` if the task is not the started one, `InvalidArgument` if it is one that can only time out.
fn answer(
    tx: &mut Transaction<'_, '_>,
    request: CompleteWorkflowTaskRequest,
) -> Result<Reply<CompletedTask>, Rejection> {
    let pending = task::answered(tx, request.task.as_ref())?;
    let answer = required::request(request.request)?;
    validate(&answer)?;
    #[allow(deprecated, reason = "workers may still say the checksum of their binary")]
    let ended = |it: &CommandFailure| TaskEnd::of(it.cause, &it.message, &answer.identity, &answer.binary_checksum);
    let most = tx.context.limits.blob_bytes;
    let bad = request.bad_search_attributes;
    let too_large = bad.as_ref().filter(|bad| bad.too_large);
    let too_large = too_large.map(|bad| CommandFailure::new(Cause::BadSearchAttributes, bad.message.clone()));
    let oversized = answer.commands.iter().find_map(|command| command_check::oversized(command, most));
    if let Some(failure) = oversized.or(too_large) {
        message::abort(tx);
        if pending.attempt > 1 {
            return refused(Rejection::InvalidArgument(failure.message));
        }
        fail::last(tx, ended(&failure));
        close::terminate(tx, failure.message.clone(), None, IDENTITY.to_owned());
        return refused(Rejection::InvalidArgument(failure.message));
    }
    let heartbeat = is_heartbeat(&answer);
    if heartbeat && tx.context.now - pending.original_scheduled_time >= HEARTBEATS {
        fail::end(tx, TaskEnd::TimedOut(TimeoutType::StartToClose));
        return refused(Rejection::NotFound(task::GONE.to_owned()));
    }
    let saved = Saved::of(tx);
    let dropped = speculative::droppable(tx, &pending, &answer);
    let decided = if dropped { drop_task(tx, &answer) } else { decide(tx, &pending, &answer, bad.as_ref()) };
    if decided.is_ok()
        && let Some(why) = answer.messages.iter().find_map(message::unreadable)
    {
        return Err(Rejection::InvalidArgument(why));
    }
    if let Err(failure) = decided {
        saved.restore(tx);
        let unhandled = failure.cause == Cause::UnhandledCommand;
        message::abort(tx);
        if pending.attempt > 1 && !unhandled {
            return refused(Rejection::InvalidArgument(failure.message));
        }
        tx.run.volatile.closing |= unhandled;
        fail::end(tx, ended(&failure));
        return refused(Rejection::InvalidArgument(failure.message));
    }
    if dropped {
        let reset_history_event_id = tx.run.state.previous_started_event_id;
        let response = api::RespondWorkflowTaskCompletedResponse { reset_history_event_id, ..Default::default() };
        return Ok(Reply::Now(Ok(CompletedTask { response, next: None })));
    }
    let next = go_on(tx, &pending, &answer, heartbeat);
    let response = api::RespondWorkflowTaskCompletedResponse::default();
    Ok(Reply::Now(Ok(CompletedTask { response, next })))
}

/// The worker needs more time, and nothing else.
fn is_heartbeat(answer: &api::RespondWorkflowTaskCompletedRequest) -> bool {
    answer.force_create_new_workflow_task && answer.commands.is_empty() && answer.messages.is_empty()
}

/// A speculative task that changes nothing leaves no event; the worker has to forget what it saw with it.
fn drop_task(
    tx: &mut Transaction<'_, '_>,
    answer: &api::RespondWorkflowTaskCompletedRequest,
) -> Result<(), CommandFailure> {
    tx.run.state.sticky = sticky(answer);
    query::answered(tx, &answer.query_results);
    speculative::drop_task(tx, answer)?;
    fail::forget(tx);
    if buffer::flush(tx) > 0 {
        tx.wake();
    } else if !tx.woken && !update::unsent(tx) {
        query::release(tx);
    }
    Ok(())
}

/// Something was changed, and yet the caller gets an error.
fn refused(rejection: Rejection) -> Result<Reply<CompletedTask>, Rejection> {
    Ok(Reply::Now(Err(rejection)))
}

/// Writes the decision.
fn decide(
    tx: &mut Transaction<'_, '_>,
    pending: &WorkflowTask,
    answer: &api::RespondWorkflowTaskCompletedRequest,
    bad: Option<&BadSearchAttributes>,
) -> Result<(), CommandFailure> {
    let (scheduled_event_id, started_event_id) = task_event::materialise(tx, pending, Some(&answer.identity));
    let attributes =
        WorkflowTaskCompletedEventAttributes { scheduled_event_id, started_event_id, ..build_id::said(answer) };
    let completed = tx.command_event(Attributes::WorkflowTaskCompletedEventAttributes(attributes.clone()));
    let state = &mut tx.run.state;
    state.previous_started_event_id = started_event_id;
    state.previous_started_after = pending.started_after;
    state.next_attempt = 1;
    state.completed_tasks += 1;
    state.sticky = sticky(answer);
    build_id::completed(state, completed, &attributes, tx.context.now);
    problem::solved(state);
    query::answered(tx, &answer.query_results);
    if planted(Bug::BufferFlushedEarly) {
        buffer::flush(tx);
    }
    let mut messages = message::Incoming::new(&answer.messages);
    for (index, command) in answer.commands.iter().enumerate() {
        if let Some(failure) = command_check::mismatch(command) {
            return Err(failure);
        }
        let misfit = bad.filter(|bad| usize::try_from(bad.command) == Ok(index));
        if matches!(command.attributes, Some(Decided::ProtocolMessageCommandAttributes(_))) {
            messages.command(tx, command)?;
        } else if tx.require_open().is_err() {
            // The first command that closes the run counts.
        } else if let Some(bad) = misfit.filter(|_| !(closes(command) && unseen(tx))) {
            return Err(CommandFailure::new(Cause::BadSearchAttributes, bad.message.clone()));
        } else if closes(command) {
            close_by(tx, command, completed)?;
        } else {
            command::apply(tx, command, completed)?;
        }
    }
    messages.rest(tx)?;
    // Who asks for another task goes on with this one there.
    if !answer.force_create_new_workflow_task {
        message::unprocessed(tx);
    }
    Ok(())
}

fn sticky(answer: &api::RespondWorkflowTaskCompletedRequest) -> Option<Sticky> {
    let asked = answer.sticky_attributes.as_ref()?;
    let queue = asked.worker_task_queue.as_ref()?.name.clone();
    let timeout = span::millis(asked.schedule_to_start_timeout.as_ref());
    (!queue.is_empty()).then_some(Sticky { queue, timeout })
}

/// There is something that the worker has not seen.
fn unseen(tx: &Transaction<'_, '_>) -> bool {
    // What this very completion left in the buffer is no news to the worker.
    let now = tx.context.transaction;
    tx.run.state.buffered.values().any(|event| event.task_id != now)
}

/// Closes the run as a worker says, unless there is something that it has not seen.
fn close_by(tx: &mut Transaction<'_, '_>, command: &Command, completed: EventId) -> Result<(), CommandFailure> {
    if unseen(tx) && !planted(Bug::UnhandledCommandIgnored) {
        return Err(CommandFailure::new(Cause::UnhandledCommand, "UnhandledCommand"));
    }
    let first = tx.events.len();
    match command.attributes.clone() {
        Some(Decided::CompleteWorkflowExecutionCommandAttributes(it)) => {
            successor::complete(tx, it.result, completed);
        }
        Some(Decided::CancelWorkflowExecutionCommandAttributes(it)) => {
            let attributes = WorkflowExecutionCanceledEventAttributes {
                workflow_task_completed_event_id: completed,
                details: it.details,
            };
            close::close(tx, Status::Canceled, Attributes::WorkflowExecutionCanceledEventAttributes(attributes));
        }
        Some(Decided::FailWorkflowExecutionCommandAttributes(it)) => {
            let message = "Failure is not set on FailWorkflowExecutionCommand.";
            let cause = Cause::BadFailWorkflowExecutionAttributes;
            let failure = it.failure.ok_or_else(|| CommandFailure::new(cause, message))?;
            successor::fail(tx, failure, completed);
        }
        Some(Decided::ContinueAsNewWorkflowExecutionCommandAttributes(it)) => {
            successor::continue_as_new(tx, it, completed)?;
        }
        _ => {}
    }
    if let Some(event) = tx.events.get_mut(first) {
        event.user_metadata.clone_from(&command.user_metadata);
    }
    Ok(())
}

/// After the decision: what was held back is written, and the next workflow task is scheduled if there is a reason for
/// one. It goes to the worker with this answer if it wants that.
fn go_on(
    tx: &mut Transaction<'_, '_>,
    pending: &WorkflowTask,
    answer: &api::RespondWorkflowTaskCompletedRequest,
    heartbeat: bool,
) -> Option<Handout> {
    if tx.require_open().is_err() {
        return None;
    }
    tx.run.state.workflow_task = None;
    tx.run.volatile.closing = false;
    fail::forget(tx);
    let news = buffer::flush(tx) > 0;
    if !news && !tx.woken && !answer.force_create_new_workflow_task {
        query::release(tx);
        return None;
    }
    let inline = answer.return_new_workflow_task;
    task::schedule(tx, if inline { task::Dispatch::Inline } else { task::Dispatch::Matching });
    if heartbeat && let Some(next) = &mut tx.run.state.workflow_task {
        next.original_scheduled_time = pending.original_scheduled_time;
    }
    if !inline {
        return None;
    }
    let request_id = tx.context.ids.uuid();
    task::begin(tx, &request_id, &answer.identity);
    Some(handout::task(tx))
}
