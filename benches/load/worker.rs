//! A worker as an SDK has it: several pollers, a sticky queue, and one activity after the other until a workflow is done.

use crate::calls::{Caller, within};
use crate::tally::Tally;
use resurgam_api::temporal::command::v1::{
    Command, CompleteWorkflowExecutionCommandAttributes, ScheduleActivityTaskCommandAttributes, command,
};
use resurgam_api::temporal::common::v1::ActivityType;
use resurgam_api::temporal::enums::v1::{CommandType, EventType, TaskQueueKind};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use resurgam_api::temporal::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse,
    RespondActivityTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
};
use resurgam_harness::target::NAMESPACE;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// How many polls of each of three kinds wait at a time.
const POLLERS: usize = 16;
/// Until a poll that failed is made again.
const REST: Duration = Duration::from_millis(100);

/// Does the work of one queue until it is dropped.
pub(crate) struct Worker {
    _pollers: JoinSet<()>,
}

impl Worker {
    /// A worker whose workflows do so many activities, one after the other. How its calls end is counted in `tally`.
    pub(crate) fn start(callers: &[Caller], queue: &str, activities: u32, tally: &Tally) -> Self {
        let (queue, tally) = (queue.to_owned(), tally.clone());
        let brain = Arc::new(Brain { queue, activities, done: Mutex::default(), tally });
        let mut pollers = JoinSet::new();
        for (number, caller) in callers.iter().cycle().take(POLLERS).enumerate() {
            pollers.spawn(workflow_tasks(caller.clone(), Arc::clone(&brain), number % 2 == 0));
            pollers.spawn(workflow_tasks(caller.clone(), Arc::clone(&brain), true));
            pollers.spawn(activities_of(caller.clone(), Arc::clone(&brain)));
        }
        Self { _pollers: pollers }
    }
}

/// What the workflows do, and how far each is.
struct Brain {
    queue: String,
    activities: u32,
    /// Activities that are done, by run id.
    done: Mutex<HashMap<String, u32>>,
    tally: Tally,
}

impl Brain {
    fn sticky(&self) -> TaskQueue {
        TaskQueue {
            name: format!("{}-sticky", self.queue),
            kind: TaskQueueKind::Sticky.into(),
            normal_name: self.queue.clone(),
        }
    }

    /// The next command of a workflow, from the events that came with its task.
    fn next(&self, run_id: &str, events: &[HistoryEvent]) -> Command {
        let completed = events.iter().filter(|event| event.event_type() == EventType::ActivityTaskCompleted).count();
        let whole = events.first().is_some_and(|event| event.event_id == 1);
        let mut runs = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if whole { 0 } else { runs.get(run_id).copied().unwrap_or_default() };
        let done = before + completed as u32;
        if done == self.activities {
            runs.remove(run_id);
            let attributes = CompleteWorkflowExecutionCommandAttributes::default();
            return Command {
                command_type: CommandType::CompleteWorkflowExecution.into(),
                attributes: Some(command::Attributes::CompleteWorkflowExecutionCommandAttributes(attributes)),
                ..Command::default()
            };
        }
        runs.insert(run_id.to_owned(), done);
        Command {
            command_type: CommandType::ScheduleActivityTask.into(),
            attributes: Some(command::Attributes::ScheduleActivityTaskCommandAttributes(
                ScheduleActivityTaskCommandAttributes {
                    activity_id: (done + 1).to_string(),
                    activity_type: Some(ActivityType { name: "measured".to_owned() }),
                    task_queue: Some(TaskQueue { name: self.queue.clone(), ..TaskQueue::default() }),
                    start_to_close_timeout: Some(prost_wkt_types::Duration { seconds: 60, nanos: 0 }),
                    ..ScheduleActivityTaskCommandAttributes::default()
                },
            )),
            ..Command::default()
        }
    }

    fn answer(&self, task: &PollWorkflowTaskQueueResponse) -> RespondWorkflowTaskCompletedRequest {
        let run_id = task.workflow_execution.as_ref().map(|execution| execution.run_id.as_str()).unwrap_or_default();
        let events = task.history.as_ref().map(|history| history.events.as_slice()).unwrap_or_default();
        RespondWorkflowTaskCompletedRequest {
            namespace: NAMESPACE.to_owned(),
            task_token: task.task_token.clone(),
            commands: vec![self.next(run_id, events)],
            sticky_attributes: Some(StickyExecutionAttributes {
                worker_task_queue: Some(self.sticky()),
                schedule_to_start_timeout: Some(prost_wkt_types::Duration { seconds: 10, nanos: 0 }),
            }),
            ..RespondWorkflowTaskCompletedRequest::default()
        }
    }
}

async fn workflow_tasks(caller: Caller, brain: Arc<Brain>, sticky: bool) {
    let normal = TaskQueue { name: brain.queue.clone(), ..TaskQueue::default() };
    let queue = if sticky { brain.sticky() } else { normal };
    loop {
        let request = PollWorkflowTaskQueueRequest {
            namespace: NAMESPACE.to_owned(),
            task_queue: Some(queue.clone()),
            identity: "load".to_owned(),
            ..PollWorkflowTaskQueueRequest::default()
        };
        let polled = caller.service.clone().poll_workflow_task_queue(within(request)).await;
        let Some(task) = brain.tally.count("polls", polled.map(tonic::Response::into_inner)) else {
            tokio::time::sleep(REST).await;
            continue;
        };
        if !task.task_token.is_empty() {
            let answer = brain.answer(&task);
            let answered = caller.service.clone().respond_workflow_task_completed(within(answer)).await;
            brain.tally.count("completions of workflow tasks", answered);
        }
    }
}

async fn activities_of(caller: Caller, brain: Arc<Brain>) {
    loop {
        let request = PollActivityTaskQueueRequest {
            namespace: NAMESPACE.to_owned(),
            task_queue: Some(TaskQueue { name: brain.queue.clone(), ..TaskQueue::default() }),
            identity: "load".to_owned(),
            ..PollActivityTaskQueueRequest::default()
        };
        let polled = caller.service.clone().poll_activity_task_queue(within(request)).await;
        let Some(task) = brain.tally.count("polls", polled.map(tonic::Response::into_inner)) else {
            tokio::time::sleep(REST).await;
            continue;
        };
        if !task.task_token.is_empty() {
            let answer = RespondActivityTaskCompletedRequest {
                namespace: NAMESPACE.to_owned(),
                task_token: task.task_token,
                ..RespondActivityTaskCompletedRequest::default()
            };
            let answered = caller.service.clone().respond_activity_task_completed(within(answer)).await;
            brain.tally.count("completions of activities", answered);
        }
    }
}
