//! Calls that the real server 1.31.2 has and refuses unless its configuration allows them: to pause workflows, and to ask workers
//! for their configuration. They are refused in its words, so that nobody takes them for calls that a server does not know.

use crate::cluster::sizes::ID_BYTES;
use crate::frontend::handler::{Answer, Frontend, open};
use crate::frontend::validate;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Status};

pub(super) async fn pause(
    frontend: &Frontend,
    request: Request<api::PauseWorkflowExecutionRequest>,
) -> Answer<api::PauseWorkflowExecutionResponse> {
    let namespace = request.into_inner().namespace;
    frontend.namespace(&namespace).await?;
    Err(Status::unimplemented(format!("workflow pause is not enabled for namespace: {namespace}")))
}

/// No workflow is paused, so none can be let go on.
pub(super) async fn unpause(
    frontend: &Frontend,
    request: Request<api::UnpauseWorkflowExecutionRequest>,
) -> Answer<api::UnpauseWorkflowExecutionResponse> {
    let (until, request) = open(request);
    let namespace = frontend.namespace(&request.namespace).await?;
    for (what, text) in
        [("reason", &request.reason), ("request id", &request.request_id), ("identity", &request.identity)]
    {
        if text.len() > ID_BYTES {
            return Err(Status::invalid_argument(format!("{what} is too long.")));
        }
    }
    let named = WorkflowExecution { workflow_id: request.workflow_id, run_id: request.run_id };
    validate::existing(Some(&named)).map_err(|status| *status)?;
    let target = internal::Target {
        namespace_id: namespace,
        workflow_id: named.workflow_id.clone(),
        run_id: named.run_id.clone(),
    };
    let asked = api::DescribeWorkflowExecutionRequest { namespace: request.namespace, execution: Some(named) };
    let call = internal::DescribeRequest { target: Some(target), request: Some(asked) };
    let found = frontend.history(until, call).await?.into_inner();
    let open = found.workflow_execution_info.is_some_and(|info| info.status() == WorkflowExecutionStatus::Running);
    Err(if open {
        Status::failed_precondition("workflow is not paused.")
    } else {
        Status::not_found("workflow execution already completed")
    })
}

pub(super) async fn fetch_worker_config(
    frontend: &Frontend,
    request: Request<api::FetchWorkerConfigRequest>,
) -> Answer<api::FetchWorkerConfigResponse> {
    frontend.namespace(&request.into_inner().namespace).await?;
    Err(Status::unimplemented("FetchWorkerConfig command is not enabled."))
}

pub(super) async fn update_worker_config(
    frontend: &Frontend,
    request: Request<api::UpdateWorkerConfigRequest>,
) -> Answer<api::UpdateWorkerConfigResponse> {
    frontend.namespace(&request.into_inner().namespace).await?;
    Err(Status::unimplemented("UpdateWorkerConfig command is not enabled."))
}
