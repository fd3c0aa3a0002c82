//! The history service of one node, by gRPC: works on the shards that it believes to be its own, whether or not anybody
//! asks for them, since their timers and transfers wait for nobody.

use super::engine::{Input, Reply, check, step};
use super::remote::Remote;
use super::shard::{self, Shard};
use crate::cluster::membership::Membership;
use crate::cluster::namespaces::Registry;
use crate::cluster::router::{Router, shard_name};
use crate::cluster::{Rejection, deadline, status};
use crate::store::Store;
use resurgam_api::environment::Environment;
use resurgam_api::internal::history_server::History;
use resurgam_api::internal::{self, TaskKind, TaskQueue, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use resurgam_api::temporal::history::v1::History as Events;
use resurgam_api::temporal::update::v1::{UpdateRef, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1 as api;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// How long an update waits for the stage that its caller wants.
const UPDATE: Duration = Duration::from_secs(20);
/// How long callers wait who say nothing else.
const LIMIT: Duration = Duration::from_secs(30);
/// An answer leaves so long before its caller gives up; if that one waits for less than twice as long, half of it.
const MARGIN: Duration = Duration::from_millis(500);

type Answer<T> = Result<Response<T>, Status>;

/// What a node needs to work on shards.
pub struct Dependencies {
    /// The node's world.
    pub environment: Arc<dyn Environment>,
    /// Where shards are stored.
    pub store: Arc<dyn Store>,
    /// The way to other nodes.
    pub router: Arc<Router>,
    /// Names of namespaces.
    pub registry: Arc<Registry>,
    /// Who ought to own what.
    pub membership: Arc<Membership>,
    /// The node's name.
    pub node: String,
    /// How many shards there are.
    pub shards: u32,
}

/// The shards of one node.
#[derive(Clone)]
pub struct Service {
    dependencies: Arc<Dependencies>,
    remote: Arc<Remote>,
    open: Arc<Mutex<BTreeMap<u32, (Shard, CancellationToken)>>>,
    stop: CancellationToken,
}

/// Takes the expected kind out of a reply.
macro_rules! expect {
    ($reply:expr, $pattern:pat => $value:expr) => {
        match $reply {
            $pattern => Ok(Response::new($value)),
            other => Err(Status::internal(format!("the engine gave another answer: {other:?}"))),
        }
    };
}

impl Service {
    /// Begins to work on the shards that are this node's, and follows changes of that until `stop` is cancelled.
    pub fn start(dependencies: Dependencies, stop: CancellationToken) -> Self {
        let remote = Arc::new(Remote::new(Arc::clone(&dependencies.router), Arc::clone(&dependencies.registry)));
        let service = Self { dependencies: Arc::new(dependencies), remote, open: Arc::default(), stop };
        let environment = Arc::clone(&service.dependencies.environment);
        environment.spawn(Box::pin(service.clone().follow()));
        service
    }

    async fn follow(self) {
        let mut view = self.dependencies.membership.watch();
        // Names of namespaces, for events of workflows that nobody asks about here.
        if let Err(problem) = self.dependencies.registry.list().await {
            tracing::warn!(%problem, "cannot read the namespaces");
        }
        loop {
            for number in 0..self.dependencies.shards {
                if self.dependencies.membership.is_mine(&shard_name(number)) {
                    self.open(number);
                } else if let Some((_, stop)) = self.shards().remove(&number) {
                    stop.cancel();
                }
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                changed = view.changed() => if changed.is_err() { return },
            }
        }
    }

    fn shards(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, (Shard, CancellationToken)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, number: u32) -> Shard {
        let mut open = self.shards();
        let (shard, _) = open.entry(number).or_insert_with(|| {
            let stop = self.stop.child_token();
            let config = shard::Config::new(number, &self.dependencies.node, step, check);
            let (store, dispatcher) = (Arc::clone(&self.dependencies.store), Arc::clone(&self.remote) as _);
            (Shard::start(store, &self.dependencies.environment, dispatcher, config, stop.clone()), stop)
        });
        shard.clone()
    }

    /// The shard of a workflow, if it is this node's.
    async fn shard(&self, namespace_id: &str, workflow_id: &str) -> Result<Shard, Status> {
        let number = self.dependencies.router.shard(namespace_id, workflow_id);
        if !self.dependencies.membership.is_mine(&shard_name(number)) || self.stop.is_cancelled() {
            return Err(status::not_owner(format!("shard {number} belongs to another node")));
        }
        if self.dependencies.registry.name(namespace_id).is_none() {
            // Nothing rests on the name: events show it.
            self.dependencies.registry.find_by_id(namespace_id).await.ok();
        }
        Ok(self.open(number))
    }

    async fn call(&self, namespace_id: &str, workflow_id: &str, input: Input) -> Result<Reply, Status> {
        let shard = self.shard(namespace_id, workflow_id).await?;
        shard.call(input).await.map_err(|rejection| status::of(&rejection))
    }

    /// A call about a task.
    async fn about(&self, task: Option<&TaskToken>, input: Input) -> Result<Reply, Status> {
        let task = task.ok_or_else(|| Status::invalid_argument("no task"))?;
        self.call(&task.namespace_id, &task.workflow_id, input).await
    }

    /// Asks a worker: first the one that has the run in its cache, then any.
    async fn ask_worker(&self, direct: Direct, until: Instant) -> Result<api::QueryWorkflowResponse, Status> {
        let mut request = direct.request;
        let sticky = direct.sticky.map(|name| (name, true));
        for (name, sticky) in sticky.into_iter().chain([(direct.queue, false)]) {
            let namespace_id = request.task.as_ref().map(|task| task.namespace_id.clone()).unwrap_or_default();
            let queue = TaskQueue { namespace_id, name, kind: TaskKind::Workflow.into(), sticky };
            request.task_queue = Some(queue.clone());
            let mut request = request.clone();
            if sticky && let Some(poll) = &mut request.poll {
                // The worker has the run up to its last event.
                poll.history = Some(Events::default());
                poll.next_page_token.clear();
            }
            let answer = self.dependencies.router.matching(&queue, |mut client| {
                let request = deadline::by(until, request.clone());
                async move { client.query_worker(request).await }
            });
            match answer.await {
                Err(problem) if sticky && status::is_sticky_worker_unavailable(&problem) => {}
                answer => return answer,
            }
        }
        Err(Status::unavailable("no worker answers"))
    }
}

/// A query that goes to a worker by itself.
struct Direct {
    request: internal::QueryWorkerRequest,
    sticky: Option<String>,
    queue: String,
}

/// How long a call may wait for news: it is answered before its caller gives up.
fn patience(metadata: &MetadataMap) -> Duration {
    let limit = deadline::limit(metadata).unwrap_or(LIMIT);
    limit - MARGIN.min(limit / 2)
}

fn workflow(execution: Option<&WorkflowExecution>) -> &str {
    execution.map_or("", |execution| &execution.workflow_id)
}

/// The workflow id of a request that wraps one of the public API.
macro_rules! named {
    ($outer:expr, $field:ident) => {
        workflow($outer.request.as_ref().and_then(|request| request.$field.as_ref())).to_owned()
    };
}

#[tonic::async_trait]
impl History for Service {
    async fn start_workflow(
        &self,
        request: Request<internal::StartWorkflowRequest>,
    ) -> Answer<api::StartWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = request.request.as_ref().map(|request| request.workflow_id.clone()).unwrap_or_default();
        let reply = self.call(&request.namespace_id.clone(), &workflow, Input::Start(request)).await?;
        expect!(reply, Reply::Start(answer) => answer)
    }

    async fn signal_with_start(
        &self,
        request: Request<internal::SignalWithStartRequest>,
    ) -> Answer<api::SignalWithStartWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = request.request.as_ref().map(|request| request.workflow_id.clone()).unwrap_or_default();
        let reply = self.call(&request.namespace_id.clone(), &workflow, Input::SignalWithStart(request)).await?;
        expect!(reply, Reply::SignalWithStart(answer) => answer)
    }

    async fn signal(&self, request: Request<internal::SignalRequest>) -> Answer<api::SignalWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = named!(request, workflow_execution);
        self.call(&request.namespace_id.clone(), &workflow, Input::Signal(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn request_cancel(
        &self,
        request: Request<internal::RequestCancelRequest>,
    ) -> Answer<api::RequestCancelWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = named!(request, workflow_execution);
        self.call(&request.namespace_id.clone(), &workflow, Input::RequestCancel(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn terminate(
        &self,
        request: Request<internal::TerminateRequest>,
    ) -> Answer<api::TerminateWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = named!(request, workflow_execution);
        self.call(&request.namespace_id.clone(), &workflow, Input::Terminate(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn query(&self, request: Request<internal::QueryRequest>) -> Answer<api::QueryWorkflowResponse> {
        let until = Instant::now() + deadline::limit(request.metadata()).unwrap_or(LIMIT);
        let request = request.into_inner();
        let (namespace_id, workflow) = (request.namespace_id.clone(), named!(request, execution));
        match self.call(&namespace_id, &workflow, Input::Query(request)).await? {
            Reply::Query(answer) => Ok(Response::new(answer)),
            Reply::QueryDirectly { poll, sticky, queue, query, .. } => {
                let execution = poll.workflow_execution.clone().unwrap_or_default();
                let task = TaskToken {
                    namespace_id,
                    workflow_id: execution.workflow_id,
                    run_id: execution.run_id,
                    ..TaskToken::default()
                };
                let request = internal::QueryWorkerRequest {
                    task_queue: None,
                    task: Some(task),
                    query: Some(query),
                    poll: Some(*poll),
                };
                self.ask_worker(Direct { request, sticky, queue }, until).await.map(Response::new)
            }
            other => Err(Status::internal(format!("the engine gave another answer: {other:?}"))),
        }
    }

    async fn update(&self, request: Request<internal::UpdateRequest>) -> Answer<api::UpdateWorkflowExecutionResponse> {
        let patience = patience(request.metadata()).min(UPDATE);
        let request = request.into_inner();
        let given = request.request.clone().unwrap_or_default();
        let (namespace_id, workflow) = (request.namespace_id.clone(), named!(request, workflow_execution));
        let waiting = self.call(&namespace_id, &workflow, Input::Update(request));
        if let Ok(reply) = tokio::time::timeout(patience, waiting).await {
            return expect!(reply?, Reply::Update(answer) => answer);
        }
        // How far has it come?
        let meta = given.request.and_then(|request| request.meta).unwrap_or_default();
        let update = UpdateRef { workflow_execution: given.workflow_execution, update_id: meta.update_id };
        let reply = self.reached(&namespace_id, &workflow, update).await?;
        expect!(reply, Reply::Update(answer) => answer)
    }

    async fn poll_update(
        &self,
        request: Request<internal::PollUpdateRequest>,
    ) -> Answer<api::PollWorkflowExecutionUpdateResponse> {
        let patience = patience(request.metadata()).min(UPDATE);
        let request = request.into_inner();
        let update = request.request.as_ref().and_then(|request| request.update_ref.clone()).unwrap_or_default();
        let workflow = workflow(update.workflow_execution.as_ref()).to_owned();
        let namespace_id = request.namespace_id.clone();
        let waiting = self.call(&namespace_id, &workflow, Input::PollUpdate(request));
        let reply = match tokio::time::timeout(patience, waiting).await {
            Ok(reply) => reply?,
            Err(_) => self.reached(&namespace_id, &workflow, update).await?,
        };
        expect!(reply, Reply::Update(answer) => api::PollWorkflowExecutionUpdateResponse {
            outcome: answer.outcome,
            stage: answer.stage,
            update_ref: answer.update_ref,
        })
    }

    async fn describe(
        &self,
        request: Request<internal::DescribeRequest>,
    ) -> Answer<api::DescribeWorkflowExecutionResponse> {
        let request = request.into_inner();
        let workflow = named!(request, execution);
        let reply = self.call(&request.namespace_id.clone(), &workflow, Input::Describe(request)).await?;
        expect!(reply, Reply::Describe(answer) => answer)
    }

    async fn get_history(
        &self,
        request: Request<internal::GetHistoryRequest>,
    ) -> Answer<api::GetWorkflowExecutionHistoryResponse> {
        let patience = patience(request.metadata());
        let request = request.into_inner();
        let workflow = named!(request, execution);
        let shard = self.shard(&request.namespace_id, &workflow).await?;
        let answer = shard.history(request, patience).await;
        answer.map(Response::new).map_err(|rejection| status::of(&rejection))
    }

    async fn reset_sticky(
        &self,
        request: Request<internal::ResetStickyRequest>,
    ) -> Answer<api::ResetStickyTaskQueueResponse> {
        let request = request.into_inner();
        let workflow = named!(request, execution);
        self.call(&request.namespace_id.clone(), &workflow, Input::ResetSticky(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn record_workflow_task_started(
        &self,
        request: Request<internal::RecordTaskStartedRequest>,
    ) -> Answer<api::PollWorkflowTaskQueueResponse> {
        let request = request.into_inner();
        let reply = self.about(request.task.clone().as_ref(), Input::WorkflowTaskStarted(request)).await?;
        expect!(reply, Reply::WorkflowTask(poll, _) => *poll)
    }

    async fn record_activity_task_started(
        &self,
        request: Request<internal::RecordTaskStartedRequest>,
    ) -> Answer<api::PollActivityTaskQueueResponse> {
        let request = request.into_inner();
        let reply = self.about(request.task.clone().as_ref(), Input::ActivityTaskStarted(request)).await?;
        expect!(reply, Reply::ActivityTask(poll) => *poll)
    }

    async fn complete_workflow_task(
        &self,
        request: Request<internal::CompleteWorkflowTaskRequest>,
    ) -> Answer<api::RespondWorkflowTaskCompletedResponse> {
        let request = request.into_inner();
        let reply = self.about(request.task.clone().as_ref(), Input::CompleteWorkflowTask(request)).await?;
        expect!(reply, Reply::CompleteWorkflowTask(answer, next) => {
            let workflow_task = next.map(|(poll, _)| *poll).or(answer.workflow_task);
            api::RespondWorkflowTaskCompletedResponse { workflow_task, ..answer }
        })
    }

    async fn fail_workflow_task(
        &self,
        request: Request<internal::FailWorkflowTaskRequest>,
    ) -> Answer<api::RespondWorkflowTaskFailedResponse> {
        let request = request.into_inner();
        self.about(request.task.clone().as_ref(), Input::FailWorkflowTask(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn complete_activity(
        &self,
        request: Request<internal::CompleteActivityRequest>,
    ) -> Answer<api::RespondActivityTaskCompletedResponse> {
        let request = request.into_inner();
        self.about(request.task.clone().as_ref(), Input::CompleteActivity(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn fail_activity(
        &self,
        request: Request<internal::FailActivityRequest>,
    ) -> Answer<api::RespondActivityTaskFailedResponse> {
        let request = request.into_inner();
        self.about(request.task.clone().as_ref(), Input::FailActivity(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn cancel_activity(
        &self,
        request: Request<internal::CancelActivityRequest>,
    ) -> Answer<api::RespondActivityTaskCanceledResponse> {
        let request = request.into_inner();
        self.about(request.task.clone().as_ref(), Input::CancelActivity(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn heartbeat(
        &self,
        request: Request<internal::HeartbeatRequest>,
    ) -> Answer<api::RecordActivityTaskHeartbeatResponse> {
        let request = request.into_inner();
        let reply = self.about(request.task.clone().as_ref(), Input::Heartbeat(request)).await?;
        expect!(reply, Reply::Heartbeat(answer) => answer)
    }

    async fn schedule_first_workflow_task(
        &self,
        request: Request<internal::ScheduleFirstWorkflowTaskRequest>,
    ) -> Answer<internal::ScheduleFirstWorkflowTaskResponse> {
        let request = request.into_inner();
        let workflow = workflow(request.execution.as_ref()).to_owned();
        let namespace_id = request.namespace_id.clone();
        self.call(&namespace_id, &workflow, Input::ScheduleFirstWorkflowTask(request)).await?;
        Ok(Response::new(Default::default()))
    }

    async fn record_child_closed(
        &self,
        request: Request<internal::RecordChildClosedRequest>,
    ) -> Answer<internal::RecordChildClosedResponse> {
        let request = request.into_inner();
        let workflow = workflow(request.parent.as_ref()).to_owned();
        let namespace_id = request.namespace_id.clone();
        self.call(&namespace_id, &workflow, Input::ChildClosed(request)).await?;
        Ok(Response::new(Default::default()))
    }
}

impl Service {
    /// How far an update has come by now. One that nobody knows any more was lost with its owner's memory.
    async fn reached(&self, namespace_id: &str, workflow: &str, update: UpdateRef) -> Result<Reply, Status> {
        let poll = internal::PollUpdateRequest {
            namespace_id: namespace_id.to_owned(),
            request: Some(api::PollWorkflowExecutionUpdateRequest {
                update_ref: Some(update),
                wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Admitted.into() }),
                ..Default::default()
            }),
        };
        let shard = self.shard(namespace_id, workflow).await?;
        shard.call(Input::PollUpdate(poll)).await.map_err(|rejection| match rejection {
            Rejection::NotFound(message) => Status::unavailable(message),
            other => status::of(&other),
        })
    }
}
