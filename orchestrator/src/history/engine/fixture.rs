//! A run for tests of entities, at a clock that the test sets.

use super::transaction::Transaction;
use super::waiter::Delivery;
use super::{Context, Ids, Limits, Run};
use super::{activity_outcome, attempt, command, command_failure, user_timer};
use crate::cluster::Rejection;
use resurgam_api::internal::{RecordActivityTaskStartedRequest, TaskToken};
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes as CommandAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    HistoryEvent, WorkflowExecutionStartedEventAttributes, WorkflowTaskCompletedEventAttributes,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::PollActivityTaskQueueResponse;
use resurgam_state::task::{TimerKind, TimerTask, TransferKind};
use resurgam_state::{EventId, Millis, State, WorkflowTask, kind};

/// Ids that count.
struct Counter(u64);

impl Ids for Counter {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        format!("id-{}", self.0)
    }
}

/// A run and everything that it ordered so far.
pub(super) struct Fixture {
    pub(super) run: Run,
    pub(super) now: Millis,
    pub(super) limits: Limits,
    pub(super) events: Vec<HistoryEvent>,
    pub(super) transfers: Vec<TransferKind>,
    pub(super) timers: Vec<TimerTask>,
    pub(super) woken: bool,
    ids: Counter,
}

impl Fixture {
    /// An open run `w`/`r` with 4 events, at 10 s.
    pub(super) fn new() -> Self {
        let state = State {
            namespace_id: "n".into(),
            workflow_id: "w".into(),
            run_id: "r".into(),
            status: 1,
            next_event_id: 5,
            started: WorkflowExecutionStartedEventAttributes {
                task_queue: Some(TaskQueue { name: "q".into(), ..TaskQueue::default() }),
                ..WorkflowExecutionStartedEventAttributes::default()
            }
            .into(),
            ..State::default()
        };
        Self {
            run: Run { state, ..Run::default() },
            now: 10_000,
            limits: Limits::default(),
            events: Vec::new(),
            transfers: Vec::new(),
            timers: Vec::new(),
            woken: false,
            ids: Counter(0),
        }
    }

    /// Lets `act` work on the run, and keeps what came of it.
    pub(super) fn step<T>(&mut self, act: impl FnOnce(&mut Transaction<'_, '_>) -> T) -> T {
        let mut context = Context {
            now: self.now,
            transaction: 7,
            namespace: "default",
            retention: None,
            ids: &mut self.ids,
            limits: &self.limits,
        };
        let mut tx = Transaction::new(&mut self.run, &mut context);
        let result = act(&mut tx);
        let Transaction { events, transfers, timers, answers, woken, .. } = tx;
        self.events.extend(events);
        self.transfers.extend(transfers.into_iter().filter_map(|transfer| transfer.kind));
        self.timers.extend(timers);
        answers.into_iter().for_each(Delivery::make);
        self.woken |= woken;
        result
    }

    /// A workflow task is completed with these commands, up to the first that is refused. Nothing is flushed.
    pub(super) fn commands(&mut self, commands: Vec<CommandAttributes>) -> Result<(), command_failure::CommandFailure> {
        self.busy(true);
        let result = self.step(|tx| {
            let attributes = WorkflowTaskCompletedEventAttributes { identity: "me".into(), ..Default::default() };
            let completed = tx.command_event(Attributes::WorkflowTaskCompletedEventAttributes(attributes));
            commands.into_iter().try_for_each(|attributes| {
                let command = Command { attributes: Some(attributes), ..Command::default() };
                command::apply(tx, &command, completed)
            })
        });
        self.busy(false);
        result
    }

    /// A worker has the workflow task, or not.
    pub(super) fn busy(&mut self, busy: bool) {
        self.run.state.workflow_task = busy.then(|| WorkflowTask { started_event_id: 3, ..WorkflowTask::default() });
    }

    /// Lets time pass until `now` and gives every timer task that is due, in order of time, with those that follow.
    pub(super) fn until(&mut self, now: Millis) {
        while let Some(next) = (0..self.timers.len()).min_by_key(|i| self.timers[*i].due)
            && self.timers[next].due <= now
        {
            let timer = self.timers.remove(next);
            self.now = self.now.max(timer.due);
            self.fire(&timer);
        }
        self.now = now;
    }

    /// Gives one timer task, due or not.
    pub(super) fn fire(&mut self, timer: &TimerTask) {
        self.step(|tx| match timer.kind.as_ref() {
            Some(TimerKind::UserTimer(id)) => user_timer::fire(tx, *id),
            Some(TimerKind::ActivityTimeout(timer)) => activity_outcome::fire_timeout(tx, timer),
            Some(TimerKind::ActivityRetry(timer)) => activity_outcome::fire_retry(tx, timer),
            other => panic!("{other:?}"),
        });
    }

    /// Starts an attempt of an activity.
    pub(super) fn start(
        &mut self,
        id: EventId,
        attempt: i32,
        request_id: &str,
    ) -> Result<PollActivityTaskQueueResponse, Rejection> {
        let task = TaskToken { scheduled_event_id: id, attempt, ..TaskToken::default() };
        let (request_id, identity) = (request_id.into(), "worker".into());
        let request = RecordActivityTaskStartedRequest { task: Some(task), request_id, identity };
        self.step(|tx| attempt::start(tx, &request))
    }

    /// The events since the last call, by name.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events).iter().map(name).collect()
    }

    /// The buffered events, by name.
    pub(super) fn buffered(&self) -> Vec<String> {
        self.run.state.buffered.values().map(name).collect()
    }
}

fn name(event: &HistoryEvent) -> String {
    let kind = kind::event_type(event.attributes.as_ref().expect("every event has attributes"));
    assert_eq!(kind, event.event_type());
    format!("{kind:?}")
}
