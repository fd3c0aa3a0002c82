//! The matching service of one node, by gRPC: what is asked of its task queues, and what workers say of themselves.

use super::message::Message;
use super::polls::Served;
use super::queues::{Queues, closed};
use super::workers::{self, Workers};
use crate::cluster::Rejection;
use crate::cluster::membership::Membership;
use crate::cluster::router::queue_partition;
use crate::cluster::{deadline, status};
use resurgam_api::internal::matching_server::Matching;
use resurgam_api::internal::{
    AddTaskRequest, AddTaskResponse, AnswerQueryRequest, CloseTaskQueueRequest, CloseTaskQueueResponse,
    ConfigureTaskQueueRequest, DescribeTaskQueueRequest, DescribeWorkerRequest, ListWorkersRequest,
    PollActivityTaskRequest, PollWorkflowTaskRequest, QueryWorkerRequest, RecordWorkerHeartbeatRequest, TaskQueue,
};
use resurgam_api::temporal::worker::v1::WorkerInfo;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeTaskQueueResponse, DescribeWorkerResponse, ListWorkersResponse, PollActivityTaskQueueResponse,
    PollWorkflowTaskQueueResponse, QueryWorkflowResponse, RecordWorkerHeartbeatResponse,
    RespondQueryTaskCompletedResponse, UpdateTaskQueueConfigResponse,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// The matching service of one node.
#[derive(Clone)]
pub(crate) struct MatchingService {
    queues: Queues,
    workers: Arc<Mutex<Workers>>,
}

type Answer<T> = Result<Response<T>, Status>;

impl MatchingService {
    /// Task queues on `store`, whose tasks are started by `router`. Cancelling `stop` closes them.
    pub fn new(
        environment: Arc<dyn resurgam_api::environment::Environment>,
        store: Arc<dyn crate::store::Store>,
        router: Arc<crate::cluster::router::Router>,
        membership: Arc<Membership>,
        node: impl Into<String>,
        stop: CancellationToken,
    ) -> Self {
        let queues = Queues::new(environment, store, router, membership, node, stop);
        Self { queues, workers: Arc::default() }
    }

