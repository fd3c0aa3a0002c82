//! Several operations at once: a start and an update of the same workflow, and nothing else for now.

use super::{query_update, workflow};
use crate::cluster::status;
use crate::frontend::handler::{Answer, Frontend, open};
use crate::frontend::waiting::Wait;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::execute_multi_operation_request::operation::Operation;
use tonic::{Request, Status};

pub(super) async fn execute(
    frontend: &Frontend,
    request: Request<api::ExecuteMultiOperationRequest>,
) -> Answer<api::ExecuteMultiOperationResponse> {
    let (until, request) = open(request);
    let namespace = request.namespace;
    frontend.namespace(&namespace).await?;
    let operations: Vec<_> = request.operations.into_iter().map(|operation| operation.operation).collect();
    let [Some(Operation::StartWorkflow(start)), Some(Operation::UpdateWorkflow(update))] = operations.as_slice() else {
        return Err(Status::invalid_argument("Operations have to be exactly [Start, Update]."));
    };
    let (mut start, mut update) = (start.clone(), update.clone());
    let prepared = [start_with(&start, &namespace).err(), update_with(frontend, &mut update, &namespace).err()];
    if prepared.iter().any(Option::is_some) {
        return Err(status::multi_operation(prepared));
    }
    let updated = update.workflow_execution.as_ref().map_or("", |execution| &execution.workflow_id);
    if updated != start.workflow_id {
        let other = Status::invalid_argument("WorkflowId is not consistent with previous operation(s).");
        return Err(status::multi_operation([None, Some(other)]));
    }
    if let Err(refused) = frontend.started_with(&namespace, start.search_attributes.as_mut()).await {
        return Err(status::multi_operation([Some(refused), None]));
    }
    frontend.request_id(&mut start.request_id);
    let named = WorkflowExecution { workflow_id: start.workflow_id.clone(), run_id: String::new() };
    let target = frontend.target(&namespace, Some(&named)).await?;
    let _place = frontend.waiting.enter(&target.namespace_id, Wait::Update)?;
    let call = internal::UpdateWithStartRequest { target: Some(target), start: Some(start), update: Some(update) };
    frontend.history(until, call).await
}

/// What has to hold of a start that an update comes with.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn start_with(start: &api::StartWorkflowExecutionRequest, namespace: &str) -> Result<(), Status> {
    same_namespace(&start.namespace, namespace)?;
    workflow::checked(start)?;
    let delay = start.workflow_start_delay.unwrap_or_default();
    let wrong = if !start.cron_schedule.is_empty() {
        "CronSchedule is not allowed."
    } else if start.request_eager_execution {
        "RequestEagerExecution is not supported."
    } else if (delay.seconds, delay.nanos) > (0, 0) {
        "WorkflowStartDelay is not supported."
    } else {
        return Ok(());
    };
    Err(Status::invalid_argument(wrong))
}

/// What has to hold of an update that comes with a start.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn update_with(
    frontend: &Frontend,
    update: &mut api::UpdateWorkflowExecutionRequest,
    namespace: &str,
) -> Result<(), Status> {
    same_namespace(&update.namespace, namespace)?;
    query_update::prepared(frontend, update)?;
    if !update.first_execution_run_id.is_empty() {
        Err(Status::invalid_argument("FirstExecutionRunId is not allowed."))
    } else if update.workflow_execution.as_ref().is_some_and(|execution| !execution.run_id.is_empty()) {
        Err(Status::invalid_argument("RunId is not allowed."))
    } else {
        Ok(())
    }
}

#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn same_namespace(given: &str, namespace: &str) -> Result<(), Status> {
    if given.is_empty() || given == namespace {
        Ok(())
    } else {
        Err(Status::invalid_argument("Operation namespace did not match request's namespace."))
    }
}
