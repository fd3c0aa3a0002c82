//! The public calls. What is not here answers UNIMPLEMENTED.
//!
//! Each call is checked, given the id of its namespace, and passed to the owner of its workflow or task queue, with the
//! caller's time limit. Nothing is decided here. What each call does is in a file by the noun that it is about; the table
//! at the end of this one says where.

mod named;
mod namespace;
mod question;
mod task;
mod workflow;

use super::registry::Registry;
use super::router::Router;
use super::{token, validate};
use resurgam_api::WorkflowService;
use resurgam_api::environment::Environment;
use resurgam_api::internal::{self, TaskKind, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::TaskQueueKind;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use uuid::Builder;

/// The time limit of callers who give none.
const LIMIT: Duration = Duration::from_secs(30);
/// So long before its caller gives up a call is answered, whatever became of it; of a short limit a tenth.
const RETURN: Duration = Duration::from_millis(100);

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
    ($self:ident, $until:expr, $namespace:expr, $workflow:expr, $method:ident, $request:expr) => {{
        let (request, until) = ($request, $until);
        let answer = $self.router.history(&$namespace, &$workflow, |mut client| {
            let request = $crate::frontend::router::by(until, request.clone());
            async move { client.$method(request).await }
        });
        answer.await.map(tonic::Response::new).map_err($crate::frontend::status::public)
    }};
}

/// Calls the owner of a task queue; the request may be sent more than once.
macro_rules! matching {
    ($self:ident, $until:expr, $queue:expr, $method:ident, $request:expr) => {{
        let (request, until) = ($request, $until);
        let answer = $self.router.matching(&$queue, |mut client| {
            let request = $crate::frontend::router::by(until, request.clone());
            async move { client.$method(request).await }
        });
        answer.await.map(tonic::Response::new).map_err($crate::frontend::status::public)
    }};
}

use {history, matching};

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

/// Until when a call has to be done, and its message.
fn open<T>(request: Request<T>) -> (Instant, T) {
    let limit = validate::deadline(request.metadata()).unwrap_or(LIMIT);
    (Instant::now() + limit - RETURN.min(limit / 10), request.into_inner())
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

/// The public calls that are served, and by what.
macro_rules! calls {
    ($($call:ident($request:ident) -> $response:ident = $noun:ident::$verb:ident;)*) => {
        #[tonic::async_trait]
        impl WorkflowService for Frontend {
            $(
                async fn $call(&self, request: Request<api::$request>) -> Answer<api::$response> {
                    $noun::$verb(self, request).await
                }
            )*
        }
    };
}

calls! {
    get_system_info(GetSystemInfoRequest) -> GetSystemInfoResponse = namespace::system;
    get_cluster_info(GetClusterInfoRequest) -> GetClusterInfoResponse = namespace::cluster;
    register_namespace(RegisterNamespaceRequest) -> RegisterNamespaceResponse = namespace::register;
    describe_namespace(DescribeNamespaceRequest) -> DescribeNamespaceResponse = namespace::describe;
    list_namespaces(ListNamespacesRequest) -> ListNamespacesResponse = namespace::list;
    start_workflow_execution(StartWorkflowExecutionRequest) -> StartWorkflowExecutionResponse = workflow::start;
    signal_with_start_workflow_execution(SignalWithStartWorkflowExecutionRequest) -> SignalWithStartWorkflowExecutionResponse = workflow::signal_with_start;
    signal_workflow_execution(SignalWorkflowExecutionRequest) -> SignalWorkflowExecutionResponse = workflow::signal;
    request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest) -> RequestCancelWorkflowExecutionResponse = workflow::request_cancel;
    terminate_workflow_execution(TerminateWorkflowExecutionRequest) -> TerminateWorkflowExecutionResponse = workflow::terminate;
    reset_sticky_task_queue(ResetStickyTaskQueueRequest) -> ResetStickyTaskQueueResponse = workflow::reset_sticky;
    query_workflow(QueryWorkflowRequest) -> QueryWorkflowResponse = question::query;
    update_workflow_execution(UpdateWorkflowExecutionRequest) -> UpdateWorkflowExecutionResponse = question::update;
    poll_workflow_execution_update(PollWorkflowExecutionUpdateRequest) -> PollWorkflowExecutionUpdateResponse = question::poll_update;
    describe_workflow_execution(DescribeWorkflowExecutionRequest) -> DescribeWorkflowExecutionResponse = question::describe;
    get_workflow_execution_history(GetWorkflowExecutionHistoryRequest) -> GetWorkflowExecutionHistoryResponse = question::history;
    poll_workflow_task_queue(PollWorkflowTaskQueueRequest) -> PollWorkflowTaskQueueResponse = task::poll_workflow;
    poll_activity_task_queue(PollActivityTaskQueueRequest) -> PollActivityTaskQueueResponse = task::poll_activity;
    respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest) -> RespondWorkflowTaskCompletedResponse = task::complete_workflow;
    respond_workflow_task_failed(RespondWorkflowTaskFailedRequest) -> RespondWorkflowTaskFailedResponse = task::fail_workflow;
    respond_activity_task_completed(RespondActivityTaskCompletedRequest) -> RespondActivityTaskCompletedResponse = task::complete_activity;
    respond_activity_task_failed(RespondActivityTaskFailedRequest) -> RespondActivityTaskFailedResponse = task::fail_activity;
    respond_activity_task_canceled(RespondActivityTaskCanceledRequest) -> RespondActivityTaskCanceledResponse = task::cancel_activity;
    record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest) -> RecordActivityTaskHeartbeatResponse = task::heartbeat;
    respond_query_task_completed(RespondQueryTaskCompletedRequest) -> RespondQueryTaskCompletedResponse = task::answer_query;
    describe_task_queue(DescribeTaskQueueRequest) -> DescribeTaskQueueResponse = task::describe_queue;
    shutdown_worker(ShutdownWorkerRequest) -> ShutdownWorkerResponse = task::shutdown_worker;
    respond_activity_task_completed_by_id(RespondActivityTaskCompletedByIdRequest) -> RespondActivityTaskCompletedByIdResponse = named::complete;
    respond_activity_task_failed_by_id(RespondActivityTaskFailedByIdRequest) -> RespondActivityTaskFailedByIdResponse = named::fail;
    respond_activity_task_canceled_by_id(RespondActivityTaskCanceledByIdRequest) -> RespondActivityTaskCanceledByIdResponse = named::cancel;
    record_activity_task_heartbeat_by_id(RecordActivityTaskHeartbeatByIdRequest) -> RecordActivityTaskHeartbeatByIdResponse = named::heartbeat;
}