    /// The workers of a namespace, if it is this node that they tell of themselves.
    fn workers(&self, queue: Option<TaskQueue>) -> Result<(String, MutexGuard<'_, Workers>), Box<Status>> {
        let queue = queue.ok_or_else(|| Box::new(nothing("task queue")))?;
        let name = queue_partition(&queue).to_string();
        if !self.queues.is_mine(&name) {
            return Err(Box::new(status::not_owner(format!("{name} belongs to another node"))));
        }
        Ok((queue.namespace_id, self.workers.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A part of the call is missing, without which there is nothing to do.
fn nothing(name: &str) -> Status {
    Status::invalid_argument(format!("no {name}"))
}

#[tonic::async_trait]
impl Matching for MatchingService {
    async fn add_task(&self, request: Request<AddTaskRequest>) -> Answer<AddTaskResponse> {
        let request = request.into_inner();
        if request.task.is_none() {
            return Err(nothing("task"));
        }
        let queue = request.task_queue.clone();
        self.queues.ask(queue.as_ref(), |reply| Message::Add(Box::new(request), reply)).await??;
        Ok(Response::new(AddTaskResponse {}))
    }

    async fn poll_workflow_task(
        &self,
        request: Request<PollWorkflowTaskRequest>,
    ) -> Answer<PollWorkflowTaskQueueResponse> {
        let limit = deadline::limit(request.metadata());
        let request = request.into_inner();
        let identity = request.request.ok_or_else(|| nothing("request"))?.identity;
        match self.queues.poll(request.task_queue.as_ref(), identity, None, limit).await? {
            Some(Served::Workflow(task)) => Ok(Response::new(*task)),
            Some(Served::Activity(_)) => Err(Status::internal("an activity task in a queue of workflow tasks")),
            None => Ok(Response::new(Default::default())),
        }
    }

    async fn poll_activity_task(
        &self,
        request: Request<PollActivityTaskRequest>,
    ) -> Answer<PollActivityTaskQueueResponse> {
        let limit = deadline::limit(request.metadata());
        let request = request.into_inner();
        let asked = request.request.ok_or_else(|| nothing("request"))?;
        let rate = asked.task_queue_metadata.and_then(|metadata| metadata.max_tasks_per_second);
        match self.queues.poll(request.task_queue.as_ref(), asked.identity, rate, limit).await? {
            Some(Served::Activity(task)) => Ok(Response::new(*task)),
            Some(Served::Workflow(_)) => Err(Status::internal("a workflow task in a queue of activity tasks")),
            None => Ok(Response::new(Default::default())),
        }
    }

    async fn query_worker(&self, request: Request<QueryWorkerRequest>) -> Answer<QueryWorkflowResponse> {
        let request = request.into_inner();
        if request.task.is_none() || request.poll.is_none() || request.query.is_none() {
            return Err(nothing("query"));
        }
        let queue = request.task_queue.clone();
        let answer = self.queues.ask(queue.as_ref(), |reply| Message::Query(Box::new(request), reply)).await?;
        answer.map(Response::new)
    }

    async fn answer_query(&self, request: Request<AnswerQueryRequest>) -> Answer<RespondQueryTaskCompletedResponse> {
        let request = request.into_inner();
        let task = request.task.ok_or_else(|| nothing("task"))?;
        let answer = Box::new(request.request.ok_or_else(|| nothing("request"))?);
        let known =
            self.queues.ask(task.task_queue.as_ref(), |reply| Message::Answer(task.query_id.clone(), answer, reply));
        if known.await? {
            Ok(Response::new(RespondQueryTaskCompletedResponse {}))
        } else {
            Err(status::of(&Rejection::NotFound("query task not found, or already expired".to_owned())))
        }
    }

    async fn describe_task_queue(
        &self,
        request: Request<DescribeTaskQueueRequest>,
    ) -> Answer<DescribeTaskQueueResponse> {
        let request = request.into_inner();
        let found = self.queues.ask(request.task_queue.as_ref(), Message::Describe).await?;
        let asked = request.request.ok_or_else(|| nothing("request"))?;
        if found.sticky && asked.report_stats {
            let message = "DescribeTaskQueue stats are only supported for the root partition";
            return Err(Status::invalid_argument(message));
        }
        Ok(Response::new(found.answer(&asked)))
    }

    async fn close_task_queue(&self, request: Request<CloseTaskQueueRequest>) -> Answer<CloseTaskQueueResponse> {
        let queue = request.into_inner().task_queue;
        let mailbox = self.queues.queue(queue.as_ref()).map_err(|status| *status)?;
        mailbox.send(Message::Close).await.map_err(|_| closed())?;
        Ok(Response::new(CloseTaskQueueResponse {}))
    }

    async fn configure_task_queue(
        &self,
        request: Request<ConfigureTaskQueueRequest>,
    ) -> Answer<UpdateTaskQueueConfigResponse> {
        let ConfigureTaskQueueRequest { task_queue, request } = request.into_inner();
        let change = Box::new(request.ok_or_else(|| nothing("request"))?);
        let config = self.queues.ask(task_queue.as_ref(), |reply| Message::Configure(change, reply)).await?;
        Ok(Response::new(UpdateTaskQueueConfigResponse { config: Some(config) }))
    }

    async fn record_worker_heartbeat(
        &self,
        request: Request<RecordWorkerHeartbeatRequest>,
    ) -> Answer<RecordWorkerHeartbeatResponse> {
        let RecordWorkerHeartbeatRequest { task_queue, request } = request.into_inner();
        let heartbeats = request.ok_or_else(|| nothing("request"))?.worker_heartbeat;
        let (namespace_id, mut workers) = self.workers(task_queue).map_err(|status| *status)?;
        workers.record(&namespace_id, heartbeats, Instant::now());
        Ok(Response::new(RecordWorkerHeartbeatResponse {}))
    }

    async fn list_workers(&self, request: Request<ListWorkersRequest>) -> Answer<ListWorkersResponse> {
        let ListWorkersRequest { task_queue, request } = request.into_inner();
        let asked = request.ok_or_else(|| nothing("request"))?;
        let (namespace_id, mut workers) = self.workers(task_queue).map_err(|status| *status)?;
        workers::page(&mut workers, &namespace_id, &asked, Instant::now()).map(Response::new)
    }

    async fn describe_worker(&self, request: Request<DescribeWorkerRequest>) -> Answer<DescribeWorkerResponse> {
        let DescribeWorkerRequest { task_queue, request } = request.into_inner();
        let key = request.ok_or_else(|| nothing("request"))?.worker_instance_key;
        let (namespace_id, mut workers) = self.workers(task_queue).map_err(|status| *status)?;
        let found = workers.find(&namespace_id, &key, Instant::now())?;
        let worker_info = Some(WorkerInfo { worker_heartbeat: Some(found) });
        Ok(Response::new(DescribeWorkerResponse { worker_info }))
    }
}
