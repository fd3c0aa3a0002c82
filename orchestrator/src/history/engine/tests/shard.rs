//! A shard that applies effects as the real one does, with everything in plain view.

use crate::cluster::Rejection;
use crate::history::engine::{Context, Effects, Ids, Input, Limits, Reply, Slice, Waiter, Workflow, kind, step};
use crate::history::state::{Millis, State};
use crate::history::task::{TimerTask, TransferKind, TransferTask};
use prost::Message;
use resurgam_api::internal::{self, TaskToken};
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, RecordMarkerCommandAttributes, StartTimerCommandAttributes,
};
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use resurgam_api::temporal::workflowservice::v1 as api;
use std::collections::BTreeMap;

struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        format!("id{}", self.0)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 += 1;
        self.0 % bound
    }
}

/// One workflow id, `w`.
pub(super) struct Shard {
    pub(super) workflow: Workflow,
    pub(super) histories: BTreeMap<String, Vec<HistoryEvent>>,
    pub(super) transfers: Vec<TransferTask>,
    pub(super) timers: Vec<TimerTask>,
    pub(super) answers: BTreeMap<Waiter, Result<Reply, Rejection>>,
    pub(super) now: Millis,
    pub(super) limits: Limits,
    pub(super) commits: usize,
    ids: Counter,
    transaction: i64,
}

/// A workflow task as a worker gets it.
#[derive(Clone, Debug)]
pub(super) struct Handed {
    pub(super) poll: api::PollWorkflowTaskQueueResponse,
    pub(super) slice: Slice,
    pub(super) token: TaskToken,
}

impl Handed {
    fn of(poll: api::PollWorkflowTaskQueueResponse, slice: Slice) -> Self {
        let token = TaskToken::decode(poll.task_token.as_slice()).expect("tokens are ours");
        Self { poll, slice, token }
    }
}

impl Shard {
    pub(super) fn new() -> Self {
        Self {
            workflow: Workflow::default(),
            histories: BTreeMap::new(),
            transfers: Vec::new(),
            timers: Vec::new(),
            answers: BTreeMap::new(),
            now: 1_000_000,
            limits: Limits::default(),
            commits: 0,
            ids: Counter(0),
            transaction: 0,
        }
    }

    /// A shard on which `w` was started.
    pub(super) fn started() -> Self {
        let mut shard = Self::new();
        shard.start("q", |_| {}).expect("the id is free");
        shard
    }

    /// One input, all or nothing. The answer, if there is one yet.
    pub(super) fn step(&mut self, input: Input) -> Result<Option<Reply>, Rejection> {
        self.transaction += 1;
        let caller = Waiter(self.transaction as u64);
        let mut context = Context {
            now: self.now,
            transaction: self.transaction,
            caller,
            namespace: "default",
            ids: &mut self.ids,
            limits: &self.limits,
        };
        let mut workflow = self.workflow.clone();
        let effects = step(&mut workflow, input, &mut context)?;
        self.apply(workflow, effects);
        self.answers.remove(&caller).transpose()
    }

    fn apply(&mut self, workflow: Workflow, effects: Effects) {
        let Effects { current, runs, transfers, timers, answers } = effects;
        self.commits += usize::from(!runs.is_empty() || current.is_some());
        if let Some(current) = current {
            assert_eq!(workflow.current, Some(current));
        }
        for (run_id, events) in runs {
            self.histories.entry(run_id).or_default().extend(events);
        }
        self.transfers.extend(transfers);
        self.timers.extend(timers);
        self.answers.extend(answers);
        for (run_id, run) in &workflow.runs {
            let last = self.histories[run_id].last().map_or(0, |event| event.event_id);
            assert_eq!(run.state.next_event_id, last + 1, "a run counts the events that are written");
        }
        self.workflow = workflow;
    }

