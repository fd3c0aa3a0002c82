//! What workers call: polls for tasks, and answers to those of which they hold a token.

use super::queue_versions;
use crate::cluster::deadline;
use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::seal::Kind;
use crate::frontend::waiting::Wait;
use crate::frontend::{oversized, unsupported, validate};
use resurgam_api::internal::{self, TaskKind};
use resurgam_api::temporal::enums::v1::{DescribeTaskQueueMode, QueryResultType, TaskQueueType};
use resurgam_api::temporal::taskqueue::v1::{TaskQueue, TaskQueuePartitionMetadata};
use resurgam_api::temporal::workflowservice::v1 as api;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

/// Until when a poll has to be done, and its message: the task queue waits a second less, at least.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn poll<T>(request: Request<T>) -> Result<(Instant, T), Status> {
    let limit = deadline::poll_answer_limit(request.metadata()).map_err(|status| *status)?;
    Ok((Instant::now() + limit, request.into_inner()))
}

pub(super) async fn poll_workflow(
    frontend: &Frontend,
    request: Request<api::PollWorkflowTaskQueueRequest>,
) -> Answer<api::PollWorkflowTaskQueueResponse> {
    let (until, request) = poll(request)?;
    check(&[
        validate::identity(&request.identity),
        unsupported::workflow_poll(&request),
        validate::polled(request.task_queue.as_ref()),
    ])?;
    let queue = frontend.queue(&request.namespace, request.task_queue.as_ref(), TaskKind::Workflow).await?;
    let namespace_id = queue.namespace_id.clone();
    let _place = frontend.waiting.enter(&namespace_id, Wait::WorkflowTask)?;
    let call = internal::PollWorkflowTaskRequest { task_queue: Some(queue), request: Some(request) };
    let answer = frontend.matching(until, call).await?;
    Ok(answer.map(|task| frontend.sealed(&namespace_id, task)))
}

pub(super) async fn poll_activity(
    frontend: &Frontend,
    request: Request<api::PollActivityTaskQueueRequest>,
) -> Answer<api::PollActivityTaskQueueResponse> {
    let (until, request) = poll(request)?;
    check(&[
        validate::identity(&request.identity),
        unsupported::activity_poll(&request),
        validate::polled(request.task_queue.as_ref()),
    ])?;
    let queue = frontend.queue(&request.namespace, request.task_queue.as_ref(), TaskKind::Activity).await?;
    let _place = frontend.waiting.enter(&queue.namespace_id, Wait::ActivityTask)?;
    let call = internal::PollActivityTaskRequest { task_queue: Some(queue), request: Some(request) };
    let mut answer = frontend.matching(until, call).await?;
    let token = &mut answer.get_mut().task_token;
    *token = frontend.seal.close(Kind::Task, token);
    Ok(answer)
}

pub(super) async fn complete_workflow(
    frontend: &Frontend,
    request: Request<api::RespondWorkflowTaskCompletedRequest>,
) -> Answer<api::RespondWorkflowTaskCompletedResponse> {
    let said = request.get_ref();
    check(&[validate::identity(&said.identity), validate::version(said), unsupported::completion(said)])?;
    let (until, mut request) = open(request);
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    let namespace_id = task.namespace_id.clone();
    let bad_search_attributes = frontend.commanded(&namespace_id, &mut request.commands).await?;
    let call =
        internal::CompleteWorkflowTaskRequest { task: Some(task), request: Some(request), bad_search_attributes };
    let mut answer = frontend.history(until, call).await?;
    let next = &mut answer.get_mut().workflow_task;
    *next = next.take().map(|task| frontend.sealed(&namespace_id, task));
    Ok(answer)
}

