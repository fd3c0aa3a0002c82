//! The calls of clients and workers. All state is one map behind one lock; whoever waits looks again at every change.

use crate::run::{Arrival, Run, Timer};
use resurgam_node::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use temporal::common::v1::WorkflowExecution;
use temporal::history::v1 as event;
use temporal::workflow::v1::{PendingActivityInfo, PendingWorkflowTaskInfo, WorkflowExecutionInfo};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

/// How long a poll waits.
const POLL: Duration = Duration::from_secs(20);

type Answer<T> = Result<Response<T>, Status>;
/// The run of each workflow id. An id is used once.
type Runs = BTreeMap<String, Run>;

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Service {
    environment: Arc<dyn Environment>,
    runs: Arc<Mutex<Runs>>,
    changed: watch::Sender<()>,
    forgets: bool,
}

impl Service {
    pub(crate) fn new(environment: Arc<dyn Environment>, forgets: bool) -> Self {
        Self { environment, runs: Arc::default(), changed: watch::Sender::new(()), forgets }
    }

    fn now(&self) -> SystemTime {
        self.environment.now()
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the run that a request names.
    fn change<T>(
        &self,
        execution: Option<&WorkflowExecution>,
        change: impl FnOnce(&mut Run) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let wanted = execution.ok_or_else(|| Status::invalid_argument("Execution is not set on request."))?;
        let mut runs = self.runs();
        let run = runs.get_mut(&wanted.workflow_id);
        let run = run.filter(|run| wanted.run_id.is_empty() || wanted.run_id == run.run_id);
        let changed = change(run.ok_or_else(|| Status::not_found("workflow not found"))?);
        self.changed.send_replace(());
        changed
    }

    /// Waits until there is something, or for as long as a poll waits.
    async fn wait<T>(&self, mut look: impl FnMut(&mut Runs) -> Option<T>) -> Option<T> {
        let mut changed = self.changed.subscribe();
        let found = async {
            loop {
                if let Some(found) = look(&mut self.runs()) {
                    return Some(found);
                }
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(POLL, found).await.ok().flatten()
    }

    fn set(&self, workflow_id: &str, timer: Timer) {
        let (service, workflow_id) = (self.clone(), workflow_id.to_owned());
        self.environment.spawn(Box::pin(async move {
            tokio::time::sleep(timer.after).await;
            let execution = WorkflowExecution { workflow_id, run_id: String::new() };
            let fired = service.change(Some(&execution), |run| {
                if run.is_open() && run.timers.get(&timer.id) == Some(&timer.started) {
                    run.timers.remove(&timer.id);
                    let (timer_id, started_event_id) = (timer.id, timer.started);
                    let fired = event::TimerFiredEventAttributes { timer_id, started_event_id };
                    run.arrive(Arrival::TimerFired(fired), service.now());
                }
                Ok(())
            });
            fired.expect("a run is never forgotten");
        }));
    }
}

/// A task token is readable: workflow id and event id.
fn token(workflow_id: &str, event_id: i64) -> Vec<u8> {
    format!("{event_id} {workflow_id}").into_bytes()
}

fn named(token: &[u8]) -> Result<(WorkflowExecution, i64), Status> {
    let wrong = || Status::invalid_argument("Invalid TaskToken.");
    let text = std::str::from_utf8(token).map_err(|_| wrong())?;
    let (event_id, workflow_id) = text.split_once(' ').ok_or_else(wrong)?;
    let execution = WorkflowExecution { workflow_id: workflow_id.into(), run_id: String::new() };
    Ok((execution, event_id.parse().map_err(|_| wrong())?))
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
        let request = request.into_inner();
        let mut runs = self.runs();
        let (run_id, started) = match runs.entry(request.workflow_id.clone()) {
            Entry::Occupied(run) if run.get().start.request_id == request.request_id => {
                (run.get().run_id.clone(), true)
            }
            Entry::Occupied(run) => {
                return Err(Status::already_exists(format!("run {} has this id", run.get().run_id)));
            }
            Entry::Vacant(place) => {
                let run_id = format!("{:016x}", self.environment.random());
                let run = Run::new(request, run_id.clone(), self.now(), self.forgets);
                place.insert(run);
                (run_id, true)
            }
        };
        self.changed.send_replace(());
        Ok(Response::new(api::StartWorkflowExecutionResponse { run_id, started, ..Default::default() }))
    }

    async fn signal_workflow_execution(
        &self,
        request: Request<api::SignalWorkflowExecutionRequest>,
    ) -> Answer<api::SignalWorkflowExecutionResponse> {
        let request = request.into_inner();
        self.change(request.workflow_execution.as_ref(), |run| {
            if !run.is_open() {
                return Err(Status::not_found("workflow execution already completed"));
            }
            let signal = event::WorkflowExecutionSignaledEventAttributes {
                signal_name: request.signal_name,
                input: request.input,
                identity: request.identity,
                ..Default::default()
            };
            run.arrive(Arrival::Signal(signal), self.now());
            Ok(Response::new(Default::default()))
        })
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<api::TerminateWorkflowExecutionRequest>,
    ) -> Answer<api::TerminateWorkflowExecutionResponse> {
        let request = request.into_inner();
        self.change(request.workflow_execution.clone().as_ref(), |run| {
            if !run.is_open() {
                return Err(Status::not_found("workflow execution already completed"));
            }
            run.terminate(request, self.now());
            Ok(Response::new(Default::default()))
        })
    }

    async fn describe_workflow_execution(
        &self,
        request: Request<api::DescribeWorkflowExecutionRequest>,
    ) -> Answer<api::DescribeWorkflowExecutionResponse> {
        let execution = request.into_inner().execution;
        self.change(execution.as_ref(), |run| {
            let pending = run.activities.iter().filter(|_| run.is_open());
            let activities = pending.map(|(_, activity)| PendingActivityInfo {
                activity_id: activity.id.clone(),
                activity_type: activity.kind.clone(),
                ..Default::default()
            });
            let task = run.task != crate::run::Task::None;
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
                    ..Default::default()
                }),
                pending_activities: activities.collect(),
                pending_workflow_task: task.then(PendingWorkflowTaskInfo::default),
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
        let found = self.wait(|runs| {
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
        let task = self.wait(|runs| {
            runs.values_mut().filter(|run| run.start.task_queue.as_ref().is_some_and(|of| of.name == queue)).find_map(
                |run| {
                    let mut task = run.start_task(&request.identity, self.now())?;
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
        let timers = self.change(Some(&execution), |run| {
            match run.task {
                crate::run::Task::Started { started: current, .. } if current == started => {}
                _ => return Err(Status::not_found("Workflow task not found.")),
            }
            run.complete_task(request, self.now())
        })?;
        timers.into_iter().for_each(|timer| self.set(&execution.workflow_id, timer));
        Ok(Response::new(Default::default()))
    }

    async fn poll_activity_task_queue(
        &self,
        request: Request<api::PollActivityTaskQueueRequest>,
    ) -> Answer<api::PollActivityTaskQueueResponse> {
        let request = request.into_inner();
        let queue = request.task_queue.unwrap_or_default().name;
        let task = self.wait(|runs| {
            let here =
                |run: &&mut Run| run.is_open() && run.start.task_queue.as_ref().is_some_and(|of| of.name == queue);
            runs.values_mut().filter(here).find_map(|run| {
                let waits = run.activities.iter_mut().find(|(_, activity)| activity.started.is_none());
                let (scheduled, activity) = waits?;
                activity.started = Some((request.identity.clone(), self.environment.now()));
                Some(api::PollActivityTaskQueueResponse {
                    task_token: token(&run.start.workflow_id, *scheduled),
                    workflow_execution: Some(WorkflowExecution {
                        workflow_id: run.start.workflow_id.clone(),
                        run_id: run.run_id.clone(),
                    }),
                    activity_id: activity.id.clone(),
                    activity_type: activity.kind.clone(),
                    input: activity.input.clone(),
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
        self.change(Some(&execution), |run| {
            let activity = run.activities.remove(&scheduled).filter(|_| run.is_open());
            let activity = activity.ok_or_else(|| Status::not_found("activity not found"))?;
            let (result, identity) = (request.result, request.identity);
            run.arrive(Arrival::ActivityCompleted { scheduled, activity, result, identity }, self.now());
            Ok(Response::new(Default::default()))
        })
    }
}
