//! Calls about batch operations.

use super::claim::{Claim, settle};
use super::close;
use super::input::{Acted, Applied, Input, Reply, RunInput, Which};
use super::system::System;
use super::transaction::{Transaction, timestamp};
use super::waiter::Waiter;
use super::{Context, Workflow, required};
use crate::cluster::Rejection;
use resurgam_api::internal::{DescribeBatchRequest, StartBatchRequest, StopBatchRequest, Target};
use resurgam_api::temporal::common::v1::{Memo, SearchAttributes, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{
    IndexedValueType, WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy as Conflict,
    WorkflowIdReusePolicy as Reuse,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_batch::{Batch, DIVISION, TYPE, identity, reason, shown};
use resurgam_state::State;
use resurgam_visibility::value;

/// Where its tasks would go, if it had any.
const QUEUE: &str = "temporal-sys-per-ns-tq";

impl Input for StartBatchRequest {
    type Answer = api::StartBatchOperationResponse;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let (target, request) = (required::field(self.target, "Target")?, required::request(self.request)?);
        let (effects, _) = settle(workflow, claim(target, request, self.request_id), context)?;
        Ok((effects, Reply::now(api::StartBatchOperationResponse {})))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        Some(&mut self.request_id)
    }
}

/// What a new batch operation claims: the workflow id that is its name.
fn claim(target: Target, request: api::StartBatchOperationRequest, request_id: String) -> Claim {
    let Target { namespace_id, workflow_id, .. } = target;
    let who = identity(&request).to_owned();
    let keyword = |text: &str| value::keyword(text, IndexedValueType::Keyword);
    let attributes = [("BatcherUser", who.as_str()), ("TemporalNamespaceDivision", DIVISION)];
    let indexed_fields = attributes.map(|(name, text)| (name.to_owned(), keyword(text))).into();
    let start = api::StartWorkflowExecutionRequest {
        namespace: request.namespace.clone(),
        workflow_id,
        workflow_type: Some(WorkflowType { name: TYPE.to_owned() }),
        task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
        request_id,
        memo: Some(Memo { fields: reason(&request).into() }),
        search_attributes: Some(SearchAttributes { indexed_fields }),
        identity: who,
        ..api::StartWorkflowExecutionRequest::default()
    };
    Claim {
        namespace_id,
        request: start,
        reuse: Reuse::RejectDuplicate,
        conflict: Conflict::Fail,
        signal: None,
        parent: None,
        root: None,
        watcher: None,
        system: Some(Box::new(System::Batch(request))),
    }
}

/// A batch operation, open or closed.
///
/// # Errors
/// `NotFound`: it is none, and may be a workflow of somebody else's.
fn batch(state: &State) -> Result<(&Batch, &api::StartBatchOperationRequest), Rejection> {
    let found = state.batch.as_ref().zip(state.batch_requests.get(&State::REQUEST));
    found.ok_or_else(|| Rejection::NotFound("the workflow is no batch operation".to_owned()))
}

impl RunInput for DescribeBatchRequest {
    type Answer = api::DescribeBatchOperationResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let state = &tx.run.state;
        let (stored, request) = batch(state)?;
        let execution = WorkflowExecution { workflow_id: state.workflow_id.clone(), run_id: state.run_id.clone() };
        let status = state.known_status().unwrap_or(Status::Unspecified);
        Ok(Reply::now(api::DescribeBatchOperationResponse {
            start_time: Some(timestamp(state.start_time)),
            close_time: (state.close_time != 0).then(|| timestamp(state.close_time)),
            ..shown(stored, request, &execution, status)
        }))
    }

    fn reads_only(&self) -> bool {
        true
    }
}

impl RunInput for StopBatchRequest {
    type Answer = api::StopBatchOperationResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let request = required::request(self.request)?;
        batch(&tx.run.state)?;
        tx.require_open()?;
        close::terminate(tx, request.reason, None, request.identity);
        Ok(Reply::now(api::StopBatchOperationResponse {}))
    }
}
