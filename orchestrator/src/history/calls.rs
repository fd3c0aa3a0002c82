//! What the calls of the history service do beyond one input of the engine: some have to be given a history, some ask a
//! worker, some wait for as long as their caller does. All others are served by the engine alone.

use super::engine::{DirectQuery, Input, QueryAnswer};
use super::service::Service;
use crate::cluster::deadline::Limit;
use crate::cluster::status;
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{
    CompleteWorkflowTaskRequest, GetHistoryRequest, PollUpdateRequest, QueryRequest, QueryWorkerRequest,
    RecordWorkflowTaskStartedRequest, Target, TaskKind, TaskQueue, TaskToken, UpdateRequest,
};
use resurgam_api::temporal::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use resurgam_api::temporal::history::v1::History;
use resurgam_api::temporal::update::v1::{UpdateRef, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1 as api;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

/// How long an update waits for the stage that its caller wants.
const UPDATE: Duration = Duration::from_secs(20);
/// An answer leaves this much earlier than its caller gives up; if that one waits for less than twice as long, half of it.
const MARGIN: Duration = Duration::from_millis(500);

/// A call as a node serves it that owns the workflow's shard.
pub(super) trait Call: HistoryCall {
    /// Does it. The caller waits for `limit`.
    ///
    /// # Errors
    /// As for the caller.
    fn serve(self, service: &Service, limit: Duration) -> impl Future<Output = Result<Self::Answer, Status>> + Send;
}

/// Most calls: the engine's answer is the answer.
impl<C: HistoryCall + Input<Answer = <C as HistoryCall>::Answer>> Call for C {
    async fn serve(self, service: &Service, _: Duration) -> Result<<C as HistoryCall>::Answer, Status> {
        service.ask(self).await
    }
}

impl Call for RecordWorkflowTaskStartedRequest {
    async fn serve(self, service: &Service, _: Duration) -> Result<api::PollWorkflowTaskQueueResponse, Status> {
        let shard = service.shard(&self).await?;
        let handout = shard.call(self).await.map_err(|rejection| status::of(&rejection))?;
        shard.complete(handout).await.map_err(|rejection| status::of(&rejection))
    }
}

impl Call for CompleteWorkflowTaskRequest {
    async fn serve(self, service: &Service, _: Duration) -> Result<api::RespondWorkflowTaskCompletedResponse, Status> {
        let shard = service.shard(&self).await?;
        let done = shard.call(self).await.map_err(|rejection| status::of(&rejection))?;
        let mut response = done.response;
        if let Some(next) = done.next {
            let next = shard.complete(next).await.map_err(|rejection| status::of(&rejection))?;
            response.workflow_task = Some(next);
        }
        Ok(response)
    }
}

impl Call for GetHistoryRequest {
    async fn serve(
        self,
        service: &Service,
        limit: Duration,
    ) -> Result<api::GetWorkflowExecutionHistoryResponse, Status> {
        let shard = service.shard(&self).await?;
        shard.history(self, patience(limit)).await.map_err(|rejection| status::of(&rejection))
    }
}

impl Call for QueryRequest {
    async fn serve(self, service: &Service, limit: Duration) -> Result<api::QueryWorkflowResponse, Status> {
        let until = Instant::now() + limit;
        let shard = service.shard(&self).await?;
        let namespace_id = self.target.as_ref().map(|target| target.namespace_id.clone()).unwrap_or_default();
        match shard.call(self).await.map_err(|rejection| status::of(&rejection))? {
            QueryAnswer::Answered(answer) => Ok(answer),
            QueryAnswer::AskWorker(query) => {
                let DirectQuery { handout, sticky, queue, query } = *query;
                let poll = shard.complete(handout).await.map_err(|rejection| status::of(&rejection))?;
                let execution = poll.workflow_execution.clone().unwrap_or_default();
                let task = TaskToken {
                    namespace_id,
                    workflow_id: execution.workflow_id,
                    run_id: execution.run_id,
                    ..TaskToken::default()
                };
                let request =
                    QueryWorkerRequest { task_queue: None, task: Some(task), query: Some(query), poll: Some(poll) };
                ask_worker(service, request, sticky, queue, Limit::Until(until)).await
            }
        }
    }
}

/// Asks a worker: first the one that has the run in its cache, then any.
async fn ask_worker(
    service: &Service,
    mut request: QueryWorkerRequest,
    sticky: Option<String>,
    queue: String,
    limit: Limit,
) -> Result<api::QueryWorkflowResponse, Status> {
    let namespace_id = request.task.as_ref().map(|task| task.namespace_id.clone()).unwrap_or_default();
    let queue_of = |name, sticky| {
        Some(TaskQueue { namespace_id: namespace_id.clone(), name, kind: TaskKind::Workflow.into(), sticky })
    };
    if let Some(name) = sticky {
        let mut request = QueryWorkerRequest { task_queue: queue_of(name, true), ..request.clone() };
        if let Some(poll) = &mut request.poll {
            // The worker has the run up to its last event.
            poll.history = Some(History::default());
            poll.next_page_token.clear();
        }
        match service.dependencies.router.matching(request, limit).await {
            Err(problem) if status::is_sticky_worker_unavailable(&problem) => {}
            answer => return answer,
        }
    }
    request.task_queue = queue_of(queue, false);
    service.dependencies.router.matching(request, limit).await
}

impl Call for UpdateRequest {
    async fn serve(self, service: &Service, limit: Duration) -> Result<api::UpdateWorkflowExecutionResponse, Status> {
        let target = self.target.clone();
        let given = self.request.clone().unwrap_or_default();
        if let Ok(answer) = tokio::time::timeout(patience(limit).min(UPDATE), service.ask(self)).await {
            return answer;
        }
        let meta = given.request.and_then(|request| request.meta).unwrap_or_default();
        let update = UpdateRef { workflow_execution: given.workflow_execution, update_id: meta.update_id };
        reached(service, target, update).await
    }
}

impl Call for PollUpdateRequest {
    async fn serve(
        self,
        service: &Service,
        limit: Duration,
    ) -> Result<api::PollWorkflowExecutionUpdateResponse, Status> {
        let target = self.target.clone();
        let update = self.request.as_ref().and_then(|request| request.update_ref.clone()).unwrap_or_default();
        let answer = match tokio::time::timeout(patience(limit).min(UPDATE), service.ask(self)).await {
            Ok(answer) => answer?,
            Err(_) => reached(service, target, update).await?,
        };
        Ok(api::PollWorkflowExecutionUpdateResponse {
            outcome: answer.outcome,
            stage: answer.stage,
            update_ref: answer.update_ref,
        })
    }
}

/// How far an update has come by now. One that nobody knows any more was lost with its owner's memory.
async fn reached(
    service: &Service,
    target: Option<Target>,
    update: UpdateRef,
) -> Result<api::UpdateWorkflowExecutionResponse, Status> {
    let request = api::PollWorkflowExecutionUpdateRequest {
        update_ref: Some(update),
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Admitted.into() }),
        ..Default::default()
    };
    let answer = service.ask(PollUpdateRequest { target, request: Some(request) }).await;
    answer.map_err(|problem| match problem.code() {
        Code::NotFound => Status::unavailable(problem.message()),
        _ => problem,
    })
}

/// How long a call may wait for news: it is answered before its caller gives up.
fn patience(limit: Duration) -> Duration {
    limit - MARGIN.min(limit / 2)
}
