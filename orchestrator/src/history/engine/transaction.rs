//! One input at work on one run: events get their ids here. Which of them wait instead is for `buffer`.

use super::waiter::{Delivery, Waiter};
use super::{Context, Run};
use crate::cluster::Rejection;
use prost_wkt_types::Timestamp;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_state::task::{RunKey, TimerKind, TimerTask, TransferKind, TransferTask};
use resurgam_state::{EventId, Millis, Tail, kind};

/// A run being changed by one input.
pub struct Transaction<'a, 'c> {
    /// The run that is changed.
    pub run: &'a mut Run,
    /// What it may use of the world.
    pub context: &'a mut Context<'c>,
    /// New events, in order.
    pub events: Vec<HistoryEvent>,
    /// New transfer tasks.
    pub transfers: Vec<TransferTask>,
    /// New timer tasks.
    pub timers: Vec<TimerTask>,
    /// Answers for after the commit.
    pub answers: Vec<Delivery>,
    /// There is news for a worker: the step has to schedule a workflow task at its end.
    pub woken: bool,
    /// The run that follows this one, and its events.
    pub successor: Option<Box<(Run, Vec<HistoryEvent>)>>,
    /// The timer task that is due, if this is about one: it is used up.
    pub fired: Option<TimerKind>,
}

impl<'a, 'c> Transaction<'a, 'c> {
    /// Begins on `run`.
    pub fn new(run: &'a mut Run, context: &'a mut Context<'c>) -> Self {
        Self {
            run,
            context,
            events: Vec::new(),
            transfers: Vec::new(),
            timers: Vec::new(),
            answers: Vec::new(),
            woken: false,
            successor: None,
            fired: None,
        }
    }

    /// Names the run.
    #[must_use]
    pub fn key(&self) -> RunKey {
        let state = &self.run.state;
        RunKey {
            namespace_id: state.namespace_id.clone(),
            workflow_id: state.workflow_id.clone(),
            run_id: state.run_id.clone(),
        }
    }

    /// A worker has the workflow task: events of the buffered classes have to wait.
    #[must_use]
    pub(crate) fn task_is_started(&self) -> bool {
        self.run.state.workflow_task.as_ref().is_some_and(|task| task.started_event_id != 0)
    }

    /// An event of now, without an id.
    #[must_use]
    pub fn event(&self, attributes: Attributes) -> HistoryEvent {
        HistoryEvent {
            event_time: Some(timestamp(self.context.now)),
            event_type: kind::event_type(&attributes) as i32,
            // Older workers do not know it.
            worker_may_ignore: matches!(attributes, Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(_)),
            task_id: self.context.transaction,
            attributes: Some(attributes),
            ..HistoryEvent::default()
        }
    }

    /// Gives an event the next id and writes it.
    pub fn write(&mut self, mut event: HistoryEvent) -> EventId {
        let id = self.run.state.next_event_id.max(1);
        event.event_id = id;
        event.task_id = (self.context.transaction << 16) + self.events.len() as i64;
        self.run.state.next_event_id = id + 1;
        self.events.push(event);
        id
    }

    /// Writes the event of a command; these never wait.
    pub(crate) fn command_event(&mut self, attributes: Attributes) -> EventId {
        let event = self.event(attributes);
        self.write(event)
    }

    /// The worker has to look at the run: there is news.
    pub(crate) fn wake(&mut self) {
        self.woken = true;
    }

    /// Refuses what only an open run can take.
    ///
    /// # Errors
    /// `NotFound` if the run is closed.
    pub(crate) fn require_open(&self) -> Result<(), Rejection> {
        if self.run.state.status == WorkflowExecutionStatus::Running as i32 {
            Ok(())
        } else {
            Err(Rejection::NotFound("workflow execution already completed".to_owned()))
        }
    }

    /// Orders something to be done as soon as this is committed.
    pub fn transfer(&mut self, kind: TransferKind) {
        let run = self.key();
        self.transfers.push(TransferTask { run, kind: Some(kind) });
    }

    /// Orders something for a later time.
    pub fn timer(&mut self, due: Millis, kind: TimerKind) {
        let run = self.key();
        self.timers.push(TimerTask { run, due, kind: Some(kind) });
    }

    /// Answers a waiter after the commit.
    pub fn answer<A: Send + 'static>(&mut self, waiter: &Waiter<A>, answer: Result<A, Rejection>) {
        self.answers.push(waiter.deliver(answer));
    }

    /// The last node of the history, as this input leaves it: what is written by one input is one node.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        let written = self.events.first().map(|first| first.event_id);
        let transaction = self.context.transaction;
        written.map(|first_event_id| Tail { first_event_id, transaction }).or(self.run.state.tail)
    }
}

/// The transaction that wrote an event, in whatever run: what was written together has the same one.
#[must_use]
pub(crate) fn writer(event: &HistoryEvent) -> i64 {
    event.task_id >> 16
}

/// Milliseconds since 1970 as protobuf has it.
#[must_use]
pub(crate) fn timestamp(at: Millis) -> Timestamp {
    Timestamp { seconds: at.div_euclid(1000), nanos: (at.rem_euclid(1000) * 1_000_000) as i32 }
}