pub(super) async fn fail_workflow(
    frontend: &Frontend,
    request: Request<api::RespondWorkflowTaskFailedRequest>,
) -> Answer<api::RespondWorkflowTaskFailedResponse> {
    let (until, mut request) = open(request);
    check(&[validate::identity(&request.identity)])?;
    let task = frontend.task(&request.task_token, &request.namespace).await?;
    oversized::cut(&mut request.failure);
    frontend.history(until, internal::FailWorkflowTaskRequest { task: Some(task), request: Some(request) }).await
}

pub(super) async fn answer_query(
    frontend: &Frontend,
    request: Request<api::RespondQueryTaskCompletedRequest>,
) -> Answer<api::RespondQueryTaskCompletedResponse> {
    let (until, mut request) = open(request);
    let task = frontend.opened(&request.task_token)?;
    if task.task_queue.is_none() || task.query_id.is_empty() {
        return Err(Status::invalid_argument("Invalid TaskToken."));
    }
    frontend.belongs(&task, &request.namespace).await?;
    if oversized::is_oversized(request.query_result.as_ref()) {
        request.completed_type = QueryResultType::Failed.into();
        request.query_result = None;
        request.error_message = oversized::ANSWER.to_owned();
    }
    frontend.matching(until, internal::AnswerQueryRequest { task: Some(task), request: Some(request) }).await
}

pub(super) async fn describe_queue(
    frontend: &Frontend,
    request: Request<api::DescribeTaskQueueRequest>,
) -> Answer<api::DescribeTaskQueueResponse> {
    let (until, request) = open(request);
    check(&[validate::polled(request.task_queue.as_ref())])?;
    #[allow(deprecated, reason = "clients may still ask for it")]
    if request.api_mode() == DescribeTaskQueueMode::Enhanced {
        return queue_versions::describe(frontend, until, request).await;
    }
    check(&[validate::queue_part(request.task_queue.as_ref())])?;
    let activity = request.task_queue_type == i32::from(TaskQueueType::Activity);
    let kind = if activity { TaskKind::Activity } else { TaskKind::Workflow };
    let queue = frontend.queue(&request.namespace, request.task_queue.as_ref(), kind).await?;
    frontend
        .matching(until, internal::DescribeTaskQueueRequest { task_queue: Some(queue), request: Some(request) })
        .await
}

/// The partitions of a task queue and who owns them: there is one for each kind of task.
pub(super) async fn list_partitions(
    frontend: &Frontend,
    request: Request<api::ListTaskQueuePartitionsRequest>,
) -> Answer<api::ListTaskQueuePartitionsResponse> {
    let request = request.into_inner();
    check(&[validate::polled(request.task_queue.as_ref())])?;
    let of = async |kind| {
        let queue = frontend.queue(&request.namespace, request.task_queue.as_ref(), kind).await?;
        let owner = frontend.router.queue_owner(&queue).unwrap_or_default().to_owned();
        Ok::<_, Status>(vec![TaskQueuePartitionMetadata { key: queue.name, owner_host_name: owner }])
    };
    Ok(Response::new(api::ListTaskQueuePartitionsResponse {
        activity_task_queue_partitions: of(TaskKind::Activity).await?,
        workflow_task_queue_partitions: of(TaskKind::Workflow).await?,
    }))
}

pub(super) async fn configure_queue(
    frontend: &Frontend,
    request: Request<api::UpdateTaskQueueConfigRequest>,
) -> Answer<api::UpdateTaskQueueConfigResponse> {
    let (until, request) = open(request);
    check(&[
        validate::rate_limit(&request),
        validate::short("Identity", &request.identity),
        unsupported::queue_configuration(&request),
    ])?;
    let activity = request.task_queue_type() == TaskQueueType::Activity;
    let kind = if activity { TaskKind::Activity } else { TaskKind::Workflow };
    let named = TaskQueue { name: request.task_queue.clone(), ..TaskQueue::default() };
    let task_queue = Some(frontend.queue(&request.namespace, Some(&named), kind).await?);
    frontend.matching(until, internal::ConfigureTaskQueueRequest { task_queue, request: Some(request) }).await
}
