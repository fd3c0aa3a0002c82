//! The public calls. What is not here answers UNIMPLEMENTED.
//!
//! Each call is checked, given the id of its namespace, and passed to the owner of its workflow or task queue, with the
//! caller's time limit. Nothing is decided here.

use super::registry::Registry;
use super::router::{Router, within};
use super::{status, token, validate};
use resurgam_api::WorkflowService;
use resurgam_api::environment::Environment;
use resurgam_api::internal::{self, TaskKind, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{TaskQueueKind, TaskQueueType};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};
use uuid::Builder;

/// The time limit of callers who give none.
const LIMIT: Duration = Duration::from_secs(30);

type Answer<T> = Result<Response<T>, Status>;

/// The frontend of one node.
pub struct Frontend {
    environment: Arc<dyn Environment>,
    registry: Arc<Registry>,
    router: Arc<Router>,
    shards: u32,
}

/// Calls the owner of a workflow; the request may be sent more than once.
macro_rules! history {
    ($self:ident, $limit:expr, $namespace:expr, $workflow:expr, $method:ident, $request:expr) => {{
        let (request, limit) = ($request, $limit);
        let answer = $self.router.history(&$namespace, &$workflow, |mut client| {
            let request = within(limit, request.clone());
            async move { client.$method(request).await }
        });
        answer.await.map(Response::new).map_err(status::public)
    }};
}

/// Calls the owner of a task queue; the request may be sent more than once.
macro_rules! matching {
    ($self:ident, $limit:expr, $queue:expr, $method:ident, $request:expr) => {{
        let (request, limit) = ($request, $limit);
        let answer = $self.router.matching(&$queue, |mut client| {
            let request = within(limit, request.clone());
            async move { client.$method(request).await }
        });
        answer.await.map(Response::new).map_err(status::public)
    }};
}

/// An answer of a worker to a task of which it holds a token.
macro_rules! respond {
    ($self:ident, $given:ident, $message:ident, $method:ident) => {{
        let (limit, request) = open($given);
        let task = $self.task(&request.task_token, &request.namespace).await?;
        let (namespace, workflow) = (task.namespace_id.clone(), task.workflow_id.clone());
        let request = internal::$message { task: Some(task), request: Some(request) };
        history!($self, limit, namespace, workflow, $method, request)
    }};
}

impl Frontend {
    /// A frontend that finds owners by `router`.
    pub fn new(environment: Arc<dyn Environment>, registry: Arc<Registry>, router: Arc<Router>, shards: u32) -> Self {
        Self { environment, registry, router, shards }
    }

    async fn namespace(&self, name: &str) -> Result<String, Status> {
        validate::id("Namespace", name).map_err(|status| *status)?;
        Ok(self.registry.find(name).await?.id)
    }

    fn request_id(&self, given: &mut String) {
        if given.is_empty() {
            let (high, low) = (self.environment.random().to_be_bytes(), self.environment.random().to_be_bytes());
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&high);
            bytes[8..].copy_from_slice(&low);
            *given = Builder::from_random_bytes(bytes).into_uuid().to_string();
        }
    }

    /// The task of a token, if it belongs to the namespace that the caller names (or it names none).
    async fn task(&self, bytes: &[u8], namespace: &str) -> Result<TaskToken, Status> {
        let task = token::decode(bytes)?;
        if !task.query_id.is_empty() {
            return Err(Status::invalid_argument("Invalid TaskToken."));
        }
        self.belongs(&task, namespace).await?;
        Ok(task)
    }

    async fn belongs(&self, task: &TaskToken, namespace: &str) -> Result<(), Status> {
        if namespace.is_empty() || self.registry.find(namespace).await?.id == task.namespace_id {
            return Ok(());
        }
        Err(Status::invalid_argument("Operation requested with a token from a different namespace."))
    }

    /// The task of an activity that is named by its id.
    async fn named(&self, namespace: &str, workflow: &str, run: &str, activity: &str) -> Result<TaskToken, Status> {
        check(&[validate::id("WorkflowId", workflow), validate::run_id(run), validate::id("ActivityId", activity)])?;
        Ok(TaskToken {
            namespace_id: self.namespace(namespace).await?,
            workflow_id: workflow.into(),
            run_id: run.into(),
            activity_id: activity.into(),
            ..TaskToken::default()
        })
    }

    async fn queue(
        &self,
        namespace: &str,
        queue: Option<&TaskQueue>,
        kind: TaskKind,
    ) -> Result<internal::TaskQueue, Status> {
        validate::task_queue(queue).map_err(|status| *status)?;
        let queue = queue.cloned().unwrap_or_default();
        Ok(internal::TaskQueue {
            namespace_id: self.namespace(namespace).await?,
            sticky: queue.kind == i32::from(TaskQueueKind::Sticky),
            name: queue.name,
            kind: kind.into(),
        })
    }
}

