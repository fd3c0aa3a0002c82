//! A shard of our orchestrator by itself, on a store in memory: what it orders elsewhere is taken and forgotten.

use async_trait::async_trait;
use prost::Message;
use resurgam_api::environment::{Environment, Machine};
use resurgam_api::internal::{
    AddTaskRequest, CompleteActivityRequest, CompleteWorkflowTaskRequest, RecordActionClosedRequest,
    RecordActivityTaskStartedRequest, RecordChildClosedRequest, RecordWorkflowTaskStartedRequest, RequestCancelRequest,
    ScheduleFirstWorkflowTaskRequest, SignalRequest, StartWorkflowRequest, Target, TaskToken, TerminateRequest,
};
use resurgam_api::temporal::command::v1::{Command, ScheduleActivityTaskCommandAttributes, command};
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowType};
use resurgam_api::temporal::enums::v1::CommandType;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    RespondActivityTaskCompletedRequest, RespondWorkflowTaskCompletedRequest, SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest, StartWorkflowExecutionResponse, TerminateWorkflowExecutionRequest,
};
use resurgam_batch::{Call, Selected, Selection};
use resurgam_node::store::memory::Memory;
use resurgam_orchestrator::alone::{Added, Dispatcher, Rejection, Shard, ShardConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Where everything is queued.
const QUEUE: &str = "queue";

/// The shard, and how many ids were given away. Clones are the same.
#[derive(Clone)]
pub struct Alone {
    shard: Shard,
    store: Arc<Memory>,
    ids: Arc<AtomicU64>,
}

impl Alone {
    /// Takes a shard of an empty store, in the runtime that is entered.
    #[must_use]
    pub fn new() -> Self {
        // Longer than anybody measures.
        Self::keeping(Duration::from_secs(86_400))
    }

    /// The same, where closed runs are kept for so long.
    #[must_use]
    pub fn keeping(retention: Duration) -> Self {
        let environment: Arc<dyn Environment> = Arc::new(Machine);
        let (store, config) = (Arc::new(Memory::new()), ShardConfig::new(0, "alone"));
        let nowhere = Arc::new(Nowhere { retention: retention.as_millis() as i64 });
        let shard = Shard::start(store.clone(), &environment, nowhere, config, CancellationToken::new());
        Self { shard, store, ids: Arc::default() }
    }

    /// What it stores.
    #[must_use]
    pub fn store(&self) -> &Memory {
        &self.store
    }

    fn id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Starts a workflow.
    ///
    /// # Errors
    /// The shard's.
    pub async fn start(&self, workflow_id: &str) -> Result<(), Rejection> {
        let request = StartWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(WorkflowType { name: "measured".to_owned() }),
            task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
            request_id: self.id(),
            ..StartWorkflowExecutionRequest::default()
        };
        let call = StartWorkflowRequest { target: target(workflow_id), request: Some(request), ..Default::default() };
        self.shard.call(call).await.map(drop)
    }

    /// Signals a workflow, with a request id of its own.
    ///
    /// # Errors
    /// The shard's: after 10,000 of them it is refused.
    pub async fn signal(&self, workflow_id: &str) -> Result<(), Rejection> {
        let request = SignalWorkflowExecutionRequest {
            signal_name: "news".to_owned(),
            request_id: self.id(),
            ..SignalWorkflowExecutionRequest::default()
        };
        let call = SignalRequest { target: target(workflow_id), request: Some(request), ..Default::default() };
        self.shard.call(call).await.map(drop)
    }

    /// Terminates a workflow.
    ///
    /// # Errors
    /// The shard's.
    pub async fn terminate(&self, workflow_id: &str) -> Result<(), Rejection> {
        let request = TerminateWorkflowExecutionRequest::default();
        let call = TerminateRequest { target: target(workflow_id), request: Some(request), ..Default::default() };
        self.shard.call(call).await.map(drop)
    }

    /// A worker takes the pending workflow task and schedules so many activities; returns their tasks.
    ///
    /// # Errors
    /// The shard's.
    pub async fn schedule(&self, workflow_id: &str, count: usize) -> Result<Vec<TaskToken>, Rejection> {
        let task = Some(TaskToken { workflow_id: workflow_id.to_owned(), scheduled_event_id: 2, ..named() });
        let request_id = self.id();
        let call = RecordWorkflowTaskStartedRequest { task, request_id, ..Default::default() };
        let handout = self.shard.call(call).await?;
        let Ok(token) = TaskToken::decode(handout.poll.task_token.as_slice()) else { return Ok(Vec::new()) };
        let command = |number: usize| Command {
            command_type: CommandType::ScheduleActivityTask.into(),
            attributes: Some(command::Attributes::ScheduleActivityTaskCommandAttributes(
                ScheduleActivityTaskCommandAttributes {
                    activity_id: number.to_string(),
                    activity_type: Some(ActivityType { name: "measured".to_owned() }),
                    task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
                    start_to_close_timeout: Some(prost_wkt_types::Duration { seconds: 3600, nanos: 0 }),
                    ..ScheduleActivityTaskCommandAttributes::default()
                },
            )),
            ..Command::default()
        };
        let commands = (0..count).map(command).collect();
        let request = Some(RespondWorkflowTaskCompletedRequest { commands, ..Default::default() });
        // Their events follow the one that says that the task was completed.
        let first = token.started_event_id + 2;
        let named = TaskToken { started_event_id: 0, attempt: 1, started_time: None, ..token.clone() };
        self.shard
            .call(CompleteWorkflowTaskRequest { task: Some(token), request, bad_search_attributes: None })
            .await?;
        let task = |number| TaskToken { scheduled_event_id: first + number as i64, ..named.clone() };
        Ok((0..count).map(task).collect())
    }

    /// A worker takes an activity and completes it: two steps.
    ///
    /// # Errors
    /// The shard's.
    pub async fn complete(&self, activity: &TaskToken) -> Result<(), Rejection> {
        let (task, request_id) = (Some(activity.clone()), self.id());
        self.shard
            .call(RecordActivityTaskStartedRequest { task: task.clone(), request_id, ..Default::default() })
            .await?;
        let request = Some(RespondActivityTaskCompletedRequest::default());
        self.shard.call(CompleteActivityRequest { task, request }).await.map(drop)
    }
}

