//! The end of a child: what its parent is told of it, beside the event with which the child closed.

use resurgam_formats::event::{Body, EventId, Execution, Named, Payloads};

/// Id of the Initiated event, of the Started event, execution and type, of a child's end.
pub(super) fn end_of(body: &Body) -> Option<(EventId, EventId, &Execution, &Named)> {
    match body {
        Body::ChildWorkflowExecutionCompleted(e) => Some((e.initiated, e.started, &e.child, &e.workflow_type)),
        Body::ChildWorkflowExecutionFailed(e) => Some((e.initiated, e.started, &e.child, &e.workflow_type)),
        Body::ChildWorkflowExecutionCanceled(e) => Some((e.initiated, e.started, &e.child, &e.workflow_type)),
        Body::ChildWorkflowExecutionTimedOut(e) => Some((e.initiated, e.started, &e.child, &e.workflow_type)),
        Body::ChildWorkflowExecutionTerminated(e) => Some((e.initiated, e.started, &e.child, &e.workflow_type)),
        _ => None,
    }
}

/// The child's close event that an event in the parent stands for.
pub(super) fn close_name(body: &Body) -> String {
    body.name().replacen("ChildWorkflow", "Workflow", 1)
}

pub(super) fn results<'a>(parent: &'a Body, child: &'a Body) -> Option<(&'a Payloads, &'a Payloads)> {
    match (parent, child) {
        (Body::ChildWorkflowExecutionCompleted(told), Body::WorkflowExecutionCompleted(is)) => {
            Some((&told.result, &is.result))
        }
        _ => None,
    }
}

/// What an event in the parent says of the end of a child otherwise than the child's close event: its failure, or whether it was
/// tried again.
pub(super) fn told_otherwise(parent: &Body, child: &Body) -> Option<&'static str> {
    let (failures, states) = match (parent, child) {
        (Body::ChildWorkflowExecutionFailed(told), Body::WorkflowExecutionFailed(is)) => {
            (told.failure == is.failure, told.retry_state == is.retry_state)
        }
        (Body::ChildWorkflowExecutionTimedOut(told), Body::WorkflowExecutionTimedOut(is)) => {
            (true, told.retry_state == is.retry_state)
        }
        _ => return None,
    };
    if !failures {
        return Some("failure");
    }
    (!states).then_some("retry state")
}
