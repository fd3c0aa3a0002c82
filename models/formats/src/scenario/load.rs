//! What clients and workers do in a scenario: the part `[load]` of its file.

use super::when::{Length, When};
use serde::Deserialize;

/// Either plans as the generator draws them, or groups of workflows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// Whatever `resurgam run` does in a case with its seed, without its faults.
    pub generated: bool,
    /// Groups of workflows that are all alike.
    pub workflows: Vec<Workflows>,
    /// Who executes them.
    pub workers: WorkersOf,
    /// Timeout of every workflow task, at least a second.
    pub workflow_task_timeout: Option<Length>,
}

/// The workers of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkersOf {
    /// How many workers poll.
    pub count: u8,
    /// Runs that each keeps in its sticky cache; 0 turns stickiness off.
    pub cache: u8,
}

impl Default for WorkersOf {
    fn default() -> Self {
        Self { count: 2, cache: 10 }
    }
}

/// Workflows that are all alike.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflows {
    /// How many there are in a case.
    pub count: u8,
    /// When the first is started; at once if it does not say.
    #[serde(default)]
    pub from: Option<When>,
    /// From one start to the next; all at once if it does not say.
    #[serde(default)]
    pub every: Length,
    /// How each is started.
    #[serde(default)]
    pub starts: Starts,
    /// The start is sent again with the same request id, so long after the first.
    #[serde(default)]
    pub again: Vec<Length>,
    /// What each does, one thing after another.
    pub does: Vec<Step>,
    /// What clients ask of each.
    #[serde(default)]
    pub calls: Vec<CallOf>,
}

/// How a workflow is started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// By a start and nothing else.
    #[default]
    Plainly,
    /// With a signal of this name.
    WithSignal(String),
}

/// One step of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A durable timer.
    Timer(Length),
    /// An activity, whose failure fails the workflow.
    Activity(Activity),
    /// Waits for a signal of this name, and gives up after 20 s.
    AwaitSignal(String),
    /// A child that does these steps, and whose end is waited for.
    Child(Vec<Step>),
    /// Branches side by side.
    Together(Vec<Vec<Step>>),
}

/// What an activity does, and how long it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// How long a worker works on it.
    #[serde(default)]
    pub works: Length,
    /// From the start of an attempt to its end, at most.
    pub start_to_close: Length,
    /// Most attempts; 1 if it does not say.
    #[serde(default = "once")]
    pub attempts: u32,
}

fn once() -> u32 {
    1
}

/// What a client asks of a workflow, and when.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallOf {
    /// So long after its start.
    pub after: Length,
    /// What is asked.
    pub call: ScenarioCall,
    /// The call is sent again with the same request id, so long after the first.
    #[serde(default)]
    pub again: Vec<Length>,
}

/// What a client asks of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioCall {
    /// A signal of this name.
    Signal(String),
    /// That it cancels itself.
    Cancel,
    /// That it is ended at once.
    Terminate,
    /// What it is doing.
    Describe,
}
