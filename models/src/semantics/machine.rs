//! The incremental machine: feed it the inputs of a run one by one, it yields commands. It can be saved after any
//! input (serde) and restored, and goes on as if it had never stopped.

use crate::command::Command;
use crate::event::Event;
use crate::recording::QueryAnswer;
use serde::{Deserialize, Serialize};

/// A run of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {}

/// Why the machine cannot go on: the history does not belong to the program it carries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event}: {what}")]
pub struct Stray {
    /// The event.
    pub event: i64,
    /// What is wrong.
    pub what: String,
}

/// A local activity that waits for the worker to execute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// Its number.
    pub seq: u32,
    /// The base of its result: the result is this plus a number that the worker draws.
    pub value: i64,
}

impl Machine {
    /// A run of workflow `workflow_id` that has seen nothing; its program comes with event 1.
    #[must_use]
    pub fn new(workflow_id: &str) -> Self {
        let _ = workflow_id;
        Self {}
    }
    /// Replays a whole history, which must begin with event 1: completed workflow tasks bring along the updates and
    /// markers that follow them, and what was commanded then is not commanded again. Afterwards
    /// [`Self::take_commands`] gives the commands since the last completed workflow task.
    ///
    /// # Errors
    /// [`Stray`] if the history does not belong to the program.
    pub fn replay(workflow_id: &str, events: &[Event]) -> Result<Self, Stray> {
        let _ = (workflow_id, events);
        Ok(Self {})
    }
    /// The next event, in order of id. Events of a workflow task the machine itself completed may be given again as they
    /// come (their command events only bind ids).
    ///
    /// # Errors
    /// [`Stray`] if it does not fit.
    pub fn event(&mut self, event: &Event) -> Result<(), Stray> {
        let _ = event;
        Ok(())
    }
    /// An update at the boundary of a workflow task: true if it is accepted.
    pub fn update(&mut self, id: &str, name: &str, argument: i64) -> bool {
        let _ = (id, name, argument);
        false
    }
    /// Local activities that wait, in order of number.
    #[must_use]
    pub fn locals(&self) -> Vec<Local> {
        vec![]
    }
    /// The result of a local activity at the boundary of a workflow task; issues its marker.
    pub fn local(&mut self, seq: u32, value: i64) {
        let _ = (seq, value);
    }
    /// The commands issued since the last call, in order.
    pub fn take_commands(&mut self) -> Vec<Command> {
        vec![]
    }
    /// Answers a query (`run_id` left empty), or `None` if there is no such handler.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<QueryAnswer> {
        let _ = name;
        None
    }
    /// Id of the last event seen.
    #[must_use]
    pub fn seen(&self) -> i64 {
        0
    }
    /// True after the last command.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        false
    }
}
