//! What a batch operation asks: of the list, which workflows there are, and of each of them what it is about. The same transfer
//! always makes the same request.

use super::request::TransferCall;
use resurgam_api::internal::Target;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::workflowservice::v1::StartBatchOperationRequest;
use resurgam_batch::{Batch, Selection, call as asked, query};
use resurgam_state::State;

/// A batch operation that is not over, and what was asked for.
fn open(state: &State) -> Option<(&Batch, &StartBatchOperationRequest)> {
    let stored = state.batch.as_ref().filter(|_| state.status == WorkflowExecutionStatus::Running as i32)?;
    Some((stored, state.batch_requests.get(&State::REQUEST)?))
}

/// The workflows behind those that were selected; `None`: nobody waits for more.
pub(super) fn select(state: &State) -> Option<Selection> {
    let (stored, request) = open(state)?;
    stored.awaits()?;
    Some(Selection {
        namespace_id: state.namespace_id.clone(),
        query: query(request)?,
        after: stored.cursor.clone(),
        started: stored.started,
    })
}

/// What is asked of the workflow with this number; `None`: that is answered.
pub(super) fn call(state: &State, namespace: &str, number: i64) -> Option<TransferCall> {
    let (stored, request) = open(state)?;
    let item = state.batch_items.get(&number).filter(|_| stored.under_way.contains(&number))?;
    let batch = Target {
        namespace_id: state.namespace_id.clone(),
        workflow_id: state.workflow_id.clone(),
        run_id: state.run_id.clone(),
    };
    Some(TransferCall::Operate(asked(request, number, item, &batch, namespace).map(Box::new), number))
}
