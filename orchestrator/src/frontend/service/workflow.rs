//! Calls that change a workflow from outside: start, signal, cancel, terminate.

use crate::frontend::handler::{Answer, Frontend, check, history, open, workflow_id};
use crate::frontend::{unsupported, validate};
use resurgam_api::internal;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::Request;

pub(super) async fn start(
    frontend: &Frontend,
    request: Request<api::StartWorkflowExecutionRequest>,
) -> Answer<api::StartWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[
        validate::id("WorkflowId", &request.workflow_id),
        validate::id("WorkflowType", request.workflow_type.as_ref().map_or("", |kind| &kind.name)),
        validate::task_queue(request.task_queue.as_ref()),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
        validate::blob("Memo", request.memo.as_ref()),
        unsupported::start(&request),
    ])?;
    frontend.request_id(&mut request.request_id);
    let (namespace, workflow) = (frontend.namespace(&request.namespace).await?, request.workflow_id.clone());
    let request = internal::StartWorkflowRequest {
        namespace_id: namespace.clone(),
        request: Some(request),
        parent: None,
        root: None,
    };
    history!(frontend, until, namespace, workflow, start_workflow, request)
}

pub(super) async fn signal_with_start(
    frontend: &Frontend,
    request: Request<api::SignalWithStartWorkflowExecutionRequest>,
) -> Answer<api::SignalWithStartWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[
        validate::id("WorkflowId", &request.workflow_id),
        validate::id("SignalName", &request.signal_name),
        validate::id("WorkflowType", request.workflow_type.as_ref().map_or("", |kind| &kind.name)),
        validate::task_queue(request.task_queue.as_ref()),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
        validate::blob("SignalInput", request.signal_input.as_ref()),
        unsupported::signal_with_start(&request),
    ])?;
    frontend.request_id(&mut request.request_id);
    let (namespace, workflow) = (frontend.namespace(&request.namespace).await?, request.workflow_id.clone());
    let request = internal::SignalWithStartRequest { namespace_id: namespace.clone(), request: Some(request) };
    history!(frontend, until, namespace, workflow, signal_with_start, request)
}

pub(super) async fn signal(
    frontend: &Frontend,
    request: Request<api::SignalWorkflowExecutionRequest>,
) -> Answer<api::SignalWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[
        validate::execution(request.workflow_execution.as_ref()),
        validate::id("SignalName", &request.signal_name),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
    ])?;
    frontend.request_id(&mut request.request_id);
    let namespace = frontend.namespace(&request.namespace).await?;
    let workflow = workflow_id(request.workflow_execution.as_ref());
    let request = internal::SignalRequest {
        namespace_id: namespace.clone(),
        request: Some(request),
        source: None,
        child_only: false,
    };
    history!(frontend, until, namespace, workflow, signal, request)
}

pub(super) async fn request_cancel(
    frontend: &Frontend,
    request: Request<api::RequestCancelWorkflowExecutionRequest>,
) -> Answer<api::RequestCancelWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[
        validate::execution(request.workflow_execution.as_ref()),
        validate::run_id(&request.first_execution_run_id),
        validate::optional_id("RequestId", &request.request_id),
    ])?;
    frontend.request_id(&mut request.request_id);
    let namespace = frontend.namespace(&request.namespace).await?;
    let workflow = workflow_id(request.workflow_execution.as_ref());
    let request = internal::RequestCancelRequest {
        namespace_id: namespace.clone(),
        request: Some(request),
        source: None,
        child_only: false,
    };
    history!(frontend, until, namespace, workflow, request_cancel, request)
}

pub(super) async fn terminate(
    frontend: &Frontend,
    request: Request<api::TerminateWorkflowExecutionRequest>,
) -> Answer<api::TerminateWorkflowExecutionResponse> {
    let (until, request) = open(request);
    check(&[
        validate::execution(request.workflow_execution.as_ref()),
        validate::run_id(&request.first_execution_run_id),
        validate::blob("Details", request.details.as_ref()),
    ])?;
    let namespace = frontend.namespace(&request.namespace).await?;
    let workflow = workflow_id(request.workflow_execution.as_ref());
    let request = internal::TerminateRequest {
        namespace_id: namespace.clone(),
        request: Some(request),
        child_only: false,
        source: None,
    };
    history!(frontend, until, namespace, workflow, terminate, request)
}

pub(super) async fn reset_sticky(
    frontend: &Frontend,
    request: Request<api::ResetStickyTaskQueueRequest>,
) -> Answer<api::ResetStickyTaskQueueResponse> {
    let (until, request) = open(request);
    check(&[validate::execution(request.execution.as_ref())])?;
    let (namespace, workflow) =
        (frontend.namespace(&request.namespace).await?, workflow_id(request.execution.as_ref()));
    let request = internal::ResetStickyRequest { namespace_id: namespace.clone(), request: Some(request) };
    history!(frontend, until, namespace, workflow, reset_sticky, request)
}
