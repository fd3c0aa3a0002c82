//! What the calls of the history service do beyond one input of the engine: some have to be given a history, some ask a
//! worker, some wait for as long as their caller does. All others are served by the engine alone.

use super::engine::{CompletedTask, DirectQuery, Handout, Input, QueryAnswer, StartedWorkflow, UpdateInput};
use super::shard::Shard;
use super::shards::Shards;
use crate::cluster::deadline::Limit;
use crate::cluster::{Rejection, status};
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{
    GetHistoryRequest, GetHistoryReverseRequest, PollUpdateRequest, QueryWorkerRequest, Target, TaskKind, TaskQueue,
    UpdateRequest,
};
use resurgam_api::temporal::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use resurgam_api::temporal::update::v1::{UpdateRef, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1 as api;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// How long an update waits for the stage that its caller wants.
const UPDATE: Duration = Duration::from_secs(20);
/// An answer leaves this much earlier than its caller gives up; if that one waits for less than twice as long, half of it.
const MARGIN: Duration = Duration::from_millis(500);

/// A call as a node serves it that owns the workflow's shard.
pub(super) trait ServedCall: HistoryCall {
    /// Does it. The caller waits for `limit`.
    ///
    /// # Errors
    /// As for the caller.
    fn serve(self, shards: &Shards, limit: Duration) -> impl Future<Output = Result<Self::Answer, Status>> + Send;
}

/// Most calls are one input of the engine.
impl<C: HistoryCall + Input> ServedCall for C
where
    <C as Input>::Answer: IntoAnswer<<C as HistoryCall>::Answer>,
{
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<<C as HistoryCall>::Answer, Status> {
        let until = Instant::now() + limit;
        let shard = shards.shard(&self)?;
        let answer = shard.call(self).await.map_err(|rejection| status::of(&rejection))?;
        answer.into_answer(shards, &shard, until).await
    }
}

/// An answer of the engine, on its way to become the answer of a call.
pub(super) trait IntoAnswer<A>: Send {
    /// Makes it that, until its caller gives up.
    ///
    /// # Errors
    /// As for the caller.
    fn into_answer(
        self,
        shards: &Shards,
        shard: &Shard,
        until: Instant,
    ) -> impl Future<Output = Result<A, Status>> + Send;
}

/// Most are it already.
impl<A: Send> IntoAnswer<A> for A {
    async fn into_answer(self, _: &Shards, _: &Shard, _: Instant) -> Result<A, Status> {
        Ok(self)
    }
}

impl IntoAnswer<api::PollWorkflowTaskQueueResponse> for Handout {
    async fn into_answer(
        self,
        _: &Shards,
        shard: &Shard,
        _: Instant,
    ) -> Result<api::PollWorkflowTaskQueueResponse, Status> {
        with_history(shard, self).await
    }
}

async fn with_history(shard: &Shard, handout: Handout) -> Result<api::PollWorkflowTaskQueueResponse, Status> {
    shard.complete(handout).await.map_err(|rejection| status::of(&rejection))
}

impl IntoAnswer<api::StartWorkflowExecutionResponse> for StartedWorkflow {
    async fn into_answer(
        self,
        _: &Shards,
        shard: &Shard,
        _: Instant,
    ) -> Result<api::StartWorkflowExecutionResponse, Status> {
        let Self { mut response, eager } = self;
        if let Some(eager) = eager {
            response.eager_workflow_task = Some(with_history(shard, eager).await?);
        }
        Ok(response)
    }
}

impl IntoAnswer<api::RespondWorkflowTaskCompletedResponse> for CompletedTask {
    async fn into_answer(
        self,
        _: &Shards,
        shard: &Shard,
        _: Instant,
    ) -> Result<api::RespondWorkflowTaskCompletedResponse, Status> {
        let Self { mut response, next } = self;
        if let Some(next) = next {
            response.workflow_task = Some(with_history(shard, next).await?);
        }
        Ok(response)
    }
}

impl IntoAnswer<api::QueryWorkflowResponse> for QueryAnswer {
    async fn into_answer(
        self,
        shards: &Shards,
        _: &Shard,
        until: Instant,
    ) -> Result<api::QueryWorkflowResponse, Status> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::AskWorker(query) => {
                let DirectQuery { task, handout, sticky, queue, query } = *query;
                // Who waits for a worker holds no history.
                let poll = Some(handout.promised());
                let namespace_id = task.namespace_id.clone();
                let request = QueryWorkerRequest { task_queue: None, task: Some(task), query: Some(query), poll };
                ask_worker(shards, request, namespace_id, sticky, queue, Limit::Until(until)).await
            }
        }
    }
}

