//! Requests to cancel and to terminate a run.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{close, required, run, signal, task};
use crate::cluster::Rejection;
use prost::Message as _;
use resurgam_api::internal::{RequestCancelRequest, TerminateRequest};
use resurgam_api::temporal::history::v1::WorkflowExecutionCancelRequestedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1::{
    RequestCancelWorkflowExecutionResponse, TerminateWorkflowExecutionResponse,
};

impl RunInput for RequestCancelRequest {
    type Answer = RequestCancelWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        // A closed run needs no cancellation, of whatever chain it is: that is looked at afterwards.
        if chain(self).is_empty() { Which::target(self.target.as_ref()) } else { Which::run("") }
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        request(tx, self).map(Reply::now)
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

impl RunInput for TerminateRequest {
    type Answer = TerminateWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        let first = self.request.as_ref().map_or("", |it| &it.first_execution_run_id);
        Which::target(self.target.as_ref()).current_of_chain(first)
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        terminate(tx, self).map(Reply::now)
    }
}

/// The run with which the chain has to have begun; empty: any.
fn chain(request: &RequestCancelRequest) -> &str {
    request.request.as_ref().map_or("", |it| &it.first_execution_run_id)
}

/// Asks the run to cancel. Only the first request leaves an event; a closed run needs none.
///
/// # Errors
/// `NotFound` if it is not a child of the sender as it should be, or of another chain.
fn request(
    tx: &mut Transaction<'_, '_>,
    request: RequestCancelRequest,
) -> Result<RequestCancelWorkflowExecutionResponse, Rejection> {
    if request.child_only {
        signal::require_child(tx, request.source.as_ref())?;
    }
    if tx.require_open().is_err() {
        return Ok(RequestCancelWorkflowExecutionResponse::default());
    }
    if !chain(&request).is_empty() && tx.run.state.started.first_execution_run_id != chain(&request) {
        return Err(run::unknown());
    }
    if tx.run.state.cancel_request.is_some() {
        return Ok(RequestCancelWorkflowExecutionResponse::default());
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
    task::hurry(tx);
    Ok(RequestCancelWorkflowExecutionResponse::default())
}

/// Terminates the run.
///
/// # Errors
/// `NotFound` if it is closed, or not a child of the sender as it should be; `InvalidArgument` if its details are too large.
fn terminate(
    tx: &mut Transaction<'_, '_>,
    request: TerminateRequest,
) -> Result<TerminateWorkflowExecutionResponse, Rejection> {
    if request.child_only {
        signal::require_child(tx, request.source.as_ref())?;
    }
    tx.require_open()?;
    let asked = required::request(request.request)?;
    if asked.details.as_ref().is_some_and(|details| details.encoded_len() > tx.context.limits.blob_bytes) {
        return Err(Rejection::InvalidArgument("Details exceeds size limit.".to_owned()));
    }
    close::terminate(tx, asked.reason, asked.details, asked.identity);
    if let Some(event) = tx.run.state.close_event.as_mut() {
        event.links = asked.links;
        let written = tx.events.iter_mut().filter(|written| written.event_id == event.event_id);
        written.for_each(|written| written.links.clone_from(&event.links));
    }
    Ok(TerminateWorkflowExecutionResponse::default())
}
