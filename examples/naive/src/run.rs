//! A workflow run: its history, and what it waits for. Nothing here waits or calls anybody.

use crate::arrival::{Activity, Arrival, By, Timer};
use resurgam_node::prelude::*;
use std::collections::BTreeMap;
use std::time::SystemTime;
use temporal::command::v1::Command;
use temporal::enums::v1::{EventType, WorkflowExecutionStatus as Status, WorkflowTaskFailedCause};
use temporal::history::v1::{self as event, HistoryEvent, history_event::Attributes};

/// See the module.
pub(crate) struct Run {
    pub(crate) run_id: String,
    pub(crate) start: api::StartWorkflowExecutionRequest,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) status: Status,
    pub(crate) task: Task,
    pub(crate) activities: BTreeMap<i64, Activity>,
    /// Timers that have not fired: by id, the event that started them.
    pub(crate) timers: BTreeMap<String, i64>,
    /// What arrived while a worker decides. It must not stand between the start and the end of its task.
    pub(crate) waiting: Vec<Arrival>,
    previous_started: i64,
    forgets: bool,
}

/// The workflow task of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    None,
    Scheduled(i64),
    Started { scheduled: i64, started: i64 },
}

impl Run {
    pub(crate) fn new(
        start: api::StartWorkflowExecutionRequest,
        run_id: String,
        now: SystemTime,
        forgets: bool,
    ) -> Self {
        let started = event::WorkflowExecutionStartedEventAttributes {
            workflow_type: start.workflow_type.clone(),
            task_queue: start.task_queue.clone(),
            input: start.input.clone(),
            workflow_execution_timeout: start.workflow_execution_timeout,
            workflow_run_timeout: start.workflow_run_timeout,
            workflow_task_timeout: start.workflow_task_timeout,
            identity: start.identity.clone(),
            header: start.header.clone(),
            memo: start.memo.clone(),
            retry_policy: start.retry_policy.clone(),
            original_execution_run_id: run_id.clone(),
            first_execution_run_id: run_id.clone(),
            workflow_id: start.workflow_id.clone(),
            attempt: 1,
            ..Default::default()
        };
        let mut run = Self {
            run_id,
            start,
            events: Vec::new(),
            status: Status::Running,
            task: Task::None,
            activities: BTreeMap::new(),
            timers: BTreeMap::new(),
            waiting: Vec::new(),
            previous_started: 0,
            forgets,
        };
        let attributes = Attributes::WorkflowExecutionStartedEventAttributes(started);
        run.write(EventType::WorkflowExecutionStarted, attributes, now);
        run.schedule(now);
        run
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status == Status::Running
    }

