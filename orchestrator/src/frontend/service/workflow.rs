//! Calls that change a workflow from outside: start, signal, cancel, terminate.

use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::link::links;
use crate::frontend::{unsupported, validate};
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::ResetReapplyType;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Status};

pub(super) async fn start(
    frontend: &Frontend,
    request: Request<api::StartWorkflowExecutionRequest>,
) -> Answer<api::StartWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    checked(&request)?;
    frontend.takes_workflows(&request.namespace).await?;
    frontend.started_with(&request.namespace, request.search_attributes.as_mut()).await?;
    frontend.request_id(&mut request.request_id);
    let named = WorkflowExecution { workflow_id: request.workflow_id.clone(), run_id: String::new() };
    let target = frontend.target(&request.namespace, Some(&named)).await?;
    let namespace_id = target.namespace_id.clone();
    let call = internal::StartWorkflowRequest { target: Some(target), request: Some(request), ..Default::default() };
    let mut answer = frontend.history(until, call).await?;
    let eager = &mut answer.get_mut().eager_workflow_task;
    *eager = eager.take().map(|task| frontend.sealed(&namespace_id, task));
    Ok(answer)
}

/// What has to hold of a start, whatever is there already.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn checked(request: &api::StartWorkflowExecutionRequest) -> Result<(), Status> {
    check(&[
        validate::id("WorkflowId", &request.workflow_id),
        validate::id("WorkflowType", request.workflow_type.as_ref().map_or("", |kind| &kind.name)),
        validate::queue_of_work(request.task_queue.as_ref()),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
        validate::blob("Memo", request.memo.as_ref()),
        links(&request.links),
        validate::priority(request.priority.as_ref()),
        unsupported::start(request),
    ])
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
        validate::queue_of_work(request.task_queue.as_ref()),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
        validate::blob("SignalInput", request.signal_input.as_ref()),
        validate::blob("Memo", request.memo.as_ref()),
        links(&request.links),
        validate::priority(request.priority.as_ref()),
        unsupported::signal_with_start(&request),
    ])?;
    frontend.takes_workflows(&request.namespace).await?;
    frontend.started_with(&request.namespace, request.search_attributes.as_mut()).await?;
    frontend.request_id(&mut request.request_id);
    let named = WorkflowExecution { workflow_id: request.workflow_id.clone(), run_id: String::new() };
    let target = Some(frontend.target(&request.namespace, Some(&named)).await?);
    frontend.history(until, internal::SignalWithStartRequest { target, request: Some(request) }).await
}

pub(super) async fn signal(
    frontend: &Frontend,
    request: Request<api::SignalWorkflowExecutionRequest>,
) -> Answer<api::SignalWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[
        validate::existing(request.workflow_execution.as_ref()),
        validate::id("SignalName", &request.signal_name),
        validate::optional_id("RequestId", &request.request_id),
        validate::blob("Input", request.input.as_ref()),
        links(&request.links),
    ])?;
    frontend.request_id(&mut request.request_id);
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    let call = internal::SignalRequest { target, request: Some(request), source: None, child_only: false };
    frontend.history(until, call).await
}

pub(super) async fn request_cancel(
    frontend: &Frontend,
    request: Request<api::RequestCancelWorkflowExecutionRequest>,
) -> Answer<api::RequestCancelWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[validate::existing(request.workflow_execution.as_ref()), links(&request.links)])?;
    frontend.request_id(&mut request.request_id);
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    let call = internal::RequestCancelRequest { target, request: Some(request), source: None, child_only: false };
    frontend.history(until, call).await
}

pub(super) async fn terminate(
    frontend: &Frontend,
    request: Request<api::TerminateWorkflowExecutionRequest>,
) -> Answer<api::TerminateWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    check(&[validate::existing(request.workflow_execution.as_ref()), links(&request.links)])?;
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    // So that what people have done is told from what servers do.
    for (said, unsaid) in
        [(&mut request.reason, "terminated by user via frontend"), (&mut request.identity, "frontend-service")]
    {
        if said.is_empty() {
            unsaid.clone_into(said);
        }
    }
    let call = internal::TerminateRequest { target, request: Some(request), child_only: false, source: None };
    frontend.history(until, call).await
}

pub(super) async fn update_options(
    frontend: &Frontend,
    request: Request<api::UpdateWorkflowExecutionOptionsRequest>,
) -> Answer<api::UpdateWorkflowExecutionOptionsResponse> {
    let (until, request) = open(request);
    let invalid = |message: &str| Err(Status::invalid_argument(message));
    let workflow_id = request.workflow_execution.as_ref().map_or("", |execution| &execution.workflow_id);
    check(&[validate::given("WorkflowId", workflow_id)])?;
    let Some(mask) = &request.update_mask else { return invalid("UpdateMask is required") };
    let Some(options) = &request.workflow_execution_options else {
        return invalid("WorkflowExecutionOptions is required");
    };
    check(&[
        validate::options_mask(mask),
        validate::priority(options.priority.as_ref()),
        unsupported::workflow_options(options),
        validate::existing(request.workflow_execution.as_ref()),
    ])?;
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    frontend.history(until, internal::UpdateWorkflowOptionsRequest { target, request: Some(request) }).await
}

pub(super) async fn reset_sticky(
    frontend: &Frontend,
    request: Request<api::ResetStickyTaskQueueRequest>,
) -> Answer<api::ResetStickyTaskQueueResponse> {
    let (until, request) = open(request);
    check(&[validate::existing(request.execution.as_ref())])?;
    let target = Some(frontend.target(&request.namespace, request.execution.as_ref()).await?);
    frontend.history(until, internal::ResetStickyRequest { target, request: Some(request) }).await
}

pub(super) async fn delete(
    frontend: &Frontend,
    request: Request<api::DeleteWorkflowExecutionRequest>,
) -> Answer<api::DeleteWorkflowExecutionResponse> {
    let (until, request) = open(request);
    check(&[validate::existing(request.workflow_execution.as_ref())])?;
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    frontend.history(until, internal::DeleteRequest { target, request: Some(request), once: false }).await
}

pub(super) async fn reset(
    frontend: &Frontend,
    request: Request<api::ResetWorkflowExecutionRequest>,
) -> Answer<api::ResetWorkflowExecutionResponse> {
    let (until, request) = open(request);
    check(&[
        validate::id("RequestId", &request.request_id),
        validate::existing(request.workflow_execution.as_ref()),
        unsupported::reset(&request),
    ])?;
    let target = Some(frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?);
    #[allow(deprecated, reason = "clients may still say what is to happen again")]
    let kind = request.reset_reapply_type;
    if ResetReapplyType::try_from(kind).is_err() {
        return Err(Status::internal(format!("unknown reset reapply type: {kind}")));
    }
    frontend.history(until, internal::ResetRequest { target, request: Some(request) }).await
}
