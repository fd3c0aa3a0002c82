//! Requests to cancel and to terminate a run.

use super::transaction::Transaction;
use super::{Rejection, Reply, close, required, signal};
use resurgam_api::internal::{RequestCancelRequest, TerminateRequest};
use resurgam_api::temporal::history::v1::WorkflowExecutionCancelRequestedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;

/// Asks the run to cancel. Only the first request leaves an event; a closed run needs none.
///
/// # Errors
/// `NotFound` if it is not a child of the sender as it should be.
pub(super) fn request(tx: &mut Transaction<'_, '_>, request: RequestCancelRequest) -> Result<Reply, Rejection> {
    if request.child_only {
        signal::require_child(tx, request.source.as_ref())?;
    }
    if tx.require_open().is_err() || tx.run.state.cancel_request.is_some() {
        return Ok(Reply::Done);
    }
    // Clients have no source.
    let (asked, source) = (required::request(request.request)?, request.source.unwrap_or_default());
    tx.run.state.cancel_request = Some(asked.request_id);
    let mut event = tx.event(Attributes::WorkflowExecutionCancelRequestedEventAttributes(
        WorkflowExecutionCancelRequestedEventAttributes {
            cause: asked.reason,
            external_initiated_event_id: source.initiated_event_id,
            external_workflow_execution: source.execution,
            identity: asked.identity,
        },
    ));
    event.links = asked.links;
    tx.place(event);
    tx.wake();
    Ok(Reply::Done)
}

/// Terminates the run.
///
/// # Errors
/// `NotFound` if it is closed, or not a child of the sender as it should be.
pub(super) fn terminate(tx: &mut Transaction<'_, '_>, request: TerminateRequest) -> Result<Reply, Rejection> {
    if request.child_only {
        signal::require_child(tx, request.source.as_ref())?;
    }
    tx.require_open()?;
    let asked = required::request(request.request)?;
    close::terminate(tx, asked.reason, asked.details, asked.identity);
    if let Some(event) = tx.run.state.close_event.as_mut() {
        event.links = asked.links;
        let written = tx.events.iter_mut().filter(|written| written.event_id == event.event_id);
        written.for_each(|written| written.links.clone_from(&event.links));
    }
    Ok(Reply::Done)
}
