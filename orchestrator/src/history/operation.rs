//! What a batch operation does to one workflow, as calls of the owner of its shard.

use super::reset_point::{self, Base};
use crate::cluster::deadline::Limit;
use crate::cluster::router::Router;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_batch::{Call, ResetCall};
use tonic::{Code, Status};

/// Does it, by one call or several, each of which may take so long.
///
/// # Errors
/// What the owner has answered.
pub(super) async fn operate(router: &Router, limit: Limit, call: Call) -> Result<(), Status> {
    match call {
        Call::Terminate(request) => router.history(request, limit).await.map(drop),
        Call::Signal(request) => router.history(request, limit).await.map(drop),
        Call::Cancel(request) => router.history(request, limit).await.map(drop),
        Call::Delete(request) => router.history(request, limit).await.map(drop),
        Call::Options(request) => router.history(request, limit).await.map(drop),
        Call::UnpauseActivities(request) => router.history(request, limit).await.map(drop),
        Call::ResetActivities(request) => router.history(request, limit).await.map(drop),
        Call::ActivityOptions(request) => router.history(request, limit).await.map(drop),
        Call::Reset(call) => reset(router, limit, call).await,
    }
}

/// Resets a workflow to a point that is looked for first.
async fn reset(router: &Router, limit: Limit, call: ResetCall) -> Result<(), Status> {
    let ResetCall { mut request, point, once } = call;
    let Some((target, asked)) = request.target.as_mut().zip(request.request.as_mut()) else {
        return Err(Status::invalid_argument("a reset names no workflow"));
    };
    let base = Base { router, limit, target: target.clone() };
    if once && base.is_reset().await? {
        return Err(Status::not_found("it was reset already"));
    }
    let found = reset_point::find(&base, &point).await?;
    asked.workflow_task_finish_event_id = found.event_id;
    let elsewhere = !found.run_id.is_empty() && found.run_id != target.run_id;
    if elsewhere {
        target.run_id.clone_from(&found.run_id);
        let workflow_id = target.workflow_id.clone();
        asked.workflow_execution = Some(WorkflowExecution { workflow_id, run_id: found.run_id });
    }
    router.history(request, limit).await.map(drop).map_err(|status| match status.code() {
        // The workflow is there, and the run in which the point was is not.
        Code::NotFound if elsewhere => Status::failed_precondition(status.message().to_owned()),
        _ => status,
    })
}
