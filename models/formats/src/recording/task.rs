//! Tasks as workers get them.

use super::ids::TaskId;
use crate::plan::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task as a worker received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The number of the task in this recording.
    pub task: TaskId,
    /// The name of the worker that got it.
    pub worker: String,
    /// Whether it is a workflow task or an activity task.
    pub kind: TaskKind,
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// The server's attempt number.
    pub attempt: u32,
    /// Workflow task: id of its Started event, 0 for a query task. Activity: 0.
    #[serde(default)]
    pub started: i64,
    /// Workflow task: id of the Started event of the previous completed one, 0 if none.
    #[serde(default)]
    pub previous_started: i64,
    /// Workflow task: came from a sticky queue.
    #[serde(default)]
    pub sticky: bool,
    /// Workflow task: ids of the first and last event that came with it (all pages); `None` if none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<(i64, i64)>,
    /// Workflow task: how many events that were, if the recording says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_count: Option<u32>,
    /// Workflow task: ids of the updates that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<String>,
    /// Workflow task: how many queries came with it (one for a query task).
    #[serde(default)]
    pub queries: u32,
    /// Activity: its activity id; empty for a workflow task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub activity_id: String,
    /// The answer to the poll in proto-JSON, without what is recorded apart or says nothing: the token, the input, the history,
    /// messages and queries. `None` in older recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}
