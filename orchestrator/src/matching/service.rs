//! The matching service of one node, by gRPC: opens task queues when they are asked for and believed to be this node's,
//! closes them when they are not any more.

use super::message::Message;
use super::partition::{self, Dependencies};
use super::polls::{Poll, Served};
use crate::cluster::membership::Membership;
use crate::cluster::router::queue_partition;
use crate::cluster::{deadline, status};
use crate::planted::{Bug, planted};
use resurgam_api::internal::matching_server::Matching;
use resurgam_api::internal::{
    AddTaskRequest, AddTaskResponse, AnswerQueryRequest, CloseTaskQueueRequest, CloseTaskQueueResponse,
    DescribeTaskQueueRequest, PollActivityTaskRequest, PollWorkflowTaskRequest, QueryWorkerRequest, TaskQueue,
};
use resurgam_api::temporal::workflowservice::v1::{
    DescribeTaskQueueResponse, PollActivityTaskQueueResponse, PollWorkflowTaskQueueResponse, QueryWorkflowResponse,
    RespondQueryTaskCompletedResponse,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Task queues of one node.
#[derive(Clone)]
pub struct Service {
    dependencies: Dependencies,
    membership: Arc<Membership>,
    queues: Arc<Mutex<BTreeMap<String, Open>>>,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Open {
    mailbox: mpsc::Sender<Message>,
    stop: CancellationToken,
}

type Answer<T> = Result<Response<T>, Status>;

impl Service {
    /// Task queues on `store`, whose tasks are started by `router`. Cancelling `stop` closes them.
    pub fn new(
        environment: Arc<dyn resurgam_api::environment::Environment>,
        store: Arc<dyn crate::store::Store>,
        router: Arc<crate::cluster::router::Router>,
        membership: Arc<Membership>,
        node: impl Into<String>,
        stop: CancellationToken,
    ) -> Self {
        let dependencies = Dependencies { environment, store, router, node: node.into() };
        let service = Self { dependencies, membership, queues: Arc::default(), stop };
        service.clone().follow();
        service
    }

    /// Closes queues that are not this node's any more, whenever the view of the members changes.
    fn follow(self) {
        let mut view = self.membership.watch();
        let environment = Arc::clone(&self.dependencies.environment);
        environment.spawn(Box::pin(async move {
            loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return,
                    changed = view.changed() => if changed.is_err() { return },
                }
                if !planted(Bug::StaleQueueOwner) {
                    let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
                    queues.retain(|name, open| {
                        let mine = self.membership.is_mine(name);
                        if !mine {
                            open.stop.cancel();
                        }
                        mine
                    });
                }
            }
        }));
    }

    /// The mailbox of a queue.
    fn queue(&self, queue: Option<&TaskQueue>) -> Result<mpsc::Sender<Message>, Box<Status>> {
        let queue = queue.ok_or_else(|| Box::new(Status::invalid_argument("no task queue")))?;
        let partition = queue_partition(queue);
        let name = partition.to_string();
        if !self.membership.is_mine(&name) || self.stop.is_cancelled() {
            return Err(Box::new(status::not_owner(format!("{name} belongs to another node"))));
        }
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|_, open| !open.mailbox.is_closed());
        let open = queues.entry(name).or_insert_with(|| {
            let stop = self.stop.child_token();
            let mailbox = partition::open(self.dependencies.clone(), partition, queue.sticky, stop.clone());
            Open { mailbox, stop }
        });
        Ok(open.mailbox.clone())
    }

    /// Sends a message and waits for its answer, for as long as there is an owner.
    async fn ask<T>(
        &self,
        queue: Option<&TaskQueue>,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, Status> {
        let mailbox = self.queue(queue).map_err(|status| *status)?;
        let (sender, receiver) = oneshot::channel();
        mailbox.send(message(sender)).await.map_err(|_| closed())?;
        receiver.await.map_err(|_| closed())
    }

    /// Waits for a task until a second before the caller's limit.
    async fn poll(
        &self,
        queue: Option<&TaskQueue>,
        identity: String,
        rate: Option<f64>,
        limit: Option<Duration>,
    ) -> Result<Option<Served>, Status> {
        let patience = limit.map_or(deadline::POLL_MAX, |limit| limit.saturating_sub(deadline::POLL_MARGIN));
        let until = Instant::now() + patience.min(deadline::POLL_MAX);
        let mailbox = self.queue(queue).map_err(|status| *status)?;
        let (sender, mut receiver) = oneshot::channel();
        match tokio::time::timeout_at(until, mailbox.send(Message::Poll(Poll { identity, receiver: sender }, rate)))
            .await
        {
            Ok(sent) => sent.map_err(|_| closed())?,
            // Its owner cannot listen now.
            Err(_) => return Ok(None),
        }
        match tokio::time::timeout_at(until, &mut receiver).await {
            Ok(served) => served.map(Some).map_err(|_| closed()),
            Err(_) => {
                // What arrives at this very moment is not to be lost.
                receiver.close();
                Ok(receiver.try_recv().ok())
            }
        }
    }
}

