//! The incremental machine: feed it the inputs of a run one by one, it yields commands. It can be saved after any
//! input (serde) and restored, and goes on as if it had never stopped.
//!
//! It is an explicit machine: a branch is the program that remains (`branch`), a blocked statement is data (`wait`),
//! and what they share is one struct (`world`); `run` moves them in passes, and this file translates events into
//! inputs. No futures, threads or clocks. It never judges: a history that does not fit is a [`Stray`].
//!
//! Commands that were taken for a workflow task that then failed are lost with it: go back to a copy made before, or
//! replay.

mod branch;
mod read;
mod run;
mod wait;
mod world;

use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::marker;
use resurgam_formats::recording::QueryAnswer;
use run::Run;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wait::News;
use world::Kind;

/// A run of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    workflow_id: String,
    seen: i64,
    /// The number behind an `ActivityTaskScheduled`, `TimerStarted` or `StartChildWorkflowExecutionInitiated` event.
    bound: BTreeMap<i64, u32>,
    /// True from the moment its commands were taken until the history says that a workflow task completed with them.
    answered: bool,
    run: Option<Run>,
}

/// Why the machine cannot go on: the history does not belong to the program it carries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event}: {what}")]
pub struct Stray {
    /// Id of the event that cannot be understood.
    pub event: i64,
    /// What is wrong.
    pub what: String,
}

/// A local activity that waits for the worker to execute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// The number that the command gave it.
    pub seq: u32,
    /// The base of its result: the result is this plus a number that the worker draws.
    pub value: i64,
}

impl Machine {
    /// A run of workflow `workflow_id` that has seen nothing; its program comes with event 1.
    #[must_use]
    pub fn new(workflow_id: &str) -> Self {
        Self { workflow_id: workflow_id.to_owned(), seen: 0, bound: BTreeMap::new(), answered: false, run: None }
    }

    /// Replays a whole history, which must begin with event 1. Afterwards [`Self::take_commands`] gives the commands
    /// since the last completed workflow task.
    ///
    /// # Errors
    /// [`Stray`] if the history does not belong to the program.
    pub fn replay(workflow_id: &str, events: &[Event]) -> Result<Self, Stray> {
        let mut machine = Self::new(workflow_id);
        machine.advance(events)?;
        Ok(machine)
    }

    /// Goes on with the next events, in order of id. A workflow task that another machine completed brings along the
    /// updates and markers that follow it, and what was commanded then is not commanded again; so its command events
    /// must be given together with it.
    ///
    /// # Errors
    /// [`Stray`] if they do not fit; the machine is then of no further use.
    pub fn advance(&mut self, events: &[Event]) -> Result<(), Stray> {
        for (index, event) in events.iter().enumerate() {
            if matches!(event.body, Body::WorkflowTaskCompleted(_)) && !self.answered {
                let group = events[index + 1..].iter().take_while(|event| event.body.is_command());
                self.boundary(group)?;
            }
            self.event(event)?;
        }
        Ok(())
    }