impl ServedCall for GetHistoryReverseRequest {
    async fn serve(
        self,
        shards: &Shards,
        _: Duration,
    ) -> Result<api::GetWorkflowExecutionHistoryReverseResponse, Status> {
        let shard = shards.shard(&self)?;
        shard.history_reverse(self).await.map_err(|rejection| status::of(&rejection))
    }
}

impl ServedCall for GetHistoryRequest {
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<api::GetWorkflowExecutionHistoryResponse, Status> {
        let shard = shards.shard(&self)?;
        shard.history(self, patience(limit)).await.map_err(|rejection| status::of(&rejection))
    }
}

/// Asks a worker: first the one that has the run in its cache, then any.
async fn ask_worker(
    shards: &Shards,
    mut request: QueryWorkerRequest,
    namespace_id: String,
    sticky: Option<String>,
    queue: String,
    limit: Limit,
) -> Result<api::QueryWorkflowResponse, Status> {
    let queue_of = |name, sticky| {
        Some(TaskQueue { namespace_id: namespace_id.clone(), name, kind: TaskKind::Workflow.into(), sticky })
    };
    if let Some(name) = sticky {
        let mut request = QueryWorkerRequest { task_queue: queue_of(name, true), ..request.clone() };
        if let Some(poll) = &mut request.poll {
            // The worker has the run up to its last event.
            poll.next_page_token.clear();
        }
        match shards.dependencies.router.matching(request, limit).await {
            Err(problem) if status::is_sticky_worker_unavailable(&problem) => {}
            answer => return answer,
        }
    }
    request.task_queue = queue_of(queue, false);
    shards.dependencies.router.matching(request, limit).await
}

impl ServedCall for UpdateRequest {
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<api::UpdateWorkflowExecutionResponse, Status> {
        let (shard, target) = (shards.shard(&self)?, self.target.clone());
        let given = self.request.clone().ok_or_else(|| missing("Request"))?;
        let waiting = shard.input(target.clone(), UpdateInput::Update(self));
        if let Some(answer) = softly(limit, waiting).await? {
            return answer.map_err(|rejection| status::of(&rejection));
        }
        // Without an id of the caller's the update got one, which nobody knows who was not answered.
        let meta = given.request.and_then(|request| request.meta).unwrap_or_default();
        let update = UpdateRef { workflow_execution: given.workflow_execution, update_id: meta.update_id };
        reached(shards, target, update).await
    }
}

impl ServedCall for PollUpdateRequest {
    async fn serve(self, shards: &Shards, limit: Duration) -> Result<api::PollWorkflowExecutionUpdateResponse, Status> {
        let (shard, target) = (shards.shard(&self)?, self.target.clone());
        let update = self.request.as_ref().and_then(|request| request.update_ref.clone());
        let update = update.ok_or_else(|| missing("UpdateRef"))?;
        let waiting = shard.input(target.clone(), UpdateInput::Poll(self));
        let answer = match softly(limit, waiting).await? {
            Some(answer) => answer.map_err(|rejection| status::of(&rejection))?,
            None => reached(shards, target, update).await?,
        };
        Ok(api::PollWorkflowExecutionUpdateResponse {
            outcome: answer.outcome,
            stage: answer.stage,
            update_ref: answer.update_ref,
        })
    }
}

/// Waits for an update. `None`: the server's own time is over, and the caller hears how far the update has come. A caller
/// who gives up earlier is told that, as by Temporal: who hears something asks again at once.
pub(super) async fn softly<T>(limit: Duration, waiting: impl Future<Output = T>) -> Result<Option<T>, Status> {
    let is_early = patience(limit) < UPDATE;
    match tokio::time::timeout(if is_early { limit } else { UPDATE }, waiting).await {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if is_early => Err(Status::deadline_exceeded("context deadline exceeded")),
        Err(_) => Ok(None),
    }
}

/// How far an update has come by now. One that nobody knows any more was lost with its owner's memory.
pub(super) async fn reached(
    shards: &Shards,
    target: Option<Target>,
    update: UpdateRef,
) -> Result<api::UpdateWorkflowExecutionResponse, Status> {
    let request = api::PollWorkflowExecutionUpdateRequest {
        update_ref: Some(update),
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Admitted.into() }),
        ..Default::default()
    };
    let poll = PollUpdateRequest { target, request: Some(request) };
    // Another node may own the shard by now.
    let (shard, target) = (shards.shard(&poll)?, poll.target.clone());
    shard.input(target, UpdateInput::Poll(poll)).await.map_err(|rejection| match rejection {
        Rejection::NotFound(message) => Status::unavailable(message),
        other => status::of(&other),
    })
}

/// The refusal of a call of another node that lacks a part.
pub(super) fn missing(part: &str) -> Status {
    Status::invalid_argument(format!("{part} is not set on request."))
}

/// How long a call may wait for news: it is answered before its caller gives up.
fn patience(limit: Duration) -> Duration {
    limit - MARGIN.min(limit / 2)
}