/// The queue was closed while somebody waited for it: nothing was handed out, and nothing taken over for good.
fn closed() -> Status {
    status::not_owner("the task queue was closed")
}

/// A part of the call is missing, without which there is nothing to do.
fn nothing(name: &str) -> Status {
    Status::invalid_argument(format!("no {name}"))
}

#[tonic::async_trait]
impl Matching for Service {
    async fn add_task(&self, request: Request<AddTaskRequest>) -> Answer<AddTaskResponse> {
        let request = request.into_inner();
        if request.task.is_none() {
            return Err(nothing("task"));
        }
        let queue = request.task_queue.clone();
        self.ask(queue.as_ref(), |reply| Message::Add(Box::new(request), reply)).await??;
        Ok(Response::new(AddTaskResponse {}))
    }

    async fn poll_workflow_task(
        &self,
        request: Request<PollWorkflowTaskRequest>,
    ) -> Answer<PollWorkflowTaskQueueResponse> {
        let limit = deadline::limit(request.metadata());
        let request = request.into_inner();
        let identity = request.request.ok_or_else(|| nothing("request"))?.identity;
        match self.poll(request.task_queue.as_ref(), identity, None, limit).await? {
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
        match self.poll(request.task_queue.as_ref(), asked.identity, rate, limit).await? {
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
        let answer = self.ask(queue.as_ref(), |reply| Message::Query(Box::new(request), reply)).await?;
        answer.map(Response::new)
    }

    async fn answer_query(&self, request: Request<AnswerQueryRequest>) -> Answer<RespondQueryTaskCompletedResponse> {
        let request = request.into_inner();
        let task = request.task.ok_or_else(|| nothing("task"))?;
        let answer = Box::new(request.request.ok_or_else(|| nothing("request"))?);
        let known = self.ask(task.task_queue.as_ref(), |reply| Message::Answer(task.query_id.clone(), answer, reply));
        if known.await? {
            Ok(Response::new(RespondQueryTaskCompletedResponse {}))
        } else {
            Err(Status::not_found("query task not found, or already expired"))
        }
    }

    async fn describe_task_queue(
        &self,
        request: Request<DescribeTaskQueueRequest>,
    ) -> Answer<DescribeTaskQueueResponse> {
        let request = request.into_inner();
        let found = self.ask(request.task_queue.as_ref(), Message::Describe).await?;
        let asked = request.request.ok_or_else(|| nothing("request"))?;
        if found.sticky && asked.report_stats {
            let message = "DescribeTaskQueue stats are only supported for the root partition";
            return Err(Status::invalid_argument(message));
        }
        Ok(Response::new(found.answer(&asked)))
    }

    async fn close_task_queue(&self, request: Request<CloseTaskQueueRequest>) -> Answer<CloseTaskQueueResponse> {
        let queue = request.into_inner().task_queue;
        let mailbox = self.queue(queue.as_ref()).map_err(|status| *status)?;
        mailbox.send(Message::Close).await.map_err(|_| closed())?;
        Ok(Response::new(CloseTaskQueueResponse {}))
    }
}