    pub(super) fn start(
        &mut self,
        request_id: &str,
        edit: impl FnOnce(&mut api::StartWorkflowExecutionRequest),
    ) -> Result<api::StartWorkflowExecutionResponse, Rejection> {
        let mut request = api::StartWorkflowExecutionRequest {
            workflow_id: "w".into(),
            workflow_type: Some(WorkflowType { name: "t".into() }),
            task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
            request_id: request_id.into(),
            ..Default::default()
        };
        edit(&mut request);
        let request =
            internal::StartWorkflowRequest { namespace_id: "n".into(), request: Some(request), ..Default::default() };
        match self.step(Input::Start(request))? {
            Some(Reply::Start(response)) => Ok(response),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn signal(&mut self, request_id: &str) -> Result<Option<Reply>, Rejection> {
        let request = api::SignalWorkflowExecutionRequest {
            workflow_execution: Some(self.execution("")),
            signal_name: request_id.into(),
            request_id: request_id.into(),
            ..Default::default()
        };
        self.step(Input::Signal(internal::SignalRequest { request: Some(request), ..Default::default() }))
    }

    pub(super) fn cancel(&mut self, request_id: &str) -> Result<Option<Reply>, Rejection> {
        let request = api::RequestCancelWorkflowExecutionRequest {
            workflow_execution: Some(self.execution("")),
            request_id: request_id.into(),
            ..Default::default()
        };
        self.step(Input::RequestCancel(internal::RequestCancelRequest { request: Some(request), ..Default::default() }))
    }

    pub(super) fn terminate(&mut self) -> Result<Option<Reply>, Rejection> {
        let request = api::TerminateWorkflowExecutionRequest {
            workflow_execution: Some(self.execution("")),
            reason: "enough".into(),
            ..Default::default()
        };
        self.step(Input::Terminate(internal::TerminateRequest { request: Some(request), ..Default::default() }))
    }

    pub(super) fn execution(&self, run_id: &str) -> WorkflowExecution {
        WorkflowExecution { workflow_id: "w".into(), run_id: run_id.into() }
    }

    /// The state of the current run.
    pub(super) fn state(&self) -> &State {
        &self.workflow.runs[&self.current()].state
    }

    /// The current run.
    pub(super) fn current(&self) -> String {
        self.workflow.current.as_ref().expect("there is a run").run_id.clone()
    }

    /// The newest workflow task that was given to matching is handed to a worker.
    pub(super) fn poll(&mut self) -> Handed {
        let task = self.newest_task();
        self.poll_as(&task, "start").expect("the newest task is pending")
    }

    pub(super) fn newest_task(&self) -> TransferTask {
        let of_workflow = |transfer: &&TransferTask| matches!(transfer.kind, Some(TransferKind::WorkflowTask(_)));
        self.transfers.iter().rev().find(of_workflow).expect("a task was scheduled").clone()
    }

    pub(super) fn poll_as(&mut self, task: &TransferTask, request_id: &str) -> Result<Handed, Rejection> {
        let Some(TransferKind::WorkflowTask(transfer)) = &task.kind else { panic!("{task:?}") };
        let request = internal::RecordTaskStartedRequest {
            task: Some(TaskToken {
                run_id: task.run.run_id.clone(),
                scheduled_event_id: transfer.scheduled_event_id,
                attempt: transfer.attempt,
                ..TaskToken::default()
            }),
            request_id: format!("{request_id} {} {}", transfer.scheduled_event_id, transfer.attempt),
            task_queue: Some(internal::TaskQueue {
                name: transfer.task_queue.clone(),
                sticky: transfer.sticky,
                ..Default::default()
            }),
            identity: "worker".into(),
        };
        match self.step(Input::WorkflowTaskStarted(request))? {
            Some(Reply::WorkflowTask(poll, slice)) => Ok(Handed::of(*poll, slice)),
            other => panic!("{other:?}"),
        }
    }

    /// A worker completes a task with these commands.
    pub(super) fn complete(&mut self, handed: &Handed, commands: Vec<Decided>) -> Result<Option<Handed>, Rejection> {
        self.respond(handed, commands, |_| {})
    }

    pub(super) fn respond(
        &mut self,
        handed: &Handed,
        commands: Vec<Decided>,
        edit: impl FnOnce(&mut api::RespondWorkflowTaskCompletedRequest),
    ) -> Result<Option<Handed>, Rejection> {
        let command = |attributes| Command {
            command_type: 1, // only its presence is looked at
            attributes: Some(attributes),
            ..Command::default()
        };
        let mut request = api::RespondWorkflowTaskCompletedRequest {
            commands: commands.into_iter().map(command).collect(),
            identity: "worker".into(),
            ..Default::default()
        };
        edit(&mut request);
        let request =
            internal::CompleteWorkflowTaskRequest { task: Some(handed.token.clone()), request: Some(request) };
        match self.step(Input::CompleteWorkflowTask(request))? {
            Some(Reply::CompleteWorkflowTask(_, next)) => Ok(next.map(|(poll, slice)| Handed::of(*poll, slice))),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn fail(&mut self, handed: &Handed) -> Result<Option<Reply>, Rejection> {
        let request =
            internal::FailWorkflowTaskRequest { task: Some(handed.token.clone()), request: Some(Default::default()) };
        self.step(Input::FailWorkflowTask(request))
    }

    /// Time passes; every timer task that is due by then is given, once, in order.
    pub(super) fn until(&mut self, now: Millis) {
        while let Some(next) = (0..self.timers.len()).min_by_key(|i| self.timers[*i].due)
            && self.timers[next].due <= now
        {
            let timer = self.timers.remove(next);
            self.now = self.now.max(timer.due);
            self.step(Input::TimerTask(timer)).expect("timer tasks are never refused");
        }
        self.now = now;
    }

    pub(super) fn pass(&mut self, wait: Millis) {
        self.until(self.now + wait);
    }

    /// The history of the current run, by short names.
    pub(super) fn names(&self) -> String {
        self.names_of(&self.current())
    }

    pub(super) fn names_of(&self, run_id: &str) -> String {
        self.histories[run_id].iter().map(short).collect::<Vec<_>>().join(" ")
    }
}

/// `WorkflowTaskScheduled` is `Scheduled` (`Scheduled2` for the second attempt), failures and timeouts tell why.
pub(super) fn short(event: &HistoryEvent) -> String {
    let attributes = event.attributes.as_ref().expect("every event has attributes");
    let name = format!("{:?}", kind::event_type(attributes));
    match attributes {
        Attributes::WorkflowTaskScheduledEventAttributes(it) if it.attempt == 1 => "Scheduled".to_owned(),
        Attributes::WorkflowTaskScheduledEventAttributes(it) => format!("Scheduled{}", it.attempt),
        Attributes::WorkflowTaskFailedEventAttributes(it) => format!("TaskFailed:{:?}", it.cause()),
        Attributes::WorkflowTaskTimedOutEventAttributes(it) => format!("TaskTimedOut:{:?}", it.timeout_type()),
        Attributes::WorkflowExecutionSignaledEventAttributes(it) => format!("Signaled:{}", it.signal_name),
        Attributes::WorkflowExecutionStartedEventAttributes(_) => "Begin".to_owned(),
        _ => name.replace("WorkflowExecution", "").replace("WorkflowTask", ""),
    }
}

pub(super) fn finish() -> Decided {
    Decided::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes::default())
}

pub(super) fn marker() -> Decided {
    let attributes = RecordMarkerCommandAttributes { marker_name: "m".into(), ..Default::default() };
    Decided::RecordMarkerCommandAttributes(attributes)
}

pub(super) fn timer(id: &str, seconds: i64) -> Decided {
    Decided::StartTimerCommandAttributes(StartTimerCommandAttributes {
        timer_id: id.into(),
        start_to_fire_timeout: Some(prost_wkt_types::Duration { seconds, nanos: 0 }),
    })
}

pub(super) fn sticky(request: &mut api::RespondWorkflowTaskCompletedRequest) {
    request.sticky_attributes = Some(StickyExecutionAttributes {
        worker_task_queue: Some(TaskQueue { name: "sticky".into(), ..TaskQueue::default() }),
        schedule_to_start_timeout: Some(prost_wkt_types::Duration { seconds: 10, nanos: 0 }),
    });
}
