//! The calls of clients and workers.

use crate::arrival::Arrival;
use crate::run::{Run, Task};
use crate::runs::Runs;
use crate::token::{named, token};
use resurgam_node::prelude::*;
use std::sync::Arc;
use temporal::common::v1::WorkflowExecution;
use temporal::enums::v1::PendingWorkflowTaskState;
use temporal::history::v1 as event;
use temporal::workflow::v1::{
    PendingActivityInfo, PendingWorkflowTaskInfo, WorkflowExecutionConfig, WorkflowExecutionInfo,
};
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// What serves them.
pub(crate) struct Service {
    runs: Runs,
    forgets: bool,
}

impl Service {
    pub(crate) fn new(environment: Arc<dyn Environment>, forgets: bool) -> Self {
        Self { runs: Runs::new(environment), forgets }
    }
}

#[async_trait]
impl WorkflowService for Service {
    async fn register_namespace(
        &self,
        _: Request<api::RegisterNamespaceRequest>,
    ) -> Answer<api::RegisterNamespaceResponse> {
        Ok(Response::new(api::RegisterNamespaceResponse {}))
    }

    async fn describe_namespace(
        &self,
        _: Request<api::DescribeNamespaceRequest>,
    ) -> Answer<api::DescribeNamespaceResponse> {
        Ok(Response::new(Default::default()))
    }

    async fn start_workflow_execution(
        &self,
        request: Request<api::StartWorkflowExecutionRequest>,
    ) -> Answer<api::StartWorkflowExecutionResponse> {
        let run_id = self.runs.start(request.into_inner(), self.forgets)?;
        Ok(Response::new(api::StartWorkflowExecutionResponse { run_id, started: true, ..Default::default() }))
    }

    async fn signal_workflow_execution(
        &self,
        request: Request<api::SignalWorkflowExecutionRequest>,
    ) -> Answer<api::SignalWorkflowExecutionResponse> {
        let request = request.into_inner();
        self.runs.change(request.workflow_execution.as_ref(), |run| {
            if !run.is_open() {
                return Err(Status::not_found("workflow execution already completed"));
            }
            let signal = event::WorkflowExecutionSignaledEventAttributes {
                signal_name: request.signal_name,
                input: request.input,
                identity: request.identity,
                header: request.header,
                ..Default::default()
            };
            run.arrive(Arrival::Signal(signal), self.runs.now());
            Ok(Response::new(Default::default()))
        })
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<api::TerminateWorkflowExecutionRequest>,
    ) -> Answer<api::TerminateWorkflowExecutionResponse> {
        let request = request.into_inner();
        self.runs.change(request.workflow_execution.clone().as_ref(), |run| {
            if !run.is_open() {
                return Err(Status::not_found("workflow execution already completed"));
            }
            run.terminate(request, self.runs.now());
            Ok(Response::new(Default::default()))
        })
    }

    async fn describe_workflow_execution(
        &self,
        request: Request<api::DescribeWorkflowExecutionRequest>,
    ) -> Answer<api::DescribeWorkflowExecutionResponse> {
        let execution = request.into_inner().execution;
        self.runs.change(execution.as_ref(), |run| {
            let pending = run.activities.iter().filter(|_| run.is_open());
            let activities = pending.map(|(_, activity)| PendingActivityInfo {
                activity_id: activity.asked.activity_id.clone(),
                activity_type: activity.asked.activity_type.clone(),
                attempt: 1,
                maximum_attempts: activity.asked.retry_policy.as_ref().map_or(0, |policy| policy.maximum_attempts),
                scheduled_time: Some(activity.scheduled.into()),
                ..Default::default()
            });
            let time = |event: Option<&event::HistoryEvent>| event.and_then(|event| event.event_time);
            let began = time(run.events.first());
            Ok(Response::new(api::DescribeWorkflowExecutionResponse {
                workflow_execution_info: Some(WorkflowExecutionInfo {
                    execution: Some(WorkflowExecution {
                        workflow_id: run.start.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    }),
                    r#type: run.start.workflow_type.clone(),
                    status: run.status.into(),
                    history_length: run.events.len() as i64,
                    first_run_id: run.run_id.clone(),
                    start_time: began,
                    execution_time: began,
                    close_time: time(run.events.last().filter(|_| !run.is_open())),
                    memo: run.start.memo.clone(),
                    ..Default::default()
                }),
                execution_config: Some(WorkflowExecutionConfig {
                    task_queue: run.start.task_queue.clone(),
                    workflow_execution_timeout: run.start.workflow_execution_timeout,
                    workflow_run_timeout: run.start.workflow_run_timeout,
                    default_workflow_task_timeout: run.start.workflow_task_timeout,
                    ..Default::default()
                }),
                pending_activities: activities.collect(),
                pending_workflow_task: described(run),
                ..Default::default()
            }))
        })
    }

