//! The ends of children, told by their own shards: each is an event in the parent.

use super::child::{asked, begin};
use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{required, reset};
use crate::cluster::Rejection;
use resurgam_api::internal::{RecordChildClosedRequest, RecordChildClosedResponse};
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::*;
use resurgam_state::EventId;

impl RunInput for RecordChildClosedRequest {
    type Answer = RecordChildClosedResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        reset::moved(tx).map_or_else(|| closed(tx, self), Ok).map(Reply::now)
    }
}

/// The last run of a child closed. If nobody told so far that it started, that is told first.
///
/// # Errors
/// `NotFound` if nobody waits for this child any more: there is no point in telling again.
pub(super) fn closed(
    tx: &mut Transaction<'_, '_>,
    request: RecordChildClosedRequest,
) -> Result<RecordChildClosedResponse, Rejection> {
    tx.require_open()?;
    let gone = || Rejection::NotFound("no such pending child".to_owned());
    let id = request.initiated_event_id;
    let execution = required::field(request.child, "Child")?;
    let child = tx.run.state.children.get(&id).ok_or_else(gone)?;
    let asked = asked(child);
    let close = request.close.and_then(|event| event.attributes);
    if asked.workflow_id != execution.workflow_id {
        return Err(gone());
    }
    if child.run_id.is_empty() {
        begin(tx, id, execution.clone());
    }
    let started = tx.run.state.children.get(&id).map_or(0, |child| child.started_event_id);
    let told =
        Told { namespace: asked.namespace, namespace_id: asked.namespace_id, workflow_type: asked.workflow_type };
    let end = close.and_then(|close| told.end(close, execution, id, started));
    let end = end.ok_or_else(|| Rejection::InvalidArgument("that is not the end of a chain of runs".to_owned()))?;
    tx.run.state.children.remove(&id);
    tx.add(end);
    tx.wake();
    Ok(RecordChildClosedResponse::default())
}

/// What the ends of children have in common.
struct Told {
    namespace: String,
    namespace_id: String,
    workflow_type: Option<WorkflowType>,
}

impl Told {
    /// The event in the parent that stands for a close event of the child.
    fn end(
        self,
        close: Attributes,
        execution: WorkflowExecution,
        initiated_event_id: EventId,
        started_event_id: EventId,
    ) -> Option<Attributes> {
        use Attributes as A;
        let Self { namespace, namespace_id, workflow_type } = self;
        let workflow_execution = Some(execution);
        Some(match close {
            A::WorkflowExecutionCompletedEventAttributes(close) => {
                A::ChildWorkflowExecutionCompletedEventAttributes(ChildWorkflowExecutionCompletedEventAttributes {
                    result: close.result,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            A::WorkflowExecutionFailedEventAttributes(close) => {
                A::ChildWorkflowExecutionFailedEventAttributes(ChildWorkflowExecutionFailedEventAttributes {
                    failure: close.failure,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: close.retry_state,
                })
            }
            A::WorkflowExecutionCanceledEventAttributes(close) => {
                A::ChildWorkflowExecutionCanceledEventAttributes(ChildWorkflowExecutionCanceledEventAttributes {
                    details: close.details,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            A::WorkflowExecutionTimedOutEventAttributes(close) => {
                A::ChildWorkflowExecutionTimedOutEventAttributes(ChildWorkflowExecutionTimedOutEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: close.retry_state,
                })
            }
            A::WorkflowExecutionTerminatedEventAttributes(_) => {
                A::ChildWorkflowExecutionTerminatedEventAttributes(ChildWorkflowExecutionTerminatedEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                })
            }
            _ => return None,
        })
    }
}
