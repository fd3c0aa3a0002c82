//! A cluster that is only pretended, nodes that can be killed, and short words for requests.

use super::standin::{self, Query, Said, StandIn, What};
use crate::cluster::Rejection;
use crate::history::engine::Slice;
use crate::history::shard::{Added, Dispatcher, Shard, ShardConfig, unasked};
use crate::store::Store;
use crate::testing::World;
use async_trait::async_trait;
use resurgam_api::environment::{Environment, Incoming};
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_batch::{Call, Selected, Selection};
use resurgam_state::Millis;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::Channel;

/// One life of a node: what it spawned dies with it.
pub(super) struct Life {
    world: Arc<World>,
    tasks: Mutex<Vec<AbortHandle>>,
    pub(super) stop: CancellationToken,
}

impl Life {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), tasks: Mutex::default(), stop: CancellationToken::new() })
    }

    pub(super) fn kill(&self) {
        self.tasks.lock().unwrap().drain(..).for_each(|task| task.abort());
    }

    /// A shard of this life.
    pub(super) fn shard(self: &Arc<Self>, store: &Arc<dyn Store>, cluster: &Arc<Cluster>) -> Shard {
        self.shard_with(store, cluster, |_| {})
    }

    pub(super) fn shard_with(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        cluster: &Arc<Cluster>,
        adjust: impl FnOnce(&mut ShardConfig),
    ) -> Shard {
        let environment: Arc<dyn Environment> = self.clone();
        let mut config = ShardConfig::new(1, "node");
        config.tasks.timer = |task| unasked(StandIn::new(&task.run.workflow_id.clone(), What::Timer(task)));
        config.tasks.transfer = |result| unasked(StandIn::new("", What::Transfer(result)));
        config.check = |_| Ok(());
        adjust(&mut config);
        Shard::start(store.clone(), &environment, cluster.clone(), config, self.stop.clone())
    }
}

#[async_trait]
impl Environment for Life {
    fn now(&self) -> SystemTime {
        self.world.now()
    }

    fn random(&self) -> u64 {
        self.world.random()
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        self.world.listen(address).await
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        self.world.channel(address)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.tasks.lock().unwrap().push(tokio::spawn(task).abort_handle());
    }
}

/// The rest of the cluster: it remembers what it was asked.
#[derive(Default)]
pub(super) struct Cluster {
    pub(super) tasks: Mutex<Vec<internal::AddTaskRequest>>,
    /// So many calls fail first.
    pub(super) failing: Mutex<usize>,
    /// How long closed runs are kept, if that is known.
    pub(super) retention: Mutex<Option<Millis>>,
}

impl Cluster {
    pub(super) fn tasks(&self) -> Vec<internal::AddTaskRequest> {
        self.tasks.lock().unwrap().clone()
    }
}

#[async_trait]
impl Dispatcher for Cluster {
    async fn namespace(&self, _: &str) -> Result<String, Status> {
        Ok("default".to_owned())
    }

    fn retention(&self, _: &str) -> Option<Millis> {
        *self.retention.lock().unwrap()
    }

    async fn add_task(&self, request: internal::AddTaskRequest) -> Result<Added, Status> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        {
            let mut failing = self.failing.lock().unwrap();
            if *failing > 0 {
                *failing -= 1;
                return Err(Status::unavailable("not now"));
            }
        }
        let sticky = request.task_queue.as_ref().is_some_and(|queue| queue.sticky);
        self.tasks.lock().unwrap().push(request);
        Ok(if sticky { Added::NoStickyWorker } else { Added::Taken })
    }

    async fn start_workflow(
        &self,
        _: internal::StartWorkflowRequest,
    ) -> Result<api::StartWorkflowExecutionResponse, Status> {
        Err(Status::unimplemented("start"))
    }

    async fn signal(&self, _: internal::SignalRequest) -> Result<(), Status> {
        Err(Status::unimplemented("signal"))
    }

    async fn request_cancel(&self, _: internal::RequestCancelRequest) -> Result<(), Status> {
        Err(Status::unimplemented("cancel"))
    }

    async fn terminate(&self, _: internal::TerminateRequest) -> Result<(), Status> {
        Err(Status::unimplemented("terminate"))
    }

    async fn schedule_first_workflow_task(&self, _: internal::ScheduleFirstWorkflowTaskRequest) -> Result<(), Status> {
        Err(Status::unimplemented("release"))
    }

    async fn record_child_closed(&self, _: internal::RecordChildClosedRequest) -> Result<(), Status> {
        Err(Status::unimplemented("closed"))
    }

    async fn record_action_closed(&self, _: internal::RecordActionClosedRequest) -> Result<(), Status> {
        Err(Status::unimplemented("closed"))
    }

    async fn count(&self, _: Selection) -> Result<i64, Status> {
        Err(Status::unimplemented("count"))
    }

    async fn select(&self, _: Selection) -> Result<Selected, Status> {
        Err(Status::unimplemented("select"))
    }

    async fn operate(&self, _: Call) -> Result<(), Status> {
        Err(Status::unimplemented("operate"))
    }
}

