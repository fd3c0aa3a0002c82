//! The kinds of tasks that faults can be about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The two kinds of tasks that workers are handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A workflow task.
    Workflow,
    /// An activity task.
    Activity,
}
