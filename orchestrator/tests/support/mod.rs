//! Nodes on loopback over a store in memory, as many as a test wants.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of this")]

use resurgam_api::WorkflowServiceClient;
use resurgam_api::environment::{Environment, Machine};
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{CommandType, EventType};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeNamespaceRequest, GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueRequest,
    PollWorkflowTaskQueueResponse, RegisterNamespaceRequest, RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
};
use resurgam_orchestrator::cluster::{Config, Member, TokenKeys};
use resurgam_orchestrator::node;
use resurgam_orchestrator::store::Store;
use resurgam_orchestrator::store::memory::Memory;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// A cluster that ends when it is dropped.
pub struct Cluster {
    /// Where each node listens for clients.
    pub addresses: Vec<String>,
    /// Ends one node each.
    pub stops: Vec<CancellationToken>,
    _guards: Vec<DropGuard>,
}

/// Starts `count` nodes and registers the namespace `tests`.
pub async fn cluster(count: usize) -> Cluster {
    cluster_on(&vec![Handle::current(); count]).await
}

/// Starts a node on each runtime over a store in memory, and registers the namespace `tests`.
pub async fn cluster_on(runtimes: &[Handle]) -> Cluster {
    cluster_over(runtimes, Arc::new(Memory::default())).await
}

/// Starts a node on each runtime over a store, and registers the namespace `tests`.
pub async fn cluster_over(runtimes: &[Handle], store: Arc<dyn Store>) -> Cluster {
    let count = runtimes.len();
    let ports = free(2 * count);
    let members: Vec<Member> = (0..count)
        .map(|n| Member { name: format!("node-{n}"), address: format!("127.0.0.1:{}", ports[2 * n + 1]) })
        .collect();
    let keys = TokenKeys::drawn(&Machine);
    let mut cluster = Cluster { addresses: Vec::new(), stops: Vec::new(), _guards: Vec::new() };
    for (n, (member, runtime)) in members.iter().zip(runtimes).enumerate() {
        let address = format!("127.0.0.1:{}", ports[2 * n]);
        let config = Config::of(member, address.clone(), member.address.clone(), members.clone(), keys.clone());
        let stop = CancellationToken::new();
        runtime.spawn(node::run(Arc::new(Machine), config, Arc::clone(&store), stop.clone()));
        cluster.addresses.push(address);
        cluster.stops.push(stop.clone());
        cluster._guards.push(stop.drop_guard());
    }
    let mut client = cluster.client(0);
    let request = registration("tests");
    until(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.register_namespace(request).await.is_ok() }
    })
    .await;
    let request = DescribeNamespaceRequest { namespace: "tests".into(), ..Default::default() };
    client.describe_namespace(request).await.unwrap();
    cluster
}

/// The registration of a namespace.
pub fn registration(name: &str) -> RegisterNamespaceRequest {
    RegisterNamespaceRequest {
        namespace: name.into(),
        description: "a test".into(),
        workflow_execution_retention_period: Some(prost_wkt_types::Duration { seconds: 86_400, nanos: 0 }),
        ..Default::default()
    }
}

/// Ports that nobody listens on.
fn free(count: usize) -> Vec<u16> {
    let all: Vec<_> = (0..count).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    all.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

impl Cluster {
    /// A connection to a node.
    pub fn channel(&self, node: usize) -> Channel {
        Machine.channel(&self.addresses[node]).unwrap()
    }

    /// A client of a node.
    pub fn client(&self, node: usize) -> WorkflowServiceClient<Channel> {
        WorkflowServiceClient::new(self.channel(node))
    }
}

/// Waits until something holds, for ten seconds at most.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it does not come to hold");
}

/// A normal task queue.
pub fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: 1, ..Default::default() })
}

/// A request with a time limit.
pub fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// The detail of a status whose type ends with `name`.
pub fn has_detail(status: &Status, name: &str) -> bool {
    status.details().windows(name.len()).any(|window| window == name.as_bytes())
}

/// A start of the workflow `id`, whose tasks go to the queue `q`.
pub fn start(id: &str) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "kind".into() }),
        task_queue: queue("q"),
        ..Default::default()
    }
}

/// The current run of a workflow.
pub fn execution(id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: id.into(), ..Default::default() })
}

/// So many seconds.
pub fn seconds(seconds: i64) -> Option<prost_wkt_types::Duration> {
    Some(prost_wkt_types::Duration { seconds, nanos: 0 })
}

/// The next workflow task of the queue `q`, once there is one.
pub async fn task(client: &mut WorkflowServiceClient<Channel>) -> PollWorkflowTaskQueueResponse {
    let poll = PollWorkflowTaskQueueRequest { namespace: "tests".into(), task_queue: queue("q"), ..Default::default() };
    loop {
        let limit = Duration::from_secs(10);
        let task = client.poll_workflow_task_queue(within(limit, poll.clone())).await.unwrap().into_inner();
        if !task.task_token.is_empty() {
            return task;
        }
    }
}

/// Answers a workflow task with commands.
pub fn decision(
    task: &PollWorkflowTaskQueueResponse,
    commands: Vec<Attributes>,
) -> RespondWorkflowTaskCompletedRequest {
    use CommandType as T;
    let of = |attributes: Attributes| {
        let kind = match &attributes {
            Attributes::CompleteWorkflowExecutionCommandAttributes(_) => T::CompleteWorkflowExecution,
            Attributes::FailWorkflowExecutionCommandAttributes(_) => T::FailWorkflowExecution,
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(_) => T::ContinueAsNewWorkflowExecution,
            Attributes::ScheduleActivityTaskCommandAttributes(_) => T::ScheduleActivityTask,
            Attributes::StartTimerCommandAttributes(_) => T::StartTimer,
            Attributes::ProtocolMessageCommandAttributes(_) => T::ProtocolMessage,
            other => panic!("no test decides {other:?}"),
        };
        Command { command_type: kind.into(), attributes: Some(attributes), ..Default::default() }
    };
    RespondWorkflowTaskCompletedRequest {
        namespace: "tests".into(),
        task_token: task.task_token.clone(),
        commands: commands.into_iter().map(of).collect(),
        ..Default::default()
    }
}

/// The history of the current run of a workflow.
pub async fn history(client: &mut WorkflowServiceClient<Channel>, id: &str) -> Vec<HistoryEvent> {
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: "tests".into(),
        execution: execution(id),
        ..Default::default()
    };
    client.get_workflow_execution_history(request).await.unwrap().into_inner().history.unwrap().events
}

/// The types of events.
pub fn kinds(events: &[HistoryEvent]) -> Vec<EventType> {
    events.iter().map(HistoryEvent::event_type).collect()
}