fn execution(workflow_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() })
}

pub(super) fn start(workflow_id: &str, request_id: &str, queue: &str) -> StandIn {
    StandIn::new(workflow_id, What::Start { request_id: request_id.to_owned(), queue: queue.to_owned() })
}

pub(super) fn signal(workflow_id: &str, name: &str, request_id: &str) -> StandIn {
    StandIn::new(workflow_id, What::Signal { name: name.to_owned(), request_id: request_id.to_owned() })
}

pub(super) fn query(workflow_id: &str) -> Query {
    Query(workflow_id.to_owned())
}

pub(super) fn describe(workflow_id: &str) -> StandIn {
    StandIn::new(workflow_id, What::Describe)
}

pub(super) fn poll(workflow_id: &str) -> StandIn {
    StandIn::new(workflow_id, What::Poll)
}

pub(super) fn complete(workflow_id: &str) -> StandIn {
    StandIn::new(workflow_id, What::Complete)
}

/// A request for history, to be adjusted.
pub(super) fn history(workflow_id: &str) -> api::GetWorkflowExecutionHistoryRequest {
    api::GetWorkflowExecutionHistoryRequest { execution: execution(workflow_id), ..Default::default() }
}

impl Shard {
    /// A worker gets the workflow task, and shows what history goes with it.
    pub(super) async fn hand_out(&self, workflow_id: &str) -> (api::PollWorkflowTaskQueueResponse, Slice) {
        let Said::Task(handout) = self.call(poll(workflow_id)).await.unwrap() else { panic!("not a task") };
        let slice = handout.history.clone();
        (self.complete(handout).await.unwrap(), slice)
    }

    pub(super) async fn read(
        &self,
        request: api::GetWorkflowExecutionHistoryRequest,
    ) -> Result<(Vec<HistoryEvent>, Vec<u8>), Rejection> {
        let execution = request.execution.clone().unwrap_or_default();
        let target = Some(standin::target(&execution.workflow_id, &execution.run_id));
        let request = internal::GetHistoryRequest { target, request: Some(request), ..Default::default() };
        let response = self.history(request, Duration::from_secs(60)).await?;
        Ok((response.history.unwrap().events, response.next_page_token))
    }

    /// The whole history, page by page.
    pub(super) async fn read_all(&self, workflow_id: &str, page: i32) -> Result<Vec<HistoryEvent>, Rejection> {
        let mut request = history(workflow_id);
        request.maximum_page_size = page;
        let mut all = Vec::new();
        loop {
            let (events, token) = self.read(request.clone()).await?;
            all.extend(events);
            if token.is_empty() {
                return Ok(all);
            }
            request.next_page_token = token;
        }
    }

    /// Calls until there is a definite answer.
    pub(super) async fn insist(&self, input: StandIn) -> Result<Said, Rejection> {
        loop {
            match self.call(input.clone()).await {
                Err(Rejection::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                answer => return answer,
            }
        }
    }
}

/// Waits until `check` holds, a minute of simulated time at most.
pub(super) async fn until(what: &str, mut check: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if check() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be that {what}");
}

/// Ids of events.
pub(super) fn ids(events: &[HistoryEvent]) -> Vec<i64> {
    events.iter().map(|event| event.event_id).collect()
}
