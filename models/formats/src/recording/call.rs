//! What clients and workers ask of a server.

use super::ids::TaskId;
use crate::command::Command;
use crate::plan::{Action, Misuse};
use crate::program::Failure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A logical call of a client or a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Call {
    /// A client's call of the plan.
    Client {
        /// The workflow id.
        workflow_id: String,
        /// Request id (update id for updates); empty for reads.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        request_id: String,
        /// What was asked.
        action: Action,
    },
    /// A client that was told that its update was accepted asks for the outcome.
    PollUpdate {
        /// The workflow id.
        workflow_id: String,
        /// The run that accepted the update.
        run_id: String,
        /// The id of the update.
        request_id: String,
    },
    /// A worker answers a workflow task.
    CompleteWorkflowTask {
        /// The number under which the task was recorded.
        task: TaskId,
        /// The commands, in order; acceptances and completions of updates among them.
        commands: Vec<Command>,
        /// Updates that the validator refused, by id.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<String>,
    },
    /// A worker reports that it failed a workflow task.
    FailWorkflowTask {
        /// The number under which the task was recorded.
        task: TaskId,
    },
    /// A worker answers a query that came as a task of its own.
    AnswerQuery {
        /// The number under which the task was recorded.
        task: TaskId,
    },
    /// A worker reports progress of an activity.
    Heartbeat {
        /// The number under which the task was recorded.
        task: TaskId,
    },
    /// A worker ends an attempt of an activity.
    EndActivity {
        /// The number under which the task was recorded.
        task: TaskId,
        /// How the attempt ended.
        end: ActivityEnd,
        /// True if a client did it by activity id, not by task token.
        #[serde(default)]
        by_id: bool,
    },
    /// A client uses what it holds of one workflow in the name of another.
    Misuse {
        /// What was done, with the places in which it was done.
        misuse: Misuse,
        /// The workflow id in whose name it is used.
        workflow_id: String,
        /// The run id that the call names; empty if it names none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        run_id: String,
        /// The workflow id of the owner.
        owner: String,
        /// The run id of the owner; empty if it is not known, or does not matter.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        owner_run: String,
    },
}

/// How a worker ended an attempt of an activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityEnd {
    /// With a value.
    Completed(i64),
    /// With a failure.
    Failed(Failure),
    /// By acknowledging a cancellation.
    Canceled,
}
