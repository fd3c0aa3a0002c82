//! Answers to activities that are named by their id instead of a token.

use super::activity;
use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::validate;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Response};

pub(super) async fn complete(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskCompletedByIdRequest>,
) -> Answer<api::RespondActivityTaskCompletedByIdResponse> {
    let (until, given) = open(request);
    check(&[validate::identity(&given.identity)])?;
    let task = frontend.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
    let request = api::RespondActivityTaskCompletedRequest {
        result: given.result,
        identity: given.identity,
        namespace: given.namespace,
        ..Default::default()
    };
    let answer = activity::completed(frontend, until, task, request).await;
    answer.map(|_| Response::new(api::RespondActivityTaskCompletedByIdResponse {}))
}

pub(super) async fn fail(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskFailedByIdRequest>,
) -> Answer<api::RespondActivityTaskFailedByIdResponse> {
    let (until, given) = open(request);
    check(&[validate::identity(&given.identity)])?;
    let task = frontend.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
    let request = api::RespondActivityTaskFailedRequest {
        failure: given.failure,
        identity: given.identity,
        namespace: given.namespace,
        last_heartbeat_details: given.last_heartbeat_details,
        ..Default::default()
    };
    let answer = activity::failed(frontend, until, task, request).await?.into_inner();
    Ok(Response::new(api::RespondActivityTaskFailedByIdResponse { failures: answer.failures }))
}

pub(super) async fn cancel(
    frontend: &Frontend,
    request: Request<api::RespondActivityTaskCanceledByIdRequest>,
) -> Answer<api::RespondActivityTaskCanceledByIdResponse> {
    let (until, given) = open(request);
    check(&[validate::identity(&given.identity)])?;
    let task = frontend.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
    let request = api::RespondActivityTaskCanceledRequest {
        details: given.details,
        identity: given.identity,
        namespace: given.namespace,
        ..Default::default()
    };
    let answer = activity::cancelled(frontend, until, task, request).await;
    answer.map(|_| Response::new(api::RespondActivityTaskCanceledByIdResponse {}))
}

pub(super) async fn heartbeat(
    frontend: &Frontend,
    request: Request<api::RecordActivityTaskHeartbeatByIdRequest>,
) -> Answer<api::RecordActivityTaskHeartbeatByIdResponse> {
    let (until, given) = open(request);
    let task = frontend.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
    let request = api::RecordActivityTaskHeartbeatRequest {
        details: given.details,
        identity: given.identity,
        namespace: given.namespace,
        ..Default::default()
    };
    let answer = activity::beaten(frontend, until, task, request).await;
    answer.map(|answer| {
        let answer = answer.into_inner();
        Response::new(api::RecordActivityTaskHeartbeatByIdResponse {
            cancel_requested: answer.cancel_requested,
            activity_paused: answer.activity_paused,
            activity_reset: answer.activity_reset,
        })
    })
}