    async fn get_workflow_execution_history(
        &self,
        request: Request<api::GetWorkflowExecutionHistoryRequest>,
    ) -> Answer<api::GetWorkflowExecutionHistoryResponse> {
        let request = request.into_inner();
        let wanted = request.execution.unwrap_or_default();
        let closing = request.wait_new_event
            && request.history_event_filter_type == i32::from(temporal::enums::v1::HistoryEventFilterType::CloseEvent);
        let found = self.runs.wait(|runs| {
            let run = runs.get(&wanted.workflow_id);
            let Some(run) = run.filter(|run| wanted.run_id.is_empty() || wanted.run_id == run.run_id) else {
                return Some(Err(Status::not_found("workflow not found")));
            };
            if closing && run.is_open() {
                return None;
            }
            let first = if closing { run.events.len() - 1 } else { 0 };
            Some(Ok(run.events[first..].to_vec()))
        });
        match found.await {
            Some(events) => {
                let history = Some(event::History { events: events? });
                Ok(Response::new(api::GetWorkflowExecutionHistoryResponse { history, ..Default::default() }))
            }
            // It is still open: the caller asks again, with this token.
            None => Ok(Response::new(api::GetWorkflowExecutionHistoryResponse {
                next_page_token: b"wait".to_vec(),
                ..Default::default()
            })),
        }
    }

    async fn poll_workflow_task_queue(
        &self,
        request: Request<api::PollWorkflowTaskQueueRequest>,
    ) -> Answer<api::PollWorkflowTaskQueueResponse> {
        let request = request.into_inner();
        let queue = request.task_queue.unwrap_or_default().name;
        let task = self.runs.wait(|runs| {
            runs.values_mut().filter(|run| run.start.task_queue.as_ref().is_some_and(|of| of.name == queue)).find_map(
                |run| {
                    let mut task = run.start_task(&request.identity, self.runs.now())?;
                    task.task_token = token(&run.start.workflow_id, task.started_event_id);
                    task.workflow_execution = Some(WorkflowExecution {
                        workflow_id: run.start.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    });
                    Some(task)
                },
            )
        });
        Ok(Response::new(task.await.unwrap_or_default()))
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<api::RespondWorkflowTaskCompletedRequest>,
    ) -> Answer<api::RespondWorkflowTaskCompletedResponse> {
        let request = request.into_inner();
        let (execution, started) = named(&request.task_token)?;
        let timers = self.runs.change(Some(&execution), |run| {
            match run.task {
                Task::Started { started: current, .. } if current == started => {}
                _ => return Err(Status::not_found("Workflow task not found.")),
            }
            run.complete_task(request, self.runs.now())
        })?;
        timers.into_iter().for_each(|timer| self.runs.set(&execution.workflow_id, timer));
        Ok(Response::new(Default::default()))
    }

    async fn poll_activity_task_queue(
        &self,
        request: Request<api::PollActivityTaskQueueRequest>,
    ) -> Answer<api::PollActivityTaskQueueResponse> {
        let request = request.into_inner();
        let queue = request.task_queue.unwrap_or_default().name;
        let task = self.runs.wait(|runs| {
            let here =
                |run: &&mut Run| run.is_open() && run.start.task_queue.as_ref().is_some_and(|of| of.name == queue);
            runs.values_mut().filter(here).find_map(|run| {
                let waits = run.activities.iter_mut().find(|(_, activity)| activity.started.is_none());
                let (scheduled, activity) = waits?;
                let now = self.runs.now();
                activity.started = Some((request.identity.clone(), now));
                let asked = &activity.asked;
                Some(api::PollActivityTaskQueueResponse {
                    task_token: token(&run.start.workflow_id, *scheduled),
                    workflow_execution: Some(WorkflowExecution {
                        workflow_id: run.start.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    }),
                    workflow_namespace: run.start.namespace.clone(),
                    workflow_type: run.start.workflow_type.clone(),
                    activity_id: asked.activity_id.clone(),
                    activity_type: asked.activity_type.clone(),
                    header: asked.header.clone(),
                    input: asked.input.clone(),
                    schedule_to_close_timeout: asked.schedule_to_close_timeout,
                    start_to_close_timeout: asked.start_to_close_timeout,
                    heartbeat_timeout: asked.heartbeat_timeout,
                    retry_policy: asked.retry_policy.clone(),
                    scheduled_time: Some(activity.scheduled.into()),
                    current_attempt_scheduled_time: Some(activity.scheduled.into()),
                    started_time: Some(now.into()),
                    attempt: 1,
                    ..Default::default()
                })
            })
        });
        Ok(Response::new(task.await.unwrap_or_default()))
    }

    async fn respond_activity_task_completed(
        &self,
        request: Request<api::RespondActivityTaskCompletedRequest>,
    ) -> Answer<api::RespondActivityTaskCompletedResponse> {
        let request = request.into_inner();
        let (execution, scheduled) = named(&request.task_token)?;
        self.runs.change(Some(&execution), |run| {
            let activity = run.activities.remove(&scheduled).filter(|_| run.is_open());
            let activity = Box::new(activity.ok_or_else(|| Status::not_found("activity not found"))?);
            let (result, identity) = (request.result, request.identity);
            run.arrive(Arrival::ActivityCompleted { scheduled, activity, result, identity }, self.runs.now());
            Ok(Response::new(Default::default()))
        })
    }
}

/// What a description says of the workflow task of a run.
fn described(run: &Run) -> Option<PendingWorkflowTaskInfo> {
    let (state, scheduled, started) = match run.task {
        Task::None => return None,
        Task::Scheduled(scheduled) => (PendingWorkflowTaskState::Scheduled, scheduled, None),
        Task::Started { scheduled, started } => (PendingWorkflowTaskState::Started, scheduled, Some(started)),
    };
    let time = |id| run.event(id).and_then(|event| event.event_time);
    Some(PendingWorkflowTaskInfo {
        state: state.into(),
        attempt: 1,
        scheduled_time: time(scheduled),
        original_scheduled_time: time(scheduled),
        started_time: started.and_then(time),
    })
}
