//! A shard that applies effects as the real one does, with everything in plain view.

use crate::cluster::Rejection;
use crate::history::engine::command_check;
use crate::history::engine::retention::Expiry;
use crate::history::engine::{
    Context, Delivery, Effects, Handout, Ids, Input, Limits, Reply, Slice, Waiter, Workflow, step,
};
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
use resurgam_state::task::{TimerKind, TimerTask, TransferKind, TransferTask};
use resurgam_state::{Millis, State, Tail, kind};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// An answer that comes later.
pub(super) type Later<A> = oneshot::Receiver<Result<A, Rejection>>;

struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        format!("id{}", self.0)
    }
}

/// One workflow id, `w`.
pub(super) struct Shard {
    pub(super) workflow: Workflow,
    pub(super) histories: BTreeMap<String, Vec<HistoryEvent>>,
    pub(super) transfers: Vec<TransferTask>,
    pub(super) timers: Vec<TimerTask>,
    /// Timer tasks of the deletion of runs.
    pub(super) expiries: Vec<TimerTask>,
    pub(super) retention: Option<Millis>,
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
    fn of(Handout { poll, history: slice }: Handout) -> Self {
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
            expiries: Vec::new(),
            retention: Some(86_400_000),
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
    pub(super) fn step<I: Input>(&mut self, input: I) -> Result<Option<I::Answer>, Rejection> {
        match self.step_for(input, &Waiter::nobody())? {
            Reply::Now(answer) => answer.map(Some),
            Reply::Later => Ok(None),
        }
    }

    /// One input that is answered later.
    pub(super) fn wait<I: Input>(&mut self, input: I) -> Result<Later<I::Answer>, Rejection> {
        let (caller, answer) = Waiter::new();
        match self.step_for(input, &caller)? {
            Reply::Now(_) => panic!("it was answered at once"),
            Reply::Later => Ok(answer),
        }
    }

    fn step_for<I: Input>(&mut self, input: I, caller: &Waiter<I::Answer>) -> Result<Reply<I::Answer>, Rejection> {
        self.transaction += 1;
        let mut context = Context {
            now: self.now,
            transaction: self.transaction,
            namespace: "default",
            retention: self.retention,
            ids: &mut self.ids,
            limits: &self.limits,
        };
        let mut workflow = self.workflow.clone();
        let (effects, reply) = step(input, &mut workflow, &mut context, caller)?;
        self.apply(workflow, effects);
        Ok(reply)
    }

    fn apply(&mut self, mut workflow: Workflow, effects: Effects) {
        let Effects { current, runs, removed, transfers, timers, answers } = effects;
        self.commits += usize::from(!runs.is_empty() || current.is_some());
        if let Some(current) = current {
            assert_eq!(workflow.current, Some(current));
        }
        for (run_id, events) in runs {
            if let (Some(first), Some(run)) = (events.first(), workflow.runs.get_mut(&run_id)) {
                let tail = Tail { first_event_id: first.event_id, transaction: self.transaction };
                run.state.tail = Some(tail);
            }
            self.histories.entry(run_id).or_default().extend(events);
        }
        if let Some(removed) = removed {
            assert!(!workflow.runs.contains_key(&removed));
            self.histories.remove(&removed);
        }
        self.transfers.extend(transfers);
        let of_deletion = |timer: &TimerTask| matches!(timer.kind, Some(TimerKind::Retention(_)));
        let (expiries, timers): (Vec<_>, Vec<_>) = timers.into_iter().partition(of_deletion);
        self.timers.extend(timers);
        self.expiries.extend(expiries);
        for (run_id, run) in &workflow.runs {
            let last = self.histories[run_id].last().map_or(0, |event| event.event_id);
            assert_eq!(run.state.next_event_id, last + 1, "a run counts the events that are written");
        }
        self.workflow = workflow;
        answers.into_iter().for_each(Delivery::make);
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
            internal::StartWorkflowRequest { target: target(""), request: Some(request), ..Default::default() };
        Ok(self.step(request)?.expect("starts are answered at once").response)
    }

    pub(super) fn signal(&mut self, request_id: &str) -> Result<(), Rejection> {
        let request = api::SignalWorkflowExecutionRequest {
            signal_name: request_id.into(),
            request_id: request_id.into(),
            ..Default::default()
        };
        self.step(internal::SignalRequest { request: Some(request), ..Default::default() }).map(drop)
    }

    pub(super) fn cancel(&mut self, request_id: &str) -> Result<(), Rejection> {
        let request =
            api::RequestCancelWorkflowExecutionRequest { request_id: request_id.into(), ..Default::default() };
        self.step(internal::RequestCancelRequest { request: Some(request), ..Default::default() }).map(drop)
    }

    pub(super) fn terminate(&mut self) -> Result<(), Rejection> {
        let request = api::TerminateWorkflowExecutionRequest { reason: "enough".into(), ..Default::default() };
        self.step(internal::TerminateRequest { request: Some(request), ..Default::default() }).map(drop)
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
        let request = internal::RecordWorkflowTaskStartedRequest {
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
        Ok(Handed::of(self.step(request)?.expect("starts are answered at once")))
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
        let command = |attributes: Decided| Command {
            command_type: command_check::kind(&attributes).map_or(1, i32::from),
            attributes: Some(attributes),
            ..Command::default()
        };
        let mut request = api::RespondWorkflowTaskCompletedRequest {
            commands: commands.into_iter().map(command).collect(),
            identity: "worker".into(),
            ..Default::default()
        };
        edit(&mut request);
        let request = internal::CompleteWorkflowTaskRequest {
            task: Some(handed.token.clone()),
            request: Some(request),
            ..Default::default()
        };
        Ok(self.step(request)?.expect("completions are answered at once").next.map(Handed::of))
    }

    pub(super) fn fail(&mut self, handed: &Handed) -> Result<(), Rejection> {
        let request =
            internal::FailWorkflowTaskRequest { task: Some(handed.token.clone()), request: Some(Default::default()) };
        self.step(request).map(drop)
    }

    /// Time passes; every timer task that is due by then is given, once, in order.
    pub(super) fn until(&mut self, now: Millis) {
        while let Some(next) = (0..self.timers.len()).min_by_key(|i| self.timers[*i].due)
            && self.timers[next].due <= now
        {
            let timer = self.timers.remove(next);
            self.now = self.now.max(timer.due);
            let outlives = !self.workflow.runs.contains_key(&timer.run.run_id);
            assert!(self.step(timer).is_ok() || outlives, "a timer task is refused");
        }
        self.now = now;
        let due: Vec<_> = self.expiries.extract_if(.., |expiry| expiry.due <= now).collect();
        for expiry in due {
            self.step(Expiry(expiry)).expect("a deletion is never refused");
        }
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

/// The workflow of these tests, or a run of it.
pub(super) fn target(run_id: &str) -> Option<internal::Target> {
    Some(internal::Target { namespace_id: "n".into(), workflow_id: "w".into(), run_id: run_id.into() })
}
