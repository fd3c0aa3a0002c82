//! Reset as a call: the histories that it needs are read beside the shard's task, until they are whole at the moment at which
//! it is done.

use super::calls::{ServedCall, missing};
use super::engine::{ReadRun, ResetInput, Resetting};
use super::shards::Shards;
use crate::cluster::status;
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{ResetRequest, Target};
use resurgam_api::temporal::workflowservice::v1::ResetWorkflowExecutionResponse;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

impl ServedCall for ResetRequest {
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<ResetWorkflowExecutionResponse, Status> {
        // A run that goes on faster than it can be read is not reset.
        let doing = tokio::time::timeout(limit, reset(self, shards)).await;
        doing.unwrap_or_else(|_| Err(Status::deadline_exceeded("context deadline exceeded")))
    }
}

async fn reset(mut request: ResetRequest, shards: &Shards) -> Result<ResetWorkflowExecutionResponse, Status> {
    let shard = shards.shard(&request)?;
    let Some(target) = HistoryCall::target(&request) else { return Err(missing("Target")) };
    let mut read: Vec<ReadRun> = Vec::new();
    loop {
        let input = ResetInput { request: request.clone(), read: Arc::new(read) };
        let known = Arc::clone(&input.read);
        let unread = match shard.input(Some(target.clone()), input).await.map_err(|it| status::of(&it))? {
            Resetting::Done(answer) => return Ok(answer),
            Resetting::Unread(run_id) => run_id,
        };
        if let Some(target) = request.target.as_mut().filter(|target| target.run_id.is_empty()) {
            // The run that was current when it was asked for.
            target.run_id.clone_from(&unread);
        }
        read = Arc::unwrap_or_clone(known);
        let place = read.iter().position(|run| run.run_id == unread).unwrap_or(read.len());
        if place == read.len() {
            read.push(ReadRun { run_id: unread.clone(), events: Vec::new() });
        }
        let of_run = Target { run_id: unread, ..target.clone() };
        let events = std::mem::take(&mut read[place].events);
        read[place].events = shard.rest(of_run.into(), events).await.map_err(|it| status::of(&it))?;
    }
}
