//! Batch operations while nodes are killed, lose power, stand still and are cut off: each workflow that a question finds gets
//! its signal, none gets it twice, and what is counted is what was done.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use prost_wkt_types::Duration as Span;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::environment::Environment as _;
use resurgam_api::temporal::batch::v1::BatchOperationSignal;
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::BatchOperationState as State;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use resurgam_builtin::Builtin;
use resurgam_node::store::memory::Memory;
use resurgam_node::{FRONTEND_PORT, NodeContext, Orchestrator as _, host};
use resurgam_simulation::{Fault, Nemesis, Node, Side, Simulation, Way};
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

const NAMESPACE: &str = "tests";
/// Nodes of the cluster.
const NODES: u8 = 3;
/// Workflows that are meant, and others.
const MEANT: usize = 150;
const OTHERS: usize = 20;
/// How many of them a second: few enough for many faults in the middle.
const RATE: f32 = 8.0;

/// A client that asks again until it is answered, one node after the other.
struct Client {
    nodes: Vec<WorkflowServiceClient<Channel>>,
    next: usize,
}

impl Client {
    fn new(node: &Node) -> Self {
        let at = |number| node.channel(&format!("{}:{FRONTEND_PORT}", host(number))).unwrap();
        Self { nodes: (0..NODES).map(|number| WorkflowServiceClient::new(at(number))).collect(), next: 0 }
    }

    /// What is answered; `ALREADY_EXISTS` is an answer, too.
    async fn call<T: Clone, A: Default, F>(
        &mut self,
        request: T,
        call: impl Fn(WorkflowServiceClient<Channel>, Request<T>) -> F,
    ) -> A
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        for _ in 0..400 {
            let mut asked = Request::new(request.clone());
            asked.set_timeout(Duration::from_secs(2));
            self.next = (self.next + 1) % self.nodes.len();
            match call(self.nodes[self.next].clone(), asked).await {
                Ok(answer) => return answer.into_inner(),
                Err(status) if status.code() == Code::AlreadyExists => return A::default(),
                Err(status) if status.code() == Code::InvalidArgument => panic!("{status:?}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("nobody answers");
    }

    async fn start(&mut self, id: &str, kind: &str) {
        let request = api::StartWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_id: id.into(),
            workflow_type: Some(WorkflowType { name: kind.into() }),
            task_queue: Some(TaskQueue { name: "q".into(), ..TaskQueue::default() }),
            request_id: format!("start {id}"),
            ..Default::default()
        };
        self.call(request, |mut client, request| async move { client.start_workflow_execution(request).await }).await;
    }

    /// How many signals a workflow has got.
    async fn signals(&mut self, id: &str) -> usize {
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: NAMESPACE.into(),
            execution: Some(WorkflowExecution { workflow_id: id.into(), run_id: String::new() }),
            ..Default::default()
        };
        let call = |mut client: WorkflowServiceClient<Channel>, request| async move {
            client.get_workflow_execution_history(request).await
        };
        let history = self.call(request, call).await.history.unwrap();
        let signal = |it: &&Attributes| matches!(it, Attributes::WorkflowExecutionSignaledEventAttributes(_));
        history.events.iter().filter_map(|event| event.attributes.as_ref()).filter(signal).count()
    }

    async fn describe(&mut self) -> api::DescribeBatchOperationResponse {
        let request = api::DescribeBatchOperationRequest { namespace: NAMESPACE.into(), job_id: "job".into() };
        self.call(request, |mut client, request| async move { client.describe_batch_operation(request).await }).await
    }
}

/// One fault after the other, of each node in turn, so that shards change their owners again and again.
fn disturb(nemesis: &Nemesis, seed: u64) {
    for (number, second) in (1..30).step_by(3).enumerate() {
        let number = number as u64 + seed;
        let node = u8::try_from(number % u64::from(NODES)).unwrap();
        let fault = match number / 3 % 4 {
            0 => Fault::Kill { node },
            1 => Fault::PowerLoss { node },
            2 => Fault::Pause { node },
            _ => Fault::Partition { side: Side { nodes: vec![node], driver: false }, way: Way::Both },
        };
        nemesis.order(Duration::from_secs(second), Some(Duration::from_millis(2_500)), fault, 0);
    }
}