    /// What a completed workflow task brought along, from the events of its commands; its commands are done.
    fn boundary<'a>(&mut self, group: impl Iterator<Item = &'a Event> + Clone) -> Result<(), Stray> {
        for event in group.clone() {
            let stray = |what: String| Stray { event: event.id.0, what };
            if let Body::WorkflowExecutionUpdateAccepted(accepted) = &event.body {
                let request = &accepted.request;
                let argument = read::number(&request.args, "update's argument").map_err(stray)?;
                if !self.update(&request.id, &request.name, argument) {
                    return Err(stray(format!("the program does not accept the update {}", request.id)));
                }
            }
        }
        for event in group {
            let stray = |what: String| Stray { event: event.id.0, what };
            if let Body::MarkerRecorded(marker) = &event.body
                && let Some((seq, value)) = marker::decode(marker).map_err(stray)?
                && !self.run.as_mut().is_some_and(|run| run.local(seq, value))
            {
                return Err(stray(format!("no local activity {seq} waits")));
            }
        }
        self.take_commands();
        Ok(())
    }

    /// The next event, in order of id. The command events of a workflow task that the machine itself completed only bind
    /// ids; the completion of any other task is for [`Self::advance`].
    ///
    /// # Errors
    /// [`Stray`] if it does not fit; the machine is then of no further use.
    pub fn event(&mut self, event: &Event) -> Result<(), Stray> {
        let stray = |what: String| Stray { event: event.id.0, what };
        if self.seen.checked_add(1) != Some(event.id.0) {
            return Err(stray(format!("it follows event {}", self.seen)));
        }
        self.seen = event.id.0;
        self.expect(&event.body).map_err(|what| stray(what.into()))?;
        match (&event.body, &self.run) {
            (Body::WorkflowExecutionStarted(started), None) => {
                let input = read::input(&started.input).map_err(stray)?;
                self.run = Some(Run::new(&self.workflow_id, input));
                Ok(())
            }
            (Body::WorkflowExecutionStarted(_), Some(_)) => Err(stray("the run has already started".into())),
            (_, None) => Err(stray("the history does not begin with the start".into())),
            _ => self.input(event).map_err(stray),
        }
    }

    /// Checks that an answered workflow task completes before anything else happens, and that no other one does. Its own events may come in
    /// between, if they are only written now.
    fn expect(&mut self, next: &Body) -> Result<(), &'static str> {
        match (next, self.answered) {
            (Body::WorkflowTaskCompleted(_), true) => self.answered = false,
            (Body::WorkflowTaskCompleted(_), false) => return Err("another machine completed this workflow task"),
            (Body::WorkflowTaskScheduled(_) | Body::WorkflowTaskStarted(_), true) | (_, false) => {}
            (_, true) => return Err("the workflow task that was answered has not completed"),
        }
        Ok(())
    }

    /// An event after the start.
    fn input(&mut self, event: &Event) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        match &event.body {
            Body::WorkflowExecutionSignaled(signal) => {
                run.signal(&signal.name, read::number(&signal.input, "signal's value")?);
            }
            Body::WorkflowExecutionCancelRequested(_) => run.cancel(),
            Body::WorkflowExecutionUpdateAccepted(accepted) if !run.updates.contains(&accepted.request.id) => {
                return Err(format!("the update {} is not known here", accepted.request.id));
            }
            Body::MarkerRecorded(marker) => {
                if let Some((seq, _)) = marker::decode(marker)?
                    && !run.recorded.contains(&seq)
                {
                    return Err(format!("the local activity {seq} is not known here"));
                }
            }
            Body::ActivityTaskScheduled(it) => self.bind(event.id, &it.activity_id, Kind::Activity)?,
            Body::TimerStarted(it) => self.bind(event.id, &it.timer_id, Kind::Timer)?,
            Body::StartChildWorkflowExecutionInitiated(it) => {
                let number = it.workflow_id.strip_prefix(&self.workflow_id).and_then(|rest| rest.strip_prefix('/'));
                let number = number.ok_or_else(|| format!("{} is not a child of ours", it.workflow_id))?;
                self.bind(event.id, number, Kind::Child)?;
            }
            Body::TimerFired(it) => {
                let seq = self.issued(&it.timer_id, Kind::Timer)?;
                self.deliver(seq, &News::Fired);
            }
            Body::TimerCanceled(it) => {
                self.issued(&it.timer_id, Kind::Timer)?;
            }
            Body::ActivityTaskStarted(it) => {
                self.of(it.scheduled, Kind::Activity)?;
            }
            Body::ActivityTaskCancelRequested(it) => {
                self.of(it.scheduled, Kind::Activity)?;
            }
            body => {
                if let Some((reference, kind, news)) = read::outcome(body)? {
                    let seq = self.of(reference, kind)?;
                    self.deliver(seq, &news);
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, seq: u32, news: &News) {
        if let Some(run) = &mut self.run {
            run.deliver(seq, news);
        }
    }

    /// The number written as `text`, which must have been given to something of this kind.
    fn issued(&self, text: &str, kind: Kind) -> Result<u32, String> {
        let seq = read::decimal(text).filter(|seq| {
            let run = self.run.as_ref();
            run.is_some_and(|run| run.world.kind(*seq) == Some(kind))
        });
        seq.ok_or_else(|| format!("no {kind} {text} was ever issued"))
    }

    fn bind(&mut self, event: EventId, text: &str, kind: Kind) -> Result<(), String> {
        let seq = self.issued(text, kind)?;
        self.bound.insert(event.0, seq);
        Ok(())
    }

    /// The number behind a reference to a command event.
    fn of(&self, reference: EventId, kind: Kind) -> Result<u32, String> {
        let seq = self.bound.get(&reference.0).copied();
        let seq = seq.filter(|seq| self.run.as_ref().is_some_and(|run| run.world.kind(*seq) == Some(kind)));
        seq.ok_or_else(|| format!("event {reference} does not begin any {kind}"))
    }

    /// An update at the boundary of a workflow task: true if it is accepted.
    pub fn update(&mut self, id: &str, name: &str, argument: i64) -> bool {
        self.run.as_mut().is_some_and(|run| run.update(id, name, argument))
    }

    /// Local activities that wait, in order of number.
    #[must_use]
    pub fn locals(&self) -> Vec<Local> {
        let found = self.run.as_ref().map(Run::locals).unwrap_or_default();
        found.into_iter().map(|(seq, value)| Local { seq, value }).collect()
    }

    /// The result of a local activity at the boundary of a workflow task; issues its marker. Nothing happens if no local
    /// activity of this number waits.
    pub fn local(&mut self, seq: u32, value: i64) {
        if let Some(run) = &mut self.run {
            run.local(seq, value);
        }
    }

    /// The answer to a workflow task: the commands issued since the last one, in order. The next thing in the history is
    /// the completion of that task.
    pub fn take_commands(&mut self) -> Vec<Command> {
        self.answered = true;
        self.run.as_mut().map(|run| std::mem::take(&mut run.world.commands)).unwrap_or_default()
    }

    /// Answers a query (`run_id` left empty), or `None` if there is no such handler.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<QueryAnswer> {
        let run = self.run.as_ref()?;
        let signals = run.world.signals().values().fold(0, |sum: u32, count| sum.saturating_add(*count));
        Some(QueryAnswer { run_id: String::new(), value: run.query(name)?, seen: self.seen, signals })
    }

    /// How far it has come in its history: of two machines of one run, the greater one knows more.
    #[must_use]
    pub fn progress(&self) -> (i64, bool) {
        (self.seen, self.answered)
    }

    /// Id of the last event seen.
    #[must_use]
    pub fn seen(&self) -> i64 {
        self.seen
    }

    /// True after the last command.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_closed)
    }
}
