//! Schedules while nodes are killed, lose power and stand still: each time that a schedule meets starts one workflow, and not
//! two, and what was acknowledged is there afterwards.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use prost_wkt_types::Duration as Span;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::environment::Environment as _;
use resurgam_api::temporal::common::v1::WorkflowType;
use resurgam_api::temporal::enums::v1::ScheduleOverlapPolicy as Overlap;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{
    IntervalSpec, Schedule, ScheduleAction, SchedulePatch, SchedulePolicies, ScheduleSpec,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_builtin::Builtin;
use resurgam_node::store::memory::Memory;
use resurgam_node::{FRONTEND_PORT, NodeContext, Orchestrator as _, host};
use resurgam_simulation::{Fault, Nemesis, Node, Simulation};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

const NAMESPACE: &str = "tests";
/// Nodes of the cluster.
const NODES: u8 = 3;
/// Schedules, each of which meets a time every second.
const SCHEDULES: usize = 4;
/// How long they do, in seconds.
const LASTING: u64 = 30;

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

    async fn call<T: Clone, A, F>(
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
                Err(status) if matches!(status.code(), Code::InvalidArgument | Code::AlreadyExists) => {
                    panic!("{status:?}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("nobody answers");
    }

    async fn describe(&mut self, id: &str) -> api::DescribeScheduleResponse {
        let request = api::DescribeScheduleRequest { namespace: NAMESPACE.into(), schedule_id: id.into() };
        self.call(request, |mut client, request| async move { client.describe_schedule(request).await }).await
    }

    async fn patch(&mut self, id: &str, request_id: &str, patch: SchedulePatch) {
        let request = api::PatchScheduleRequest {
            namespace: NAMESPACE.into(),
            schedule_id: id.into(),
            patch: Some(patch),
            request_id: request_id.into(),
            ..Default::default()
        };
        self.call(request, |mut client, request| async move { client.patch_schedule(request).await }).await;
    }

    async fn list(&mut self, query: &str, next_page_token: Vec<u8>) -> api::ListWorkflowExecutionsResponse {
        let (namespace, query) = (NAMESPACE.into(), query.into());
        let request = api::ListWorkflowExecutionsRequest { namespace, query, page_size: 100, next_page_token };
        self.call(request, |mut client, request| async move { client.list_workflow_executions(request).await }).await
    }
}

fn span(seconds: i64) -> Option<Span> {
    Some(Span { seconds, nanos: 0 })
}

fn schedule(id: &str, overlap: Overlap) -> Schedule {
    let action = NewWorkflowExecutionInfo {
        workflow_id: format!("w-{id}"),
        workflow_type: Some(WorkflowType { name: "kind".into() }),
        task_queue: Some(TaskQueue { name: "q".into(), ..TaskQueue::default() }),
        // Nobody works: each ends by its time.
        workflow_run_timeout: span(2),
        ..Default::default()
    };
    Schedule {
        spec: Some(ScheduleSpec {
            interval: vec![IntervalSpec { interval: span(1), phase: None }],
            ..Default::default()
        }),
        action: Some(ScheduleAction { action: Some(Action::StartWorkflow(action)) }),
        policies: Some(SchedulePolicies { overlap_policy: overlap.into(), ..Default::default() }),
        state: None,
    }
}

/// One fault after the other, of each node in turn, so that shards change their owners again and again.
fn disturb(nemesis: &Nemesis, seed: u64) {
    for (number, second) in (2..LASTING - 4).step_by(3).enumerate() {
        let node = u8::try_from((number as u64 + seed) % u64::from(NODES)).unwrap();
        let fault = match (number as u64 + seed / 3) % 3 {
            0 => Fault::Kill { node },
            1 => Fault::PowerLoss { node },
            _ => Fault::Pause { node },
        };
        nemesis.order(Duration::from_secs(second), Some(Duration::from_millis(2_500)), fault, 0);
    }
}

/// What schedules say that they have started, and what there is.
async fn drive(node: Node, nemesis: Nemesis, seed: u64) -> Vec<(String, i64, Vec<String>)> {
    let mut client = Client::new(&node);
    let retention = span(86_400);
    let request = api::RegisterNamespaceRequest {
        namespace: NAMESPACE.into(),
        workflow_execution_retention_period: retention,
        ..Default::default()
    };
    while client.nodes[0].register_namespace(request.clone()).await.is_err_and(|it| it.code() != Code::AlreadyExists) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    disturb(&nemesis, seed);
    let policies = [Overlap::AllowAll, Overlap::Skip, Overlap::BufferAll, Overlap::TerminateOther];
    let ids: Vec<String> = (0..SCHEDULES).map(|number| format!("s{number}")).collect();
    for (id, policy) in ids.iter().zip(policies) {
        let request = api::CreateScheduleRequest {
            namespace: NAMESPACE.into(),
            schedule_id: id.clone(),
            schedule: Some(schedule(id, policy)),
            request_id: format!("create {id}"),
            ..Default::default()
        };
        client.call(request, |mut client, request| async move { client.create_schedule(request).await }).await;
    }
    tokio::time::sleep(Duration::from_secs(LASTING)).await;
    nemesis.heal();
    let mut seen = Vec::new();
    for id in ids {
        client.patch(&id, &format!("stop {id}"), SchedulePatch { pause: "enough".into(), ..Default::default() }).await;
        // What waits for others is started when those have ended.
        let info = loop {
            let info = client.describe(&id).await.info.unwrap();
            if info.buffer_size == 0 && info.running_workflows.is_empty() {
                break info;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        // Starts that overlap nothing may still be on their way.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let actions = client.describe(&id).await.info.unwrap().action_count.max(info.action_count);
        let (mut found, mut token) = (Vec::new(), Vec::new());
        loop {
            let page = client.list(&format!("TemporalScheduledById = '{id}'"), token).await;
            found.extend(page.executions.into_iter().map(|info| info.execution.unwrap().workflow_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        found.sort();
        seen.push((id, actions, found));
    }
    seen
}

fn simulated(seed: u64) -> (Vec<(String, i64, Vec<String>)>, u64) {
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
fn each_time_is_started_once_whoever_owns_the_schedule() {
    for seed in 1..=4 {
        let (seen, _) = simulated(seed);
        for (place, (id, actions, found)) in seen.into_iter().enumerate() {
            let mut counted = BTreeMap::<&String, u32>::new();
            found.iter().for_each(|workflow| *counted.entry(workflow).or_default() += 1);
            let twice: Vec<_> = counted.iter().filter(|(_, count)| **count > 1).collect();
            assert!(twice.is_empty(), "seed {seed}, {id}: {twice:?}");
            assert_eq!(found.len() as i64, actions, "seed {seed}, {id}: {found:?}");
            // Of all times one in three at least, and of those that may overlap every one.
            let least = if place == 0 { LASTING as usize } else { LASTING as usize / 4 };
            assert!(found.len() >= least, "seed {seed}, {id}: only {} were started", found.len());
            if place == 0 {
                consecutive(&found);
            }
        }
    }
}

/// No second between the first and the last one is missing.
fn consecutive(found: &[String]) {
    let second = |id: &String| {
        let at = id.rsplit_once('T').unwrap().1.trim_end_matches('Z').to_owned();
        at.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
    };
    for two in found.windows(2) {
        assert_eq!(second(&two[0]) + 1, second(&two[1]), "{two:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_simulation() {
    assert_eq!(simulated(7), simulated(7));
}
