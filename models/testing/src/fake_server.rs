//! A fake server: it executes one program with the [`Machine`] and writes the history that a server might have written.
//!
//! For tests of whatever reads histories: it knows workflow tasks (completed, failed, timed out, transient, refused
//! with UNHANDLED_COMMAND), the buffer that holds events back while a task is started, and what may happen to the
//! things a program starts. It refuses commands that the real server refuses, so that a test can hold the semantics to
//! never command such a thing. It is no model of the server: it has one run, no clock, no retries, no limits.

mod driver;
mod happening;
mod tasks;

pub use driver::history;
pub use happening::Happening;

use resurgam_formats::command::Command;
use resurgam_formats::event::{
    Body, Event, EventId, Named, Payloads, WorkflowExecutionStarted, WorkflowTaskScheduled, WorkflowTaskStarted,
};
use resurgam_formats::program::{Input, WORKFLOW_TYPE};
use resurgam_machine::Machine;
use serde_json::json;
use std::collections::BTreeMap;

/// Why a history cannot go on: a command that a server would refuse, a stray event, or an impossible request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// One thing that the machine was given or said, on the way that became history (failed tasks leave none).
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It was given an event.
    Event(Event),
    /// It was given an update, and accepted it or not.
    Update(Update, bool),
    /// It was given the result of a local activity.
    Local(u32, i64),
    /// It was asked for its commands.
    Commands(Vec<Command>),
}

/// An update on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The update id.
    pub id: String,
    /// The name of the handler.
    pub name: String,
    /// What the handler is given.
    pub argument: i64,
}

/// A run with its history.
#[derive(Clone, Debug)]
pub struct FakeServer {
    workflow_id: String,
    /// The history so far.
    pub events: Vec<Event>,
    /// What the machine was given and said.
    pub steps: Vec<Step>,
    /// The commands of each completed workflow task.
    pub tasks: Vec<(EventId, Vec<Command>)>,
    /// At each start of a workflow task: the number of events and the machine that had seen them.
    pub offers: Vec<(usize, Machine)>,
    machine: Machine,
    stage: Stage,
    /// The next task leaves no events until it completes, because the last one failed and nothing happened since.
    transient: bool,
    buffer: Vec<Body>,
    waiting: Vec<Update>,
    pending: Pending,
    cancelled: bool,
    closed: bool,
}

/// The workflow task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    None,
    /// Id of the event, none for a transient task.
    Scheduled(EventId),
    /// Ids of the events, none for a transient task.
    Started(EventId, EventId),
}

/// What the program has started and what has not ended.
#[derive(Clone, Debug, Default)]
struct Pending {
    /// Numbers and the events that began them.
    timers: BTreeMap<u32, EventId>,
    activities: BTreeMap<u32, Activity>,
    children: BTreeMap<u32, Child>,
    /// Requests to cancel a child that have no answer.
    cancels: Vec<EventId>,
    /// Accepted updates without outcome.
    updates: BTreeMap<String, EventId>,
}

#[derive(Clone, Copy, Debug)]
struct Activity {
    scheduled: EventId,
    started: bool,
    asked: EventId,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    initiated: EventId,
    started: bool,
}

impl FakeServer {
    /// A run that has just been started.
    ///
    /// # Errors
    /// The program cannot be read.
    pub fn new(workflow_id: &str, input: &Input) -> Result<Self, Refused> {
        let mut server = Self {
            workflow_id: workflow_id.to_owned(),
            events: vec![],
            steps: vec![],
            tasks: vec![],
            offers: vec![],
            machine: Machine::new(workflow_id),
            stage: Stage::None,
            transient: false,
            buffer: vec![],
            waiting: vec![],
            pending: Pending::default(),
            cancelled: false,
            closed: false,
        };
        let input = Payloads::one(&json!(input));
        let workflow_type = Named(WORKFLOW_TYPE.to_owned());
        let workflow_id = workflow_id.to_owned();
        let started = WorkflowExecutionStarted { workflow_type, workflow_id, input, ..Default::default() };
        server.write(Body::WorkflowExecutionStarted(Box::new(started)))?;
        server.schedule()?;
        Ok(server)
    }

    /// The machine as it is before the next workflow task.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// True if cancellation of the run was requested.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancelled
    }

    /// True if the run was closed by a command.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// An update that comes along with the next workflow task.
    ///
    /// # Errors
    /// The run is closed.
    pub fn update(&mut self, id: &str, name: &str, argument: i64) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused("the run is closed".into()));
        }
        self.waiting.push(Update { id: id.to_owned(), name: name.to_owned(), argument });
        if self.stage == Stage::None { self.schedule() } else { Ok(()) }
    }

    /// Writes an event and shows it to the machine.
    fn write(&mut self, body: Body) -> Result<EventId, Refused> {
        let id = EventId(self.events.len() as i64 + 1);
        let event = Event { id, time: None, version: 0, task_id: 0, body };
        self.machine.event(&event).map_err(|stray| Refused(stray.to_string()))?;
        self.steps.push(Step::Event(event.clone()));
        self.events.push(event);
        Ok(id)
    }

    fn schedule(&mut self) -> Result<(), Refused> {
        let id = if self.transient { EventId(0) } else { self.write(scheduled())? };
        self.stage = Stage::Scheduled(id);
        Ok(())
    }

    /// Something happens: it is written, or held back while a workflow task is started.
    fn occur(&mut self, body: Body) -> Result<(), Refused> {
        if matches!(self.stage, Stage::Started(..)) {
            self.buffer.push(body);
            return Ok(());
        }
        self.write(body)?;
        self.transient = false;
        if self.stage == Stage::None {
            self.schedule()?;
        }
        Ok(())
    }

    /// Writes what was held back: outcomes of activities and children last.
    fn flush(&mut self) -> Result<bool, Refused> {
        let (last, first): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.buffer).into_iter().partition(Body::is_completion);
        let any = !first.is_empty() || !last.is_empty();
        for body in first.into_iter().chain(last) {
            self.write(body)?;
        }
        Ok(any)
    }
}

fn scheduled() -> Body {
    Body::WorkflowTaskScheduled(Box::new(WorkflowTaskScheduled { attempt: 1, ..Default::default() }))
}

fn started(scheduled: EventId) -> Body {
    Body::WorkflowTaskStarted(Box::new(WorkflowTaskStarted { scheduled, ..Default::default() }))
}