impl Default for Alone {
    fn default() -> Self {
        Self::new()
    }
}

fn named() -> TaskToken {
    TaskToken { namespace_id: "n".to_owned(), ..TaskToken::default() }
}

fn target(workflow_id: &str) -> Option<Target> {
    Some(Target { namespace_id: "n".to_owned(), workflow_id: workflow_id.to_owned(), run_id: String::new() })
}

/// The rest of a cluster that takes every task and has nobody else in it.
struct Nowhere {
    /// How long closed runs are kept, in milliseconds.
    retention: i64,
}

#[async_trait]
impl Dispatcher for Nowhere {
    async fn namespace(&self, _: &str) -> Result<String, Status> {
        Ok("default".to_owned())
    }

    fn retention(&self, _: &str) -> Option<i64> {
        Some(self.retention)
    }

    async fn add_task(&self, _: AddTaskRequest) -> Result<Added, Status> {
        Ok(Added::Taken)
    }

    async fn start_workflow(&self, _: StartWorkflowRequest) -> Result<StartWorkflowExecutionResponse, Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn signal(&self, _: SignalRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn request_cancel(&self, _: RequestCancelRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn terminate(&self, _: TerminateRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn schedule_first_workflow_task(&self, _: ScheduleFirstWorkflowTaskRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn record_child_closed(&self, _: RecordChildClosedRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn record_action_closed(&self, _: RecordActionClosedRequest) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }

    async fn count(&self, _: Selection) -> Result<i64, Status> {
        Ok(0)
    }

    async fn select(&self, _: Selection) -> Result<Selected, Status> {
        Ok(Selected::default())
    }

    async fn operate(&self, _: Call) -> Result<(), Status> {
        Err(Status::not_found("nobody else is here"))
    }
}
