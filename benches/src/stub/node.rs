//! A node: a frontend that routes, and an owner of workflows and of a task queue. Both speak the official API.

use super::load::{Arrivals, FRONTEND, Load, NODES, OWNER, name};
use super::store::Store;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1::{
    PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse, RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskCompletedResponse, SignalWorkflowExecutionRequest, SignalWorkflowExecutionResponse,
};
use resurgam_api::{WorkflowService, WorkflowServiceClient, WorkflowServiceServer};
use resurgam_simulation::{Jitter, Node, derive, server};
use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// How long a poll waits for a task.
const POLL: Duration = Duration::from_millis(700);
/// How long a frontend waits for an owner.
const HOP: Duration = Duration::from_secs(1);

/// Runs a node until it is killed.
pub(super) async fn serve(
    node: Node,
    index: u8,
    load: Load,
    store: Store,
    arrivals: Arrivals,
) -> Result<(), Box<dyn Error>> {
    let jitter = node.jitter("store", Duration::from_millis(2));
    let owner = Owner { store, jitter, tasks: Arc::default(), load, arrivals: arrivals.clone() };
    let mut others = Vec::new();
    for other in 0..NODES {
        others.push(WorkflowServiceClient::new(node.channel(&format!("{}:{OWNER}", name(other)))?));
    }
    let frontend = Frontend { index, owner: owner.clone(), others, arrivals };
    let at = async |port: u16| node.listen(&format!("0.0.0.0:{port}")).await;
    let owner = server().add_service(WorkflowServiceServer::new(Counted(owner))).serve_with_incoming(at(OWNER).await?);
    let frontend = server().add_service(WorkflowServiceServer::new(frontend)).serve_with_incoming(at(FRONTEND).await?);
    tokio::try_join!(owner, frontend)?;
    Ok(())
}

#[derive(Clone)]
struct Owner {
    store: Store,
    jitter: Jitter,
    tasks: Arc<Tasks>,
    load: Load,
    arrivals: Arrivals,
}

#[derive(Default)]
struct Tasks {
    waiting: Mutex<VecDeque<String>>,
    arrived: Notify,
}

impl Tasks {
    fn push(&self, workflow: String) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(workflow);
        self.arrived.notify_one();
    }

    async fn pop(&self) -> String {
        loop {
            if let Some(task) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                return task;
            }
            self.arrived.notified().await;
        }
    }
}

impl Owner {
    async fn signal(&self, request: SignalWorkflowExecutionRequest) -> SignalWorkflowExecutionResponse {
        if self.load.work {
            let workflow = workflow_id(request.workflow_execution.as_ref());
            // As every product does: the time of an event is the node's.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let row = [now.as_nanos().to_le_bytes().as_slice(), request.signal_name.as_bytes()].concat();
            self.store.append(&self.jitter, &workflow, row).await;
            self.tasks.push(workflow);
        }
        SignalWorkflowExecutionResponse::default()
    }

    async fn poll(&self) -> PollWorkflowTaskQueueResponse {
        let Ok(workflow) = timeout(POLL, self.tasks.pop()).await else {
            return PollWorkflowTaskQueueResponse::default();
        };
        let row = self.store.last(&self.jitter, &workflow).await.unwrap_or_default();
        PollWorkflowTaskQueueResponse {
            task_token: row,
            workflow_execution: Some(WorkflowExecution { workflow_id: workflow, run_id: String::new() }),
            ..PollWorkflowTaskQueueResponse::default()
        }
    }

    async fn complete(&self, request: RespondWorkflowTaskCompletedRequest) -> RespondWorkflowTaskCompletedResponse {
        self.store.append(&self.jitter, &request.identity, request.task_token).await;
        RespondWorkflowTaskCompletedResponse::default()
    }
}

fn workflow_id(execution: Option<&WorkflowExecution>) -> String {
    execution.map(|execution| execution.workflow_id.clone()).unwrap_or_default()
}

/// An owner behind the network.
struct Counted(Owner);

#[tonic::async_trait]
impl WorkflowService for Counted {
    async fn signal_workflow_execution(
        &self,
        request: Request<SignalWorkflowExecutionRequest>,
    ) -> Result<Response<SignalWorkflowExecutionResponse>, Status> {
        self.0.arrivals.one();
        Ok(Response::new(self.0.signal(request.into_inner()).await))
    }

    async fn poll_workflow_task_queue(
        &self,
        _: Request<PollWorkflowTaskQueueRequest>,
    ) -> Result<Response<PollWorkflowTaskQueueResponse>, Status> {
        self.0.arrivals.one();
        Ok(Response::new(self.0.poll().await))
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<RespondWorkflowTaskCompletedRequest>,
    ) -> Result<Response<RespondWorkflowTaskCompletedResponse>, Status> {
        self.0.arrivals.one();
        Ok(Response::new(self.0.complete(request.into_inner()).await))
    }
}

struct Frontend {
    index: u8,
    owner: Owner,
    others: Vec<WorkflowServiceClient<Channel>>,
    arrivals: Arrivals,
}

impl Frontend {
    /// The owner of a workflow, if it is another node.
    fn other(&self, name: &str) -> Option<WorkflowServiceClient<Channel>> {
        let owner = derive(0, name, 0) % u64::from(NODES);
        let always = !self.owner.load.work;
        let owner = if always { (u64::from(self.index) + 1) % u64::from(NODES) } else { owner };
        (owner != u64::from(self.index)).then(|| self.others[usize::try_from(owner).unwrap_or_default()].clone())
    }
}

/// A call of another node, given up after a while.
async fn hop<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<Response<T>, Status> {
    timeout(HOP, call).await.unwrap_or_else(|_| Err(Status::unavailable("the owner does not answer")))
}

#[tonic::async_trait]
impl WorkflowService for Frontend {
    async fn signal_workflow_execution(
        &self,
        request: Request<SignalWorkflowExecutionRequest>,
    ) -> Result<Response<SignalWorkflowExecutionResponse>, Status> {
        self.arrivals.one();
        let request = request.into_inner();
        match self.other(&workflow_id(request.workflow_execution.as_ref())) {
            None => Ok(Response::new(self.owner.signal(request).await)),
            Some(mut other) => hop(other.signal_workflow_execution(request)).await,
        }
    }

    async fn poll_workflow_task_queue(
        &self,
        request: Request<PollWorkflowTaskQueueRequest>,
    ) -> Result<Response<PollWorkflowTaskQueueResponse>, Status> {
        self.arrivals.one();
        let request = request.into_inner();
        // The queue's name is the number of its node.
        let queue = request.task_queue.as_ref().and_then(|queue| queue.name.parse::<usize>().ok()).unwrap_or_default();
        if queue == usize::from(self.index) {
            return Ok(Response::new(self.owner.poll().await));
        }
        hop(self.others[queue].clone().poll_workflow_task_queue(request)).await
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<RespondWorkflowTaskCompletedRequest>,
    ) -> Result<Response<RespondWorkflowTaskCompletedResponse>, Status> {
        self.arrivals.one();
        let request = request.into_inner();
        match self.other(&request.identity) {
            None => Ok(Response::new(self.owner.complete(request).await)),
            Some(mut other) => hop(other.respond_workflow_task_completed(request)).await,
        }
    }
}