/// What is seen at the end: what the operation says, and how many signals each workflow has got.
#[derive(Debug, PartialEq)]
struct Seen {
    counts: (i64, i64, i64),
    longest: Duration,
    meant: Vec<usize>,
    others: Vec<usize>,
}

async fn drive(node: Node, nemesis: Nemesis, seed: u64) -> Seen {
    let mut client = Client::new(&node);
    let request = api::RegisterNamespaceRequest {
        namespace: NAMESPACE.into(),
        workflow_execution_retention_period: Some(Span { seconds: 86_400, nanos: 0 }),
        ..Default::default()
    };
    client.call(request, |mut client, request| async move { client.register_namespace(request).await }).await;
    for number in 0..MEANT.max(OTHERS) {
        if number < MEANT {
            client.start(&format!("meant-{number}"), "meant").await;
        }
        if number < OTHERS {
            client.start(&format!("other-{number}"), "other").await;
        }
    }
    let begun = tokio::time::Instant::now();
    let request = api::StartBatchOperationRequest {
        namespace: NAMESPACE.into(),
        job_id: "job".into(),
        visibility_query: "WorkflowType = 'meant'".into(),
        reason: "a test".into(),
        max_operations_per_second: RATE,
        operation: Some(Operation::SignalOperation(BatchOperationSignal { signal: "s".into(), ..Default::default() })),
        ..Default::default()
    };
    client.call(request, |mut client, request| async move { client.start_batch_operation(request).await }).await;
    disturb(&nemesis, seed);
    let mut before = 0;
    let described = loop {
        let described = client.describe().await;
        assert!(described.complete_operation_count >= before, "it has forgotten what it has done");
        before = described.complete_operation_count;
        if described.state() != State::Running {
            break described;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    nemesis.heal();
    assert_eq!(described.state(), State::Completed);
    let (mut meant, mut others) = (Vec::new(), Vec::new());
    for number in 0..MEANT {
        meant.push(client.signals(&format!("meant-{number}")).await);
    }
    for number in 0..OTHERS {
        others.push(client.signals(&format!("other-{number}")).await);
    }
    let api::DescribeBatchOperationResponse { total_operation_count: total, .. } = described;
    let counts = (total, described.complete_operation_count, described.failure_operation_count);
    Seen { counts, longest: begun.elapsed(), meant, others }
}

fn simulated(seed: u64) -> (Seen, u64) {
    resurgam_api::json::prepare();
    let store = Arc::new(Memory::default());
    let orchestrator = Arc::new(Builtin::default());
    let ended = Simulation::new(seed).deadline(Duration::from_secs(600)).run(|cluster| {
        let members: Vec<String> = (0..NODES).map(host).collect();
        for number in 0..NODES {
            let (orchestrator, store, members) = (Arc::clone(&orchestrator), Arc::clone(&store), members.clone());
            cluster.node(&host(number), move |node| {
                let context = NodeContext {
                    environment: Arc::new(node),
                    number,
                    name: host(number),
                    members: members.clone(),
                    shards: 4,
                    store: Arc::clone(&store) as Arc<_>,
                };
                let orchestrator = Arc::clone(&orchestrator);
                async move { orchestrator.serve(context).await.map_err(|why| -> Box<dyn std::error::Error> { why }) }
            });
        }
        drive(cluster.driver(), cluster.nemesis(), seed)
    });
    let ended = ended.unwrap();
    (ended.value, ended.trace)
}

#[test]
fn each_workflow_is_signalled_once_whoever_owns_the_operation() {
    for seed in 1..=4 {
        let (seen, _) = simulated(seed);
        let twice: Vec<_> = (0..MEANT).filter(|number| seen.meant[*number] != 1).collect();
        assert!(twice.is_empty(), "seed {seed}: {:?} of {twice:?}", seen.meant);
        assert!(seen.others.iter().all(|signals| *signals == 0), "seed {seed}: {:?}", seen.others);
        assert_eq!(seen.counts, (MEANT as i64, MEANT as i64, 0), "seed {seed}");
        assert!(seen.longest >= Duration::from_secs_f32((MEANT as f32 - RATE) / RATE), "seed {seed}: it was too fast");
    }
}

#[test]
fn the_same_seed_is_the_same_simulation() {
    assert_eq!(simulated(7), simulated(7));
}
