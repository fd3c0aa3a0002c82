//! The naive evaluator: a program and a whole history in, the commands of each workflow task out.

use crate::command::Command;
use crate::event::{Event, EventId};

/// The commands of one completed workflow task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCommands {
    /// Id of the `WorkflowTaskCompleted` event.
    pub completed: EventId,
    /// What the program commands there, in order.
    pub commands: Vec<Command>,
}

/// Why a history cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The workflow is not one of our programs.
    #[error("the history carries no program")]
    NoProgram,
    /// The program is of a newer version or malformed.
    #[error("the program cannot be read: {0}")]
    Unreadable(String),
    /// An event that the program cannot have caused.
    #[error("event {0}: {1}")]
    Stray(EventId, String),
}

/// Evaluates the program that a whole history carries.
///
/// # Errors
/// [`Unfit`]; only [`Unfit::Stray`] speaks against the history.
pub fn commands(workflow_id: &str, events: &[Event]) -> Result<Vec<TaskCommands>, Unfit> {
    let _ = (workflow_id, events);
    Err(Unfit::NoProgram)
}
