//! Update-with-start as a call: what is done is one input of the engine; here the update is waited for, and both answers, or both
//! refusals, become one.

use super::calls::{ServedCall, reached, softly};
use super::engine::{MultiRefused, UpdateWithStartInput};
use super::shards::Shards;
use crate::cluster::{Rejection, status};
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{Target, UpdateWithStartRequest};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::update::v1::UpdateRef;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::execute_multi_operation_response::{Response, response};
use std::time::Duration;
use tonic::Status;

impl ServedCall for UpdateWithStartRequest {
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<api::ExecuteMultiOperationResponse, Status> {
        // An update that its run did not take before it closed may be taken by the next one: once it is tried again here.
        match once(self.clone(), shards, limit).await? {
            Err(refused) if is_aborted(&refused) => match once(self, shards, limit).await? {
                // Whoever hears this tries again by himself.
                Err(refused) if is_aborted(&refused) => {
                    Err(status::multi_operation([Some(Status::ok("")), Some(Status::aborted(refused.to_string()))]))
                }
                again => again.map_err(|refused| status::multi_operation([None, Some(status::of(&refused))])),
            },
            first => first.map_err(|refused| status::multi_operation([None, Some(status::of(&refused))])),
        }
    }
}

/// The update was refused because its run closed.
fn is_aborted(refused: &Rejection) -> bool {
    matches!(refused, Rejection::NotFound(message) if message == "workflow update was aborted by closing workflow")
}

/// Tries it once; within, what the update was refused with once there was a run.
async fn once(
    request: UpdateWithStartRequest,
    shards: &Shards,
    limit: Duration,
) -> Result<Result<api::ExecuteMultiOperationResponse, Rejection>, Status> {
    let (shard, target) = (shards.shard(&request)?, HistoryCall::target(&request));
    let meta = request.update.as_ref().and_then(|it| it.request.as_ref()).and_then(|it| it.meta.clone());
    let given = request.update.as_ref().and_then(|update| update.workflow_execution.clone()).unwrap_or_default();
    let done = shard.input(target.clone(), UpdateWithStartInput(request)).await;
    let (started, answer) = match done.map_err(|rejection| status::of(&rejection))? {
        Ok(done) => done,
        Err(MultiRefused::Start(refused)) => {
            return Err(status::multi_operation([Some(status::of(&refused)), None]));
        }
        Err(MultiRefused::Update(refused)) => return Ok(Err(refused)),
    };
    let update = match softly(limit, answer).await? {
        Some(Ok(Ok(update))) => update,
        Some(Ok(Err(refused))) => return Ok(Err(refused)),
        // The tenure is over: it may have been accepted.
        Some(Err(_)) => return Err(Status::unavailable("the outcome of the update is in doubt")),
        None => {
            let execution = Some(WorkflowExecution { run_id: started.run_id.clone(), ..given });
            let update_id = meta.unwrap_or_default().update_id;
            let target = target.map(|target| Target { run_id: started.run_id.clone(), ..target });
            reached(shards, target, UpdateRef { workflow_execution: execution, update_id }).await?
        }
    };
    let of = |response| Response { response: Some(response) };
    let responses =
        vec![of(response::Response::StartWorkflow(started)), of(response::Response::UpdateWorkflow(update))];
    Ok(Ok(api::ExecuteMultiOperationResponse { responses }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    #[test]
    fn only_the_end_of_its_run_aborts_an_update() {
        assert!(is_aborted(&Rejection::NotFound("workflow update was aborted by closing workflow".into())));
        assert!(!is_aborted(&Rejection::NotFound("workflow execution not found".into())));
        assert_eq!(status::multi_operation([None, Some(Status::not_found("x"))]).code(), Code::NotFound);
    }
}
