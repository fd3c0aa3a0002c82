//! Calls that wait for what a workflow says: queries, updates, descriptions, histories.

use crate::cluster::status;
use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::under_way::Side;
use crate::frontend::waiting::Wait;
use crate::frontend::{page_token, unsupported, validate};
use resurgam_api::internal;
use resurgam_api::temporal::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use resurgam_api::temporal::update::v1::WaitPolicy;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Status};

pub(super) async fn query(
    frontend: &Frontend,
    request: Request<api::QueryWorkflowRequest>,
) -> Answer<api::QueryWorkflowResponse> {
    let (until, request) = open(request);
    check(&[
        validate::existing(request.execution.as_ref()),
        validate::given("QueryType", request.query.as_ref().map_or("", |query| &query.query_type)),
        validate::blob("QueryArgs", request.query.as_ref().and_then(|query| query.query_args.as_ref())),
    ])?;
    let target = frontend.target(&request.namespace, request.execution.as_ref()).await?;
    let _place = frontend.waiting.enter(&target.namespace_id, Wait::Query)?;
    frontend.history(until, internal::QueryRequest { target: Some(target), request: Some(request) }).await
}

pub(super) async fn update(
    frontend: &Frontend,
    request: Request<api::UpdateWorkflowExecutionRequest>,
) -> Answer<api::UpdateWorkflowExecutionResponse> {
    let (until, mut request) = open(request);
    prepared(frontend, &mut request)?;
    let target = frontend.target(&request.namespace, request.workflow_execution.as_ref()).await?;
    let _place = frontend.waiting.enter(&target.namespace_id, Wait::Update)?;
    frontend.history(until, internal::UpdateRequest { target: Some(target), request: Some(request) }).await
}

/// What has to hold of an update, whatever the state of its workflow. One without an id gets one.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn prepared(frontend: &Frontend, request: &mut api::UpdateWorkflowExecutionRequest) -> Result<(), Status> {
    let Some(update) = request.request.as_mut().filter(|update| update.meta.is_some()) else {
        return Err(Status::invalid_argument("Update meta is not set on request."));
    };
    let input = update.input.as_ref();
    check(&[
        validate::existing(request.workflow_execution.as_ref()),
        validate::id("Update name", input.map_or("", |input| &input.name)),
        validate::blob("Update input", input),
        unsupported::update(update),
    ])?;
    require_stage(request.wait_policy.as_ref())?;
    let meta = update.meta.get_or_insert_default();
    frontend.request_id(&mut meta.update_id);
    check(&[validate::id("UpdateId", &meta.update_id)])?;
    Ok(())
}

/// Refuses to wait for ADMITTED alone: an admitted update is in memory only, and a restart forgets it.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn require_stage(policy: Option<&WaitPolicy>) -> Result<(), Status> {
    if policy.is_some_and(|policy| policy.lifecycle_stage() == Stage::Admitted) {
        let message = "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported.";
        return Err(status::permission_denied(message));
    }
    Ok(())
}

pub(super) async fn poll_update(
    frontend: &Frontend,
    request: Request<api::PollWorkflowExecutionUpdateRequest>,
) -> Answer<api::PollWorkflowExecutionUpdateResponse> {
    let (until, request) = open(request);
    let Some(update) = request.update_ref.clone() else {
        return Err(Status::invalid_argument("UpdateRef is not set on request."));
    };
    check(&[validate::existing(update.workflow_execution.as_ref())])?;
    let target = frontend.target(&request.namespace, update.workflow_execution.as_ref()).await?;
    let _place = frontend.waiting.enter(&target.namespace_id, Wait::UpdateOutcome)?;
    frontend.history(until, internal::PollUpdateRequest { target: Some(target), request: Some(request) }).await
}

pub(super) async fn describe(
    frontend: &Frontend,
    request: Request<api::DescribeWorkflowExecutionRequest>,
) -> Answer<api::DescribeWorkflowExecutionResponse> {
    let (until, request) = open(request);
    check(&[validate::existing(request.execution.as_ref())])?;
    let target = Some(frontend.target(&request.namespace, request.execution.as_ref()).await?);
    frontend.history(until, internal::DescribeRequest { target, request: Some(request) }).await
}

pub(super) async fn history(
    frontend: &Frontend,
    request: Request<api::GetWorkflowExecutionHistoryRequest>,
) -> Answer<api::GetWorkflowExecutionHistoryResponse> {
    // People are shown what is written, programs what a worker would be shown, as by Temporal.
    let client = request.metadata().get("client-name").and_then(|name| name.to_str().ok());
    let with_unwritten = !matches!(client, Some("temporal-cli" | "temporal-ui"));
    let (until, mut request) = open(request);
    check(&[validate::existing(request.execution.as_ref())])?;
    let target = frontend.target(&request.namespace, request.execution.as_ref()).await?;
    // Who reads what is there is under way, who wants to be told of more waits.
    let (_place, _call) = match request.wait_new_event {
        true => (Some(frontend.waiting.enter(&target.namespace_id, Wait::Events)?), None),
        false => (None, Some(frontend.under_way.enter(Side::Client, &request.namespace)?)),
    };
    let token = &mut request.next_page_token;
    if !token.is_empty() {
        *token = page_token::open(&frontend.seal, &target, token)?;
    }
    let call = internal::GetHistoryRequest { target: Some(target.clone()), request: Some(request), with_unwritten };
    let mut answer = frontend.history(until, call).await?;
    let token = &mut answer.get_mut().next_page_token;
    *token = page_token::close(&frontend.seal, &target.namespace_id, &target.workflow_id, std::mem::take(token));
    Ok(answer)
}

pub(super) async fn history_reverse(
    frontend: &Frontend,
    request: Request<api::GetWorkflowExecutionHistoryReverseRequest>,
) -> Answer<api::GetWorkflowExecutionHistoryReverseResponse> {
    let (until, mut request) = open(request);
    check(&[validate::existing(request.execution.as_ref())])?;
    let target = frontend.target(&request.namespace, request.execution.as_ref()).await?;
    let token = &mut request.next_page_token;
    if !token.is_empty() {
        *token = page_token::open(&frontend.seal, &target, token)?;
    }
    let call = internal::GetHistoryReverseRequest { target: Some(target.clone()), request: Some(request) };
    let mut answer = frontend.history(until, call).await?;
    let token = &mut answer.get_mut().next_page_token;
    *token = page_token::close(&frontend.seal, &target.namespace_id, &target.workflow_id, std::mem::take(token));
    Ok(answer)
}
