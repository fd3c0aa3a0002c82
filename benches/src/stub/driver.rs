//! The driver: clients and workers on one host, with the recorder.

use super::load::{Arrivals, Counts, FRONTEND, Load, NODES, name};
use super::record::Recorder;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    PollWorkflowTaskQueueRequest, RespondWorkflowTaskCompletedRequest, SignalWorkflowExecutionRequest,
};
use resurgam_simulation::Node;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;
use tonic::{Response, Status};

/// How long a caller waits, polls included.
const PATIENCE: Duration = Duration::from_millis(1_200);

/// What clients and workers share.
#[derive(Clone)]
struct Driver {
    load: Load,
    recorder: Recorder,
    counts: Rc<RefCell<Counts>>,
}

/// Calls until the time is over.
pub(super) async fn drive(node: Node, load: Load, arrivals: Arrivals) -> Counts {
    let driver = Driver { load, recorder: Recorder::new(node.clone()), counts: Rc::default() };
    let connect = || {
        let channel = |index| node.channel(&format!("{}:{FRONTEND}", name(index)));
        (0..NODES).map(channel).map(|channel| channel.map(WorkflowServiceClient::new)).collect::<Result<Vec<_>, _>>()
    };
    // Addresses made of our own names are addresses.
    let (Ok(for_clients), Ok(for_workers)) = (connect(), connect()) else { return Counts::default() };
    for client in 0..load.clients {
        let draws = SmallRng::seed_from_u64(node.random());
        spawn_local(driver.clone().call(u64::from(client) << 32, draws, for_clients.clone()));
    }
    for worker in 0..load.workers {
        let draws = SmallRng::seed_from_u64(node.random());
        spawn_local(driver.clone().work(worker, draws, for_workers.clone()));
    }
    sleep(load.lasts).await;
    let mut counts = *driver.counts.borrow();
    (counts.arrived, counts.recorded) = (arrivals.0.load(Ordering::Relaxed), driver.recorder.bytes());
    counts
}

type Frontends = Vec<WorkflowServiceClient<Channel>>;

impl Driver {
    async fn call(self, first: u64, mut draws: SmallRng, frontends: Frontends) {
        for operation in first.. {
            let mut frontend = frontends[draws.random_range(0..frontends.len())].clone();
            let workflow = format!("case-w{}", draws.random_range(0..8));
            let request = SignalWorkflowExecutionRequest {
                namespace: "default".to_owned(),
                workflow_execution: Some(WorkflowExecution { workflow_id: workflow.clone(), run_id: String::new() }),
                signal_name: format!("signal-{operation}"),
                identity: "client".to_owned(),
                request_id: format!("request-{operation}"),
                ..SignalWorkflowExecutionRequest::default()
            };
            self.record("invoke", operation, &workflow, "signal");
            let answer = self.answer(frontend.signal_workflow_execution(request)).await;
            let detail = answer.map_or_else(|status| format!("{:?}", status.code()), |_| "ok".to_owned());
            self.record("return", operation, &workflow, &detail);
            if !self.load.pause.is_zero() {
                let most = u64::try_from(self.load.pause.as_millis()).unwrap_or(u64::MAX);
                sleep(Duration::from_millis(draws.random_range(0..=most))).await;
            }
        }
    }

    async fn work(self, index: u8, mut draws: SmallRng, frontends: Frontends) {
        for operation in (u64::from(index) << 32 | 1 << 63).. {
            let queue = TaskQueue { name: (index % NODES).to_string(), ..TaskQueue::default() };
            let request = PollWorkflowTaskQueueRequest {
                namespace: "default".to_owned(),
                task_queue: Some(queue),
                identity: format!("worker-{index}"),
                ..PollWorkflowTaskQueueRequest::default()
            };
            let mut frontend = frontends[draws.random_range(0..frontends.len())].clone();
            let Ok(task) = self.answer(frontend.poll_workflow_task_queue(request)).await else {
                sleep(Duration::from_millis(draws.random_range(5..50))).await;
                continue;
            };
            let task = task.into_inner();
            let Some(execution) = task.workflow_execution else { continue };
            self.record("task", operation, &execution.workflow_id, "polled");
            let request = RespondWorkflowTaskCompletedRequest {
                namespace: "default".to_owned(),
                identity: execution.workflow_id.clone(),
                task_token: task.task_token,
                ..RespondWorkflowTaskCompletedRequest::default()
            };
            let answer = self.answer(frontend.respond_workflow_task_completed(request)).await;
            let detail = answer.map_or_else(|status| format!("{:?}", status.code()), |_| "ok".to_owned());
            self.record("completed", operation, &execution.workflow_id, &detail);
        }
    }

    async fn answer<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<Response<T>, Status> {
        let answer = timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("given up")));
        let mut counts = self.counts.borrow_mut();
        if answer.is_ok() {
            counts.answered += 1;
        } else {
            counts.failed += 1;
        }
        answer
    }

    fn record(&self, what: &str, operation: u64, subject: &str, detail: &str) {
        if self.load.work {
            self.recorder.line(what, operation, subject, detail);
        }
    }
}
