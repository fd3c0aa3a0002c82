//! What a campaign has not reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What exists but was never reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Statement kinds that no program of a run had.
    pub statements: Vec<String>,
    /// Event kinds that programs can cause.
    pub events: Vec<String>,
    /// Kinds of calls.
    pub operations: Vec<String>,
    /// Situations of tasks.
    pub tasks: Vec<String>,
    /// Misbehaviour of workers.
    pub worker_faults: Vec<String>,
    /// Faults; none is missing where none was injected, as real targets stand no faults.
    #[serde(default)]
    pub faults: Vec<String>,
}

impl Missing {
    /// How many names.
    #[must_use]
    pub fn len(&self) -> usize {
        [&self.statements, &self.events, &self.operations, &self.tasks, &self.worker_faults, &self.faults]
            .iter()
            .map(|list| list.len())
            .sum()
    }
    /// True if everything was reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
