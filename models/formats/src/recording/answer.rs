//! What a server answers, and what that proves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an answer proves. Source: docs/temporal-semantics.md, “Errors”.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// A definite answer with its value, rejections included.
    Ok {
        /// What the server answered.
        value: Reply,
    },
    /// Never executed: refused before it was sent, or INVALID_ARGUMENT.
    Fail {
        /// gRPC status and message.
        error: String,
    },
    /// Anything else: it may have been executed, may be executed later, or never.
    Info {
        /// gRPC status and message.
        error: String,
    },
}

/// The value of a definite answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// Done, nothing more to say.
    Done,
    /// A run: started now, or already there.
    Run {
        /// Its run id.
        run_id: String,
        /// Whether this request (or an earlier attempt of it) started it, if the server says so.
        started: Option<bool>,
    },
    /// ALREADY_EXISTS: the id is taken.
    AlreadyStarted {
        /// The run that has it.
        run_id: String,
    },
    /// NOT_FOUND: no such run, run already closed, or task no longer valid.
    NotFound {
        /// What the server said, in its words.
        message: String,
    },
    /// The answer of a query.
    Query(QueryAnswer),
    /// An update reached a stage.
    Update {
        /// The run it reached.
        run_id: String,
        /// Accepted at least; with an outcome if it is completed.
        stage: UpdateReached,
    },
    /// What the server says about a run.
    Description(Description),
    /// A history was read; it stands in the [`What::History`] line before.
    History {
        /// The run whose history it is.
        run_id: String,
        /// How many events were read.
        events: u32,
    },
    /// A page of a history, asked for with what may belong to another.
    Page {
        /// Its events, in Temporal's JSON.
        events: Vec<Value>,
    },
    /// A heartbeat was taken.
    Heartbeat {
        /// The server asks the activity to cancel.
        cancel_requested: bool,
    },
    /// Refused for a reason that is part of the contract.
    Refused {
        /// The gRPC status in upper snake case.
        status: String,
        /// What the server said, in its words.
        message: String,
    },
}

/// How far an update is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateReached {
    /// Admitted: known to the server, nothing durable.
    Admitted,
    /// Accepted by the validator, and so in the history.
    Accepted,
    /// Completed with this value.
    Completed(i64),
    /// Completed with a failure, or refused by the validator; the message says which.
    Failed(String),
}

/// What a query handler answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueryAnswer {
    /// The run that answered.
    pub run_id: String,
    /// The value of the handler's expression.
    pub value: i64,
    /// Id of the last event that the state reflects.
    pub seen: i64,
    /// How many signals have arrived, over all names.
    pub signals: u32,
}

/// What DescribeWorkflowExecution says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// Status in upper snake case without prefix: `RUNNING`, `COMPLETED`, …
    pub status: String,
    /// Number of events.
    pub history_length: i64,
    /// First run of the chain; empty if the server does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_run_id: String,
    /// Activity ids of pending activities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_activities: Vec<String>,
    /// Initiated event ids of pending children.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_children: Vec<i64>,
    /// A workflow task is pending.
    #[serde(default)]
    pub pending_workflow_task: bool,
    /// True for the description at the end of the case, read after the final history.
    #[serde(default, rename = "final")]
    pub is_final: bool,
    /// The whole answer in proto-JSON. `None` in older recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}
