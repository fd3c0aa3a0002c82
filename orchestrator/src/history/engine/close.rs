//! How a run closes: the last event, and what is told to whom. Whatever is still pending is forgotten.

use super::transaction::Transaction;
use super::{IDENTITY, buffer, fail, query, retention};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::temporal::common::v1::{Payloads, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{ParentClosePolicy, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::history::v1::WorkflowExecutionTerminatedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_state::task::{CloseChildTransfer, TransferKind};
use resurgam_state::{Child, EventId, State};

/// Who terminates a run that is reset, as in Temporal.
pub(super) const RESETTER: &str = "history-resetter";

/// The run was terminated because it was reset: whoever waits for its end waits for another run's.
pub(super) fn is_reset(state: &State) -> bool {
    let close = state.close_event.as_ref().and_then(|event| event.attributes.as_ref());
    matches!(close, Some(Attributes::WorkflowExecutionTerminatedEventAttributes(it)) if it.identity == RESETTER)
}

/// Closes the run with this event. A successor, if there is one, must be made before.
pub(super) fn close(tx: &mut Transaction<'_, '_>, status: Status, attributes: Attributes) {
    let event = tx.event(attributes);
    let id = tx.write(event);
    if planted(Bug::EventsAfterClose) {
        buffer::flush(tx);
    }
    let event = tx.events.iter().find(|event| event.event_id == id).cloned();
    let children = std::mem::take(&mut tx.run.state.children);
    let state = &mut tx.run.state;
    state.status = status.into();
    state.close_time = tx.context.now;
    state.close_event = event;
    state.workflow_task = None;
    if !planted(Bug::StickyKeptOnClose) {
        state.sticky = None;
    }
    state.buffered.clear();
    state.activities.clear();
    state.timers.clear();
    state.signals.clear();
    state.cancels.clear();
    state.admitted.clear();
    // What it is reset to may still have use for them.
    let kept = is_reset(state) && !state.reset_run.is_empty();
    for (initiated, child) in children.iter() {
        if !kept {
            dismiss(tx, *initiated, child);
        }
        if child.run_id.is_empty() {
            // It may be starting right now; what then happens to it is decided when its start is known.
            tx.run.state.children.insert(*initiated, child.clone());
        }
    }
    notify_parent(tx);
    if tx.run.state.watcher.is_some() && tx.run.state.successor.is_empty() && !is_reset(&tx.run.state) {
        tx.transfer(TransferKind::NotifySchedule(true));
    }
    retention::order(tx);
    query::release(tx);
}

/// Only the last run of a chain tells the parent.
fn notify_parent(tx: &mut Transaction<'_, '_>) {
    let state = &tx.run.state;
    let lost = planted(Bug::ChildCompletionLost) && !state.started.continued_execution_run_id.is_empty();
    if state.started.parent_workflow_execution.is_some() && state.successor.is_empty() && !is_reset(state) && !lost {
        tx.transfer(TransferKind::NotifyParent(true));
    }
}

/// Applies the parent close policy. A child that is not known to have started is not touched: it is not started any more.
fn dismiss(tx: &mut Transaction<'_, '_>, initiated_event_id: EventId, child: &Child) {
    let Some(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(initiated)) =
        child.initiated.as_ref().and_then(|event| event.attributes.as_ref())
    else {
        broken!("child {initiated_event_id} was never asked for")
    };
    let policy = match initiated.parent_close_policy() {
        ParentClosePolicy::Unspecified => ParentClosePolicy::Terminate,
        policy => policy,
    };
    if child.run_id.is_empty() || policy == ParentClosePolicy::Abandon {
        return;
    }
    tx.transfer(TransferKind::CloseChild(CloseChildTransfer {
        child: Some(WorkflowExecution { workflow_id: initiated.workflow_id.clone(), run_id: child.run_id.clone() }),
        policy: policy.into(),
        initiated_event_id,
        namespace_id: initiated.namespace_id.clone(),
    }));
}

/// Terminates the run, whatever a worker may be doing.
pub(super) fn terminate(tx: &mut Transaction<'_, '_>, reason: String, details: Option<Payloads>, identity: String) {
    fail::force(tx);
    let attributes = WorkflowExecutionTerminatedEventAttributes { reason, details, identity };
    close(tx, Status::Terminated, Attributes::WorkflowExecutionTerminatedEventAttributes(attributes));
}

/// Terminates an open run whose history has become too long.
pub(super) fn limit(tx: &mut Transaction<'_, '_>) {
    let limits = tx.context.limits;
    let state = &tx.run.state;
    let reason = if state.next_event_id > limits.history_events {
        "Workflow history count exceeds limit."
    } else if state.history_size > limits.history_bytes {
        "Workflow history size exceeds limit."
    } else {
        return;
    };
    if tx.require_open().is_ok() {
        terminate(tx, reason.to_owned(), None, IDENTITY.to_owned());
    }
}
