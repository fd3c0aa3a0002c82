//! How workers answer to activities, of which they hold a token: done, failed, cancelled, still at it. Those who name an activity
//! by its id say the same, in `by_id`.

use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::oversized::{self, is_oversized};
use crate::frontend::validate;
use resurgam_api::internal::{self, TaskToken};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::workflowservice::v1 as api;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

pub(super) async fn complete(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskCompletedRequest>,
) -> Answer<api::RespondActivityTaskCompletedResponse> {
    let (until, request) = open(request);
    check(&[validate::identity(&request.identity)])?;
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    completed(frontend, until, task, request).await
}

/// Passes a result on; one that is too large fails the activity.
pub(super) async fn completed(
    frontend: &Frontend,
    until: Instant,
    task: TaskToken,
    request: api::RespondActivityTaskCompletedRequest,
) -> Answer<api::RespondActivityTaskCompletedResponse> {
    if is_oversized(request.result.as_ref()) {
        give_up(frontend, until, task, oversized::RESULT, request.identity).await?;
        return Ok(Response::new(api::RespondActivityTaskCompletedResponse::default()));
    }
    frontend.history(until, internal::CompleteActivityRequest { task: Some(task), request: Some(request) }).await
}

pub(super) async fn fail(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskFailedRequest>,
) -> Answer<api::RespondActivityTaskFailedResponse> {
    let (until, request) = open(request);
    check(&[validate::identity(&request.identity)])?;
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    if request.failure.as_ref().is_some_and(|failure| !is_of_application(failure)) {
        return Err(Status::invalid_argument("Failure must have ApplicationFailureInfo."));
    }
    failed(frontend, until, task, request).await
}

/// Passes a failure on; what is too large of it is left out, and the worker is told.
pub(super) async fn failed(
    frontend: &Frontend,
    until: Instant,
    task: TaskToken,
    mut request: api::RespondActivityTaskFailedRequest,
) -> Answer<api::RespondActivityTaskFailedResponse> {
    let mut failures = Vec::new();
    if is_oversized(request.last_heartbeat_details.as_ref()) {
        request.last_heartbeat_details = None;
        failures.push(oversized::failure(oversized::HEARTBEAT));
    }
    failures.extend(oversized::cut(&mut request.failure));
    frontend.history(until, internal::FailActivityRequest { task: Some(task), request: Some(request) }).await?;
    Ok(Response::new(api::RespondActivityTaskFailedResponse { failures }))
}

pub(super) async fn cancel(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskCanceledRequest>,
) -> Answer<api::RespondActivityTaskCanceledResponse> {
    let (until, request) = open(request);
    check(&[validate::identity(&request.identity)])?;
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    cancelled(frontend, until, task, request).await
}

/// Passes on that an activity was cancelled; details that are too large fail it instead.
pub(super) async fn cancelled(
    frontend: &Frontend,
    until: Instant,
    task: TaskToken,
    request: api::RespondActivityTaskCanceledRequest,
) -> Answer<api::RespondActivityTaskCanceledResponse> {
    if is_oversized(request.details.as_ref()) {
        give_up(frontend, until, task, oversized::CANCEL, request.identity).await?;
        return Ok(Response::new(api::RespondActivityTaskCanceledResponse::default()));
    }
    frontend.history(until, internal::CancelActivityRequest { task: Some(task), request: Some(request) }).await
}

pub(super) async fn heartbeat(
    frontend: &Frontend,
    request: Request<api::RecordActivityTaskHeartbeatRequest>,
) -> Answer<api::RecordActivityTaskHeartbeatResponse> {
    let (until, request) = open(request);
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    beaten(frontend, until, task, request).await
}

/// Passes a heartbeat on; details that are too large fail the activity, and its worker hears that it is to stop.
pub(super) async fn beaten(
    frontend: &Frontend,
    until: Instant,
    task: TaskToken,
    request: api::RecordActivityTaskHeartbeatRequest,
) -> Answer<api::RecordActivityTaskHeartbeatResponse> {
    if is_oversized(request.details.as_ref()) {
        give_up(frontend, until, task, oversized::HEARTBEAT, request.identity).await?;
        return Ok(Response::new(api::RecordActivityTaskHeartbeatResponse {
            cancel_requested: true,
            ..Default::default()
        }));
    }
    frontend.history(until, internal::HeartbeatRequest { task: Some(task), request: Some(request) }).await
}

fn is_of_application(failure: &Failure) -> bool {
    use resurgam_api::temporal::failure::v1::failure::FailureInfo;
    matches!(failure.failure_info, Some(FailureInfo::ApplicationFailureInfo(_)))
}

/// Fails an activity in the name of its worker, for good.
async fn give_up(
    frontend: &Frontend,
    until: Instant,
    task: TaskToken,
    why: &str,
    identity: String,
) -> Answer<api::RespondActivityTaskFailedResponse> {
    let failure = Some(oversized::failure(why));
    let request = api::RespondActivityTaskFailedRequest { failure, identity, ..Default::default() };
    frontend.history(until, internal::FailActivityRequest { task: Some(task), request: Some(request) }).await
}