/// The time limit of a call and its message.
fn open<T>(request: Request<T>) -> (Duration, T) {
    let limit = validate::deadline(request.metadata()).unwrap_or(LIMIT);
    (limit, request.into_inner())
}

/// The first of several complaints.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn check(checks: &[Result<(), Box<Status>>]) -> Result<(), Status> {
    match checks.iter().find_map(|check| check.as_ref().err()) {
        Some(status) => Err(Status::clone(status)),
        None => Ok(()),
    }
}

fn workflow_id(execution: Option<&WorkflowExecution>) -> String {
    execution.map(|execution| execution.workflow_id.clone()).unwrap_or_default()
}

#[tonic::async_trait]
impl WorkflowService for Frontend {
    async fn get_system_info(&self, _: Request<api::GetSystemInfoRequest>) -> Answer<api::GetSystemInfoResponse> {
        let capabilities = api::get_system_info_response::Capabilities {
            signal_and_query_header: true,
            internal_error_differentiation: true,
            activity_failure_include_heartbeat: true,
            encoded_failure_attributes: true,
            sdk_metadata: true,
            ..Default::default()
        };
        Ok(Response::new(api::GetSystemInfoResponse {
            server_version: env!("CARGO_PKG_VERSION").into(),
            capabilities: Some(capabilities),
        }))
    }

    async fn get_cluster_info(&self, _: Request<api::GetClusterInfoRequest>) -> Answer<api::GetClusterInfoResponse> {
        Ok(Response::new(api::GetClusterInfoResponse {
            server_version: env!("CARGO_PKG_VERSION").into(),
            cluster_name: "resurgam".into(),
            cluster_id: "resurgam".into(),
            history_shard_count: i32::try_from(self.shards).unwrap_or(i32::MAX),
            ..Default::default()
        }))
    }

    async fn register_namespace(
        &self,
        request: Request<api::RegisterNamespaceRequest>,
    ) -> Answer<api::RegisterNamespaceResponse> {
        let request = request.into_inner();
        check(&[validate::id("Namespace", &request.namespace)])?;
        self.registry.register(&request).await?;
        Ok(Response::new(api::RegisterNamespaceResponse {}))
    }

    async fn describe_namespace(
        &self,
        request: Request<api::DescribeNamespaceRequest>,
    ) -> Answer<api::DescribeNamespaceResponse> {
        let request = request.into_inner();
        let found = if request.namespace.is_empty() {
            check(&[validate::id("Namespace", &request.id)])?;
            self.registry.find_by_id(&request.id).await?
        } else {
            self.registry.find(&request.namespace).await?
        };
        Ok(Response::new(found.describe()))
    }

    async fn list_namespaces(
        &self,
        request: Request<api::ListNamespacesRequest>,
    ) -> Answer<api::ListNamespacesResponse> {
        let request = request.into_inner();
        let size = usize::try_from(request.page_size).ok().filter(|size| *size > 0).unwrap_or(100);
        let after = String::from_utf8(request.next_page_token)
            .map_err(|_| Status::invalid_argument("Invalid NextPageToken."))?;
        let all = self.registry.list().await?;
        let mut rest = all.iter().filter(|namespace| after.is_empty() || namespace.name > after);
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let more = rest.next().is_some();
        let next_page_token = page.last().filter(|_| more).map(|last| last.name.clone().into_bytes());
        Ok(Response::new(api::ListNamespacesResponse {
            namespaces: page.iter().map(|namespace| namespace.describe()).collect(),
            next_page_token: next_page_token.unwrap_or_default(),
        }))
    }

