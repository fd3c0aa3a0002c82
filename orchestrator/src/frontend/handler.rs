//! The frontend of one node, and what its calls have in common: each is checked, given the id of its namespace, and passed
//! to the owner of its workflow or task queue, with the caller's time limit. Nothing is decided here.

use super::seal::{Kind, Seal};
use super::under_way::UnderWay;
use super::waiting::Waiting;
use super::{page_token, validate};
use crate::cluster::deadline::{self, Limit};
use crate::cluster::namespaces::Registry;
use crate::cluster::router::Router;
use crate::cluster::{Config, status, task_token};
use crate::planted::{Bug, planted};
use resurgam_api::calls::{HistoryCall, MatchingCall};
use resurgam_api::environment::Environment;
use resurgam_api::internal::{self, Target, TaskKind, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{NamespaceState, TaskQueueKind};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueResponse;
use resurgam_visibility::Visibility;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use uuid::Builder;

/// The time limit of callers who give none.
const LIMIT: Duration = Duration::from_secs(30);
/// So long before its caller gives up a call is answered, whatever became of it; of a short limit a tenth.
const RETURN: Duration = Duration::from_millis(100);

pub(super) type Answer<T> = Result<Response<T>, Status>;

/// The frontend of one node.
pub struct Frontend {
    environment: Arc<dyn Environment>,
    pub(super) registry: Arc<Registry>,
    pub(super) router: Arc<Router>,
    pub(super) shards: u32,
    pub(super) seal: Seal,
    pub(super) waiting: Waiting,
    pub(super) under_way: UnderWay,
    pub(super) visibility: Arc<dyn Visibility>,
    /// Batch operations of a namespace that may be open at the same time.
    pub(super) batches: usize,
}

impl Frontend {
    /// A frontend that finds owners by `router`.
    pub fn new(
        environment: Arc<dyn Environment>,
        registry: Arc<Registry>,
        router: Arc<Router>,
        visibility: Arc<dyn Visibility>,
        config: &Config,
    ) -> Self {
        let seal = Seal::new(config.token_keys.clone());
        let (waiting, under_way) = (Waiting::default(), UnderWay::default());
        let (shards, batches) = (config.shards, config.batches);
        Self { environment, registry, router, shards, seal, waiting, under_way, visibility, batches }
    }

    /// Calls the owner of a workflow. The request may be sent more than once.
    pub(super) async fn history<C: HistoryCall>(&self, until: Instant, call: C) -> Answer<C::Answer> {
        let answer = self.router.history(call, Limit::Until(until)).await;
        answer.map(Response::new).map_err(status::public)
    }

    /// Calls the owner of a task queue. The request may be sent more than once.
    pub(super) async fn matching<C: MatchingCall>(&self, until: Instant, call: C) -> Answer<C::Answer> {
        let answer = self.router.matching(call, Limit::Until(until)).await;
        answer.map(Response::new).map_err(status::public)
    }

    /// The workflow that a request names.
    pub(super) async fn target(
        &self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
    ) -> Result<Target, Status> {
        let namespace_id = self.namespace(namespace).await?;
        let WorkflowExecution { workflow_id, run_id } =
            validate::part("Execution", execution).map_err(|status| *status)?.clone();
        Ok(Target { namespace_id, workflow_id, run_id })
    }

    pub(super) async fn namespace(&self, name: &str) -> Result<String, Status> {
        validate::namespace(name).map_err(|status| *status)?;
        Ok(self.registry.find(name).await?.id)
    }

    /// A namespace takes new workflows, as far as this node has heard of it.
    ///
    /// # Errors
    /// FAILED_PRECONDITION with Temporal's details if it is deprecated; or it is not found.
    pub(super) async fn takes_workflows(&self, name: &str) -> Result<(), Status> {
        validate::namespace(name).map_err(|status| *status)?;
        match self.registry.find(name).await?.state() {
            NamespaceState::Registered => Ok(()),
            state => Err(status::namespace_invalid_state(name, state, NamespaceState::Registered)),
        }
    }

    pub(super) fn request_id(&self, given: &mut String) {
        if given.is_empty() {
            let (high, low) = (self.environment.random().to_be_bytes(), self.environment.random().to_be_bytes());
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&high);
            bytes[8..].copy_from_slice(&low);
            *given = Builder::from_random_bytes(bytes).into_uuid().to_string();
        }
    }

    /// The task of a token, if it belongs to the namespace that the caller names (or it names none).
    pub(super) async fn task(&self, bytes: &[u8], namespace: &str) -> Result<TaskToken, Status> {
        let task = self.opened(bytes)?;
        if !task.query_id.is_empty() {
            return Err(Status::invalid_argument("Invalid TaskToken."));
        }
        self.belongs(&task, namespace).await?;
        Ok(task)
    }

    /// The task of a token of ours.
    #[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
    pub(super) fn opened(&self, bytes: &[u8]) -> Result<TaskToken, Status> {
        if bytes.is_empty() {
            return Err(Status::invalid_argument("Task token not set on request."));
        }
        let body = self.seal.open(Kind::Task, bytes);
        task_token::decode(body.ok_or_else(|| Status::invalid_argument("Invalid TaskToken."))?)
    }

    /// A workflow task for the hands of a worker.
    pub(super) fn sealed(
        &self,
        namespace_id: &str,
        task: PollWorkflowTaskQueueResponse,
    ) -> PollWorkflowTaskQueueResponse {
        let workflow_id = task.workflow_execution.as_ref().map_or("", |execution| &execution.workflow_id);
        let next_page_token = page_token::close(&self.seal, namespace_id, workflow_id, task.next_page_token.clone());
        PollWorkflowTaskQueueResponse {
            next_page_token,
            task_token: self.seal.close(Kind::Task, &task.task_token),
            ..task
        }
    }

    pub(super) async fn belongs(&self, task: &TaskToken, namespace: &str) -> Result<(), Status> {
        if namespace.is_empty() || self.registry.find(namespace).await?.id == task.namespace_id {
            return Ok(());
        }
        if planted(Bug::TaskTokenUnbound) {
            return Ok(());
        }
        Err(Status::invalid_argument("Operation requested with a token from a different namespace."))
    }

    /// The task of an activity that is named by its id.
    pub(super) async fn named(
        &self,
        namespace: &str,
        workflow: &str,
        run: &str,
        activity: &str,
    ) -> Result<TaskToken, Status> {
        check(&[
            validate::given("WorkflowId", workflow),
            validate::run_id(run),
            validate::given("ActivityId", activity),
        ])?;
        Ok(TaskToken {
            namespace_id: self.namespace(namespace).await?,
            workflow_id: workflow.into(),
            run_id: run.into(),
            activity_id: activity.into(),
            ..TaskToken::default()
        })
    }

    pub(super) async fn queue(
        &self,
        namespace: &str,
        queue: Option<&TaskQueue>,
        kind: TaskKind,
    ) -> Result<internal::TaskQueue, Status> {
        validate::task_queue(queue).map_err(|status| *status)?;
        let queue = validate::part("TaskQueue", queue).map_err(|status| *status)?.clone();
        Ok(internal::TaskQueue {
            namespace_id: self.namespace(namespace).await?,
            sticky: queue.kind == i32::from(TaskQueueKind::Sticky),
            name: queue.name,
            kind: kind.into(),
        })
    }
}

/// Until when a call has to be done, and its message.
pub(super) fn open<T>(request: Request<T>) -> (Instant, T) {
    let limit = deadline::limit(request.metadata()).unwrap_or(LIMIT);
    (Instant::now() + limit - RETURN.min(limit / 10), request.into_inner())
}

/// The first of several complaints.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn check(checks: &[Result<(), Box<Status>>]) -> Result<(), Status> {
    match checks.iter().find_map(|check| check.as_ref().err()) {
        Some(status) => Err(Status::clone(status)),
        None => Ok(()),
    }
}