    pub(crate) fn event(&self, id: i64) -> Option<&HistoryEvent> {
        self.events.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    pub(crate) fn write(&mut self, kind: EventType, attributes: Attributes, now: SystemTime) -> i64 {
        let event_id = self.events.len() as i64 + 1;
        self.events.push(HistoryEvent {
            event_id,
            event_time: Some(now.into()),
            event_type: kind.into(),
            task_id: event_id,
            attributes: Some(attributes),
            ..Default::default()
        });
        event_id
    }

    /// There is news for the workflow: a worker has to decide.
    fn schedule(&mut self, now: SystemTime) {
        if self.task == Task::None {
            let attributes = event::WorkflowTaskScheduledEventAttributes {
                task_queue: self.start.task_queue.clone(),
                start_to_close_timeout: self.start.workflow_task_timeout,
                attempt: 1,
            };
            let attributes = Attributes::WorkflowTaskScheduledEventAttributes(attributes);
            self.task = Task::Scheduled(self.write(EventType::WorkflowTaskScheduled, attributes, now));
        }
    }

    pub(crate) fn arrive(&mut self, arrival: Arrival, now: SystemTime) {
        match self.task {
            Task::Started { .. } if self.forgets => {}
            Task::Started { .. } => self.waiting.push(arrival),
            Task::None | Task::Scheduled(_) => {
                self.take_in(arrival, now);
                self.schedule(now);
            }
        }
    }

    fn take_in(&mut self, arrival: Arrival, now: SystemTime) {
        match arrival {
            Arrival::Signal(signal) => {
                let attributes = Attributes::WorkflowExecutionSignaledEventAttributes(signal);
                self.write(EventType::WorkflowExecutionSignaled, attributes, now);
            }
            Arrival::TimerFired(fired) => {
                self.write(EventType::TimerFired, Attributes::TimerFiredEventAttributes(fired), now);
            }
            Arrival::ActivityCompleted { scheduled, activity, result, identity } => {
                let (worker, at) = activity.started.unwrap_or((identity.clone(), now));
                let started = event::ActivityTaskStartedEventAttributes {
                    scheduled_event_id: scheduled,
                    identity: worker,
                    attempt: 1,
                    ..Default::default()
                };
                let started = Attributes::ActivityTaskStartedEventAttributes(started);
                let started_event_id = self.write(EventType::ActivityTaskStarted, started, at);
                let completed = event::ActivityTaskCompletedEventAttributes {
                    result,
                    scheduled_event_id: scheduled,
                    started_event_id,
                    identity,
                    ..Default::default()
                };
                let completed = Attributes::ActivityTaskCompletedEventAttributes(completed);
                self.write(EventType::ActivityTaskCompleted, completed, now);
            }
        }
    }

    /// Hands the workflow task to a worker, if there is one.
    pub(crate) fn start_task(&mut self, identity: &str, now: SystemTime) -> Option<api::PollWorkflowTaskQueueResponse> {
        let Task::Scheduled(scheduled) = self.task else { return None };
        let attributes = event::WorkflowTaskStartedEventAttributes {
            scheduled_event_id: scheduled,
            identity: identity.to_owned(),
            ..Default::default()
        };
        let attributes = Attributes::WorkflowTaskStartedEventAttributes(attributes);
        let started = self.write(EventType::WorkflowTaskStarted, attributes, now);
        self.task = Task::Started { scheduled, started };
        Some(api::PollWorkflowTaskQueueResponse {
            workflow_type: self.start.workflow_type.clone(),
            workflow_execution_task_queue: self.start.task_queue.clone(),
            scheduled_time: self.event(scheduled).and_then(|event| event.event_time),
            started_time: Some(now.into()),
            previous_started_event_id: self.previous_started,
            started_event_id: started,
            attempt: 1,
            history: Some(event::History { events: self.events.clone() }),
            ..Default::default()
        })
    }

    /// A worker has decided. Timers that it wants are to be set by whoever can.
    pub(crate) fn complete_task(
        &mut self,
        request: api::RespondWorkflowTaskCompletedRequest,
        now: SystemTime,
    ) -> Result<Vec<Timer>, tonic::Status> {
        let Task::Started { scheduled, started } = self.task else {
            return Err(tonic::Status::not_found("Workflow task not found."));
        };
        self.task = Task::None;
        self.previous_started = started;
        let closes = |command: &Command| {
            use temporal::enums::v1::CommandType as C;
            matches!(
                command.command_type(),
                C::CompleteWorkflowExecution | C::FailWorkflowExecution | C::CancelWorkflowExecution
            )
        };
        if !self.waiting.is_empty() && request.commands.iter().any(closes) {
            // It does not know yet what has arrived, so it must not close.
            let failed = event::WorkflowTaskFailedEventAttributes {
                scheduled_event_id: scheduled,
                started_event_id: started,
                cause: WorkflowTaskFailedCause::UnhandledCommand.into(),
                identity: request.identity,
                ..Default::default()
            };
            let failed = Attributes::WorkflowTaskFailedEventAttributes(failed);
            self.write(EventType::WorkflowTaskFailed, failed, now);
            self.take_in_all(now);
            return Err(tonic::Status::invalid_argument("UnhandledCommand"));
        }
        let identity = request.identity;
        let completed = event::WorkflowTaskCompletedEventAttributes {
            scheduled_event_id: scheduled,
            started_event_id: started,
            identity: identity.clone(),
            sdk_metadata: request.sdk_metadata,
            ..Default::default()
        };
        let completed = Attributes::WorkflowTaskCompletedEventAttributes(completed);
        let decided = self.write(EventType::WorkflowTaskCompleted, completed, now);
        let mut timers = Vec::new();
        let by = By { decided, identity };
        for command in request.commands {
            let attributes = command.attributes.ok_or_else(|| tonic::Status::invalid_argument("an empty command"))?;
            timers.extend(self.command(attributes, &by, now)?);
        }
        if self.is_open() {
            self.take_in_all(now);
        }
        Ok(timers)
    }

    fn take_in_all(&mut self, now: SystemTime) {
        let waiting = std::mem::take(&mut self.waiting);
        let news = !waiting.is_empty();
        waiting.into_iter().for_each(|arrival| self.take_in(arrival, now));
        if news {
            self.schedule(now);
        }
    }

    pub(crate) fn terminate(&mut self, request: api::TerminateWorkflowExecutionRequest, now: SystemTime) {
        if let Task::Started { scheduled, started } = self.task {
            let failed = event::WorkflowTaskFailedEventAttributes {
                scheduled_event_id: scheduled,
                started_event_id: started,
                cause: WorkflowTaskFailedCause::ForceCloseCommand.into(),
                ..Default::default()
            };
            let failed = Attributes::WorkflowTaskFailedEventAttributes(failed);
            self.write(EventType::WorkflowTaskFailed, failed, now);
            for arrival in std::mem::take(&mut self.waiting) {
                self.take_in(arrival, now);
            }
        }
        self.task = Task::None;
        let attributes = event::WorkflowExecutionTerminatedEventAttributes {
            reason: request.reason,
            details: request.details,
            identity: request.identity,
        };
        let attributes = Attributes::WorkflowExecutionTerminatedEventAttributes(attributes);
        self.write(EventType::WorkflowExecutionTerminated, attributes, now);
        self.status = Status::Terminated;
    }
}