    async fn start_workflow_execution(
        &self,
        request: Request<api::StartWorkflowExecutionRequest>,
    ) -> Answer<api::StartWorkflowExecutionResponse> {
        let (limit, mut request) = open(request);
        check(&[
            validate::id("WorkflowId", &request.workflow_id),
            validate::id("WorkflowType", request.workflow_type.as_ref().map_or("", |kind| &kind.name)),
            validate::task_queue(request.task_queue.as_ref()),
            validate::optional_id("RequestId", &request.request_id),
            validate::blob("Input", request.input.as_ref()),
            validate::blob("Memo", request.memo.as_ref()),
        ])?;
        if !request.cron_schedule.is_empty() {
            return Err(Status::unimplemented("cron schedules are not supported"));
        }
        self.request_id(&mut request.request_id);
        let (namespace, workflow) = (self.namespace(&request.namespace).await?, request.workflow_id.clone());
        let request = internal::StartWorkflowRequest {
            namespace_id: namespace.clone(),
            request: Some(request),
            parent: None,
            root: None,
        };
        history!(self, limit, namespace, workflow, start_workflow, request)
    }

    async fn signal_with_start_workflow_execution(
        &self,
        request: Request<api::SignalWithStartWorkflowExecutionRequest>,
    ) -> Answer<api::SignalWithStartWorkflowExecutionResponse> {
        let (limit, mut request) = open(request);
        check(&[
            validate::id("WorkflowId", &request.workflow_id),
            validate::id("SignalName", &request.signal_name),
            validate::id("WorkflowType", request.workflow_type.as_ref().map_or("", |kind| &kind.name)),
            validate::task_queue(request.task_queue.as_ref()),
            validate::optional_id("RequestId", &request.request_id),
            validate::blob("Input", request.input.as_ref()),
            validate::blob("SignalInput", request.signal_input.as_ref()),
        ])?;
        if !request.cron_schedule.is_empty() {
            return Err(Status::unimplemented("cron schedules are not supported"));
        }
        self.request_id(&mut request.request_id);
        let (namespace, workflow) = (self.namespace(&request.namespace).await?, request.workflow_id.clone());
        let request = internal::SignalWithStartRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, signal_with_start, request)
    }

    async fn signal_workflow_execution(
        &self,
        request: Request<api::SignalWorkflowExecutionRequest>,
    ) -> Answer<api::SignalWorkflowExecutionResponse> {
        let (limit, mut request) = open(request);
        check(&[
            validate::execution(request.workflow_execution.as_ref()),
            validate::id("SignalName", &request.signal_name),
            validate::optional_id("RequestId", &request.request_id),
            validate::blob("Input", request.input.as_ref()),
        ])?;
        self.request_id(&mut request.request_id);
        let namespace = self.namespace(&request.namespace).await?;
        let workflow = workflow_id(request.workflow_execution.as_ref());
        let request = internal::SignalRequest {
            namespace_id: namespace.clone(),
            request: Some(request),
            source: None,
            child_only: false,
        };
        history!(self, limit, namespace, workflow, signal, request)
    }

    async fn request_cancel_workflow_execution(
        &self,
        request: Request<api::RequestCancelWorkflowExecutionRequest>,
    ) -> Answer<api::RequestCancelWorkflowExecutionResponse> {
        let (limit, mut request) = open(request);
        check(&[
            validate::execution(request.workflow_execution.as_ref()),
            validate::run_id(&request.first_execution_run_id),
            validate::optional_id("RequestId", &request.request_id),
        ])?;
        self.request_id(&mut request.request_id);
        let namespace = self.namespace(&request.namespace).await?;
        let workflow = workflow_id(request.workflow_execution.as_ref());
        let request = internal::RequestCancelRequest {
            namespace_id: namespace.clone(),
            request: Some(request),
            source: None,
            child_only: false,
        };
        history!(self, limit, namespace, workflow, request_cancel, request)
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<api::TerminateWorkflowExecutionRequest>,
    ) -> Answer<api::TerminateWorkflowExecutionResponse> {
        let (limit, request) = open(request);
        check(&[
            validate::execution(request.workflow_execution.as_ref()),
            validate::run_id(&request.first_execution_run_id),
            validate::blob("Details", request.details.as_ref()),
        ])?;
        let namespace = self.namespace(&request.namespace).await?;
        let workflow = workflow_id(request.workflow_execution.as_ref());
        let request = internal::TerminateRequest {
            namespace_id: namespace.clone(),
            request: Some(request),
            child_only: false,
            source: None,
        };
        history!(self, limit, namespace, workflow, terminate, request)
    }

    async fn query_workflow(&self, request: Request<api::QueryWorkflowRequest>) -> Answer<api::QueryWorkflowResponse> {
        let (limit, request) = open(request);
        check(&[
            validate::execution(request.execution.as_ref()),
            validate::id("QueryType", request.query.as_ref().map_or("", |query| &query.query_type)),
            validate::blob("QueryArgs", request.query.as_ref().and_then(|query| query.query_args.as_ref())),
        ])?;
        let (namespace, workflow) =
            (self.namespace(&request.namespace).await?, workflow_id(request.execution.as_ref()));
        let request = internal::QueryRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, query, request)
    }

    async fn update_workflow_execution(
        &self,
        request: Request<api::UpdateWorkflowExecutionRequest>,
    ) -> Answer<api::UpdateWorkflowExecutionResponse> {
        let (limit, mut request) = open(request);
        let Some(update) = request.request.as_mut() else {
            return Err(Status::invalid_argument("Request is not set on request."));
        };
        let input = update.input.as_ref();
        check(&[
            validate::execution(request.workflow_execution.as_ref()),
            validate::id("Update name", input.map_or("", |input| &input.name)),
            validate::blob("Update input", input),
        ])?;
        let meta = update.meta.get_or_insert_default();
        self.request_id(&mut meta.update_id);
        check(&[validate::id("UpdateId", &meta.update_id)])?;
        let namespace = self.namespace(&request.namespace).await?;
        let workflow = workflow_id(request.workflow_execution.as_ref());
        let request = internal::UpdateRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, update, request)
    }

    async fn poll_workflow_execution_update(
        &self,
        request: Request<api::PollWorkflowExecutionUpdateRequest>,
    ) -> Answer<api::PollWorkflowExecutionUpdateResponse> {
        let (limit, request) = open(request);
        let Some(update) = request.update_ref.clone() else {
            return Err(Status::invalid_argument("UpdateRef is not set on request."));
        };
        check(&[validate::execution(update.workflow_execution.as_ref()), validate::id("UpdateId", &update.update_id)])?;
        let namespace = self.namespace(&request.namespace).await?;
        let workflow = workflow_id(update.workflow_execution.as_ref());
        let request = internal::PollUpdateRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, poll_update, request)
    }

    async fn describe_workflow_execution(
        &self,
        request: Request<api::DescribeWorkflowExecutionRequest>,
    ) -> Answer<api::DescribeWorkflowExecutionResponse> {
        let (limit, request) = open(request);
        check(&[validate::execution(request.execution.as_ref())])?;
        let (namespace, workflow) =
            (self.namespace(&request.namespace).await?, workflow_id(request.execution.as_ref()));
        let request = internal::DescribeRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, describe, request)
    }

    async fn get_workflow_execution_history(
        &self,
        request: Request<api::GetWorkflowExecutionHistoryRequest>,
    ) -> Answer<api::GetWorkflowExecutionHistoryResponse> {
        let (limit, request) = open(request);
        check(&[validate::execution(request.execution.as_ref())])?;
        let (namespace, workflow) =
            (self.namespace(&request.namespace).await?, workflow_id(request.execution.as_ref()));
        let request = internal::GetHistoryRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, get_history, request)
    }

    async fn reset_sticky_task_queue(
        &self,
        request: Request<api::ResetStickyTaskQueueRequest>,
    ) -> Answer<api::ResetStickyTaskQueueResponse> {
        let (limit, request) = open(request);
        check(&[validate::execution(request.execution.as_ref())])?;
        let (namespace, workflow) =
            (self.namespace(&request.namespace).await?, workflow_id(request.execution.as_ref()));
        let request = internal::ResetStickyRequest { namespace_id: namespace.clone(), request: Some(request) };
        history!(self, limit, namespace, workflow, reset_sticky, request)
    }

    async fn poll_workflow_task_queue(
        &self,
        request: Request<api::PollWorkflowTaskQueueRequest>,
    ) -> Answer<api::PollWorkflowTaskQueueResponse> {
        let patience = validate::patience(request.metadata()).map_err(|status| *status)?;
        let request = request.into_inner();
        let queue = self.queue(&request.namespace, request.task_queue.as_ref(), TaskKind::Workflow).await?;
        let request = internal::PollWorkflowTaskRequest { task_queue: Some(queue.clone()), request: Some(request) };
        matching!(self, patience + Duration::from_secs(1), queue, poll_workflow_task, request)
    }

    async fn poll_activity_task_queue(
        &self,
        request: Request<api::PollActivityTaskQueueRequest>,
    ) -> Answer<api::PollActivityTaskQueueResponse> {
        let patience = validate::patience(request.metadata()).map_err(|status| *status)?;
        let request = request.into_inner();
        let queue = self.queue(&request.namespace, request.task_queue.as_ref(), TaskKind::Activity).await?;
        let request = internal::PollActivityTaskRequest { task_queue: Some(queue.clone()), request: Some(request) };
        matching!(self, patience + Duration::from_secs(1), queue, poll_activity_task, request)
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<api::RespondWorkflowTaskCompletedRequest>,
    ) -> Answer<api::RespondWorkflowTaskCompletedResponse> {
        respond!(self, request, CompleteWorkflowTaskRequest, complete_workflow_task)
    }

    async fn respond_workflow_task_failed(
        &self,
        request: Request<api::RespondWorkflowTaskFailedRequest>,
    ) -> Answer<api::RespondWorkflowTaskFailedResponse> {
        respond!(self, request, FailWorkflowTaskRequest, fail_workflow_task)
    }

    async fn respond_activity_task_completed(
        &self,
        request: Request<api::RespondActivityTaskCompletedRequest>,
    ) -> Answer<api::RespondActivityTaskCompletedResponse> {
        check(&[validate::blob("Result", request.get_ref().result.as_ref())])?;
        respond!(self, request, CompleteActivityRequest, complete_activity)
    }

    async fn respond_activity_task_failed(
        &self,
        request: Request<api::RespondActivityTaskFailedRequest>,
    ) -> Answer<api::RespondActivityTaskFailedResponse> {
        check(&[validate::blob("Failure", request.get_ref().failure.as_ref())])?;
        respond!(self, request, FailActivityRequest, fail_activity)
    }

    async fn respond_activity_task_canceled(
        &self,
        request: Request<api::RespondActivityTaskCanceledRequest>,
    ) -> Answer<api::RespondActivityTaskCanceledResponse> {
        check(&[validate::blob("Details", request.get_ref().details.as_ref())])?;
        respond!(self, request, CancelActivityRequest, cancel_activity)
    }

    async fn record_activity_task_heartbeat(
        &self,
        request: Request<api::RecordActivityTaskHeartbeatRequest>,
    ) -> Answer<api::RecordActivityTaskHeartbeatResponse> {
        check(&[validate::blob("Details", request.get_ref().details.as_ref())])?;
        respond!(self, request, HeartbeatRequest, heartbeat)
    }

    async fn respond_activity_task_completed_by_id(
        &self,
        request: Request<api::RespondActivityTaskCompletedByIdRequest>,
    ) -> Answer<api::RespondActivityTaskCompletedByIdResponse> {
        let (limit, given) = open(request);
        check(&[validate::blob("Result", given.result.as_ref())])?;
        let task = self.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
        let (namespace, workflow) = (task.namespace_id.clone(), task.workflow_id.clone());
        let request = api::RespondActivityTaskCompletedRequest {
            result: given.result,
            identity: given.identity,
            namespace: given.namespace,
            ..Default::default()
        };
        let request = internal::CompleteActivityRequest { task: Some(task), request: Some(request) };
        let answer: Answer<_> = history!(self, limit, namespace, workflow, complete_activity, request);
        answer.map(|_| Response::new(api::RespondActivityTaskCompletedByIdResponse {}))
    }

    async fn respond_activity_task_failed_by_id(
        &self,
        request: Request<api::RespondActivityTaskFailedByIdRequest>,
    ) -> Answer<api::RespondActivityTaskFailedByIdResponse> {
        let (limit, given) = open(request);
        check(&[validate::blob("Failure", given.failure.as_ref())])?;
        let task = self.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
        let (namespace, workflow) = (task.namespace_id.clone(), task.workflow_id.clone());
        let request = api::RespondActivityTaskFailedRequest {
            failure: given.failure,
            identity: given.identity,
            namespace: given.namespace,
            last_heartbeat_details: given.last_heartbeat_details,
            ..Default::default()
        };
        let request = internal::FailActivityRequest { task: Some(task), request: Some(request) };
        let answer: Answer<_> = history!(self, limit, namespace, workflow, fail_activity, request);
        answer.map(|_| Response::new(api::RespondActivityTaskFailedByIdResponse::default()))
    }

    async fn respond_activity_task_canceled_by_id(
        &self,
        request: Request<api::RespondActivityTaskCanceledByIdRequest>,
    ) -> Answer<api::RespondActivityTaskCanceledByIdResponse> {
        let (limit, given) = open(request);
        check(&[validate::blob("Details", given.details.as_ref())])?;
        let task = self.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
        let (namespace, workflow) = (task.namespace_id.clone(), task.workflow_id.clone());
        let request = api::RespondActivityTaskCanceledRequest {
            details: given.details,
            identity: given.identity,
            namespace: given.namespace,
            ..Default::default()
        };
        let request = internal::CancelActivityRequest { task: Some(task), request: Some(request) };
        let answer: Answer<_> = history!(self, limit, namespace, workflow, cancel_activity, request);
        answer.map(|_| Response::new(api::RespondActivityTaskCanceledByIdResponse {}))
    }

    async fn record_activity_task_heartbeat_by_id(
        &self,
        request: Request<api::RecordActivityTaskHeartbeatByIdRequest>,
    ) -> Answer<api::RecordActivityTaskHeartbeatByIdResponse> {
        let (limit, given) = open(request);
        check(&[validate::blob("Details", given.details.as_ref())])?;
        let task = self.named(&given.namespace, &given.workflow_id, &given.run_id, &given.activity_id).await?;
        let (namespace, workflow) = (task.namespace_id.clone(), task.workflow_id.clone());
        let request = api::RecordActivityTaskHeartbeatRequest {
            details: given.details,
            identity: given.identity,
            namespace: given.namespace,
            ..Default::default()
        };
        let request = internal::HeartbeatRequest { task: Some(task), request: Some(request) };
        let answer: Answer<_> = history!(self, limit, namespace, workflow, heartbeat, request);
        answer.map(|answer| {
            let answer: api::RecordActivityTaskHeartbeatResponse = answer.into_inner();
            Response::new(api::RecordActivityTaskHeartbeatByIdResponse {
                cancel_requested: answer.cancel_requested,
                activity_paused: answer.activity_paused,
                activity_reset: answer.activity_reset,
            })
        })
    }

    async fn respond_query_task_completed(
        &self,
        request: Request<api::RespondQueryTaskCompletedRequest>,
    ) -> Answer<api::RespondQueryTaskCompletedResponse> {
        let (limit, request) = open(request);
        let task = token::decode(&request.task_token)?;
        let Some(queue) = task.task_queue.clone().filter(|_| !task.query_id.is_empty()) else {
            return Err(Status::invalid_argument("Invalid TaskToken."));
        };
        self.belongs(&task, &request.namespace).await?;
        let request = internal::AnswerQueryRequest { task: Some(task), request: Some(request) };
        matching!(self, limit, queue, answer_query, request)
    }

    async fn describe_task_queue(
        &self,
        request: Request<api::DescribeTaskQueueRequest>,
    ) -> Answer<api::DescribeTaskQueueResponse> {
        let (limit, request) = open(request);
        let activity = request.task_queue_type == i32::from(TaskQueueType::Activity);
        let kind = if activity { TaskKind::Activity } else { TaskKind::Workflow };
        let queue = self.queue(&request.namespace, request.task_queue.as_ref(), kind).await?;
        let request = internal::DescribeTaskQueueRequest { task_queue: Some(queue.clone()), request: Some(request) };
        matching!(self, limit, queue, describe_task_queue, request)
    }

    async fn shutdown_worker(
        &self,
        request: Request<api::ShutdownWorkerRequest>,
    ) -> Answer<api::ShutdownWorkerResponse> {
        let (limit, request) = open(request);
        if !request.sticky_task_queue.is_empty() {
            let queue = internal::TaskQueue {
                namespace_id: self.namespace(&request.namespace).await?,
                name: request.sticky_task_queue,
                kind: TaskKind::Workflow.into(),
                sticky: true,
            };
            let request = internal::CloseTaskQueueRequest { task_queue: Some(queue.clone()) };
            let answer: Answer<internal::CloseTaskQueueResponse> =
                matching!(self, limit, queue, close_task_queue, request);
            answer?;
        }
        Ok(Response::new(api::ShutdownWorkerResponse {}))
    }
}
