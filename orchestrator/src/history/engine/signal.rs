//! Signals. One request id counts once per run, and that is tested before anything else: whoever repeats a signal that
//! arrived is told that it arrived, even if the run has closed since.

use super::input::{Acted, Reply, RunInput, Which};
use super::required;
use super::transaction::Transaction;
use super::waiter::Waiter;
use crate::cluster::Rejection;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{SignalRequest, Source};
use resurgam_api::temporal::common::v1::{Header, Link, Payloads};
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use resurgam_api::temporal::history::v1::WorkflowExecutionSignaledEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1::SignalWorkflowExecutionResponse;

/// A signal that arrives.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) input: Option<Payloads>,
    pub(super) identity: String,
    pub(super) header: Option<Header>,
    pub(super) request_id: String,
    pub(super) links: Vec<Link>,
    pub(super) source: Option<Source>,
}

impl RunInput for SignalRequest {
    type Answer = SignalWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        answer(tx, self).map(Reply::now)
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

/// A client, or another workflow, signals the run.
///
/// # Errors
/// `NotFound` if it is closed, or not a child of the sender as it should be; `InvalidArgument` after too many signals.
fn answer(tx: &mut Transaction<'_, '_>, request: SignalRequest) -> Result<SignalWorkflowExecutionResponse, Rejection> {
    if request.child_only {
        require_child(tx, request.source.as_ref())?;
    }
    let signal = required::request(request.request)?;
    accept(
        tx,
        Arrival {
            name: signal.signal_name,
            input: signal.input,
            identity: signal.identity,
            header: signal.header,
            request_id: signal.request_id,
            links: signal.links,
            source: request.source,
        },
    )?;
    Ok(SignalWorkflowExecutionResponse::default())
}

/// Takes a signal, once.
///
/// # Errors
/// See [`answer`].
pub(super) fn accept(tx: &mut Transaction<'_, '_>, signal: Arrival) -> Result<(), Rejection> {
    if tx.run.state.signal_requests.contains_key(&signal.request_id) && !planted(Bug::SignalDedupLost) {
        return Ok(());
    }
    tx.require_open()?;
    require_not_closing(tx)?;
    if tx.run.state.signal_count >= tx.context.limits.signals {
        return Err(Rejection::InvalidArgument("exceeded workflow execution limit for signal events".to_owned()));
    }
    write(tx, signal);
    tx.wake();
    Ok(())
}

/// Writes a signal that nothing speaks against.
pub(super) fn write(tx: &mut Transaction<'_, '_>, signal: Arrival) {
    if !signal.request_id.is_empty() {
        tx.run.state.signal_requests.insert(signal.request_id, ());
    }
    tx.run.state.signal_count += 1;
    // The request id does not stand in the event, as in Temporal 1.31.
    let mut event =
        tx.event(Attributes::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
            signal_name: signal.name,
            input: signal.input,
            identity: signal.identity,
            header: signal.header,
            external_workflow_execution: signal.source.and_then(|source| source.execution),
            ..Default::default()
        }));
    event.links = signal.links;
    if planted(Bug::SignalNotBuffered) {
        tx.write(event);
    } else {
        tx.place(event);
    }
}

/// Refuses news while a worker that tried to close the run looks at those that stopped it.
///
/// # Errors
/// `ResourceExhausted`: try again soon.
pub(crate) fn require_not_closing(tx: &Transaction<'_, '_>) -> Result<(), Rejection> {
    if tx.run.volatile.closing && tx.task_is_started() {
        return Err(closing());
    }
    Ok(())
}

/// The run is about to close; its successor may take what it does not.
pub(super) fn closing() -> Rejection {
    Rejection::ResourceExhausted {
        message: "workflow operation can not be applied because workflow is closing".to_owned(),
        cause: ResourceExhaustedCause::BusyWorkflow.into(),
    }
}

/// Refuses what only the parent may do.
///
/// # Errors
/// `NotFound` if the run is not a child of `source`.
pub(super) fn require_child(tx: &Transaction<'_, '_>, source: Option<&Source>) -> Result<(), Rejection> {
    let parent = tx.run.state.started.parent_workflow_execution.as_ref();
    let sender = source.and_then(|source| source.execution.as_ref());
    if parent.is_some() && parent == sender {
        Ok(())
    } else {
        Err(Rejection::NotFound("workflow parent does not match".to_owned()))
    }
}
