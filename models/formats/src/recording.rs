//! Recordings: the append-only stream of one case, one JSON object per line.
//!
//! Everything that was seen stands here in the order in which the recorder saw it: logical operations with their
//! attempts singly, the tasks that workers were handed, worker faults, and at the end the histories and descriptions that
//! were read. Judging needs nothing else, except that a bare history can be judged by fewer rules.
//!
//! A logical operation is one intention ("signal this workflow"): all its attempts have the same [`Call`] and the
//! same request id. What an attempt proves is its [`Answer`]; the table that maps gRPC statuses to it is the harness's.

use crate::audit::Audit;
use crate::command::Command;
use crate::listing;
use crate::plan::{self, Action, Plan, TaskKind, WorkerFaultKind};
use crate::profile::Profile;
use crate::program::Failure;
use crate::store::Outcome;
use crate::tenure::Tenures;
use crate::time::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The version of the recording format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// Number of a logical operation within its case, from 1.
pub type OperationId = u32;
/// Number of a task handed to a worker within its case, from 1.
pub type TaskId = u32;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When it was recorded.
    pub at: At,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum What {
    /// Always the first line.
    Header(Box<Header>),
    /// An attempt of an operation begins (recorded before the request is sent).
    Invoke {
        /// The logical operation.
        operation: OperationId,
        /// Which attempt, from 1.
        attempt: u32,
        /// Who: `client-2` or `worker-1`.
        by: String,
        /// What; equal in all attempts of an operation.
        call: Box<Call>,
    },
    /// An attempt ended (recorded after the answer arrived).
    Return {
        /// The logical operation.
        operation: OperationId,
        /// Which attempt.
        attempt: u32,
        /// What the answer proves.
        answer: Answer,
    },
    /// A worker was handed a task.
    Task(Box<Task>),
    /// A worker misbehaved on purpose.
    WorkerFault {
        /// The task.
        task: TaskId,
        /// How.
        #[serde(rename = "what")]
        worker_fault: WorkerFaultKind,
    },
    /// A fault began or ended (none without a nemesis).
    Fault {
        /// What.
        fault: Injected,
        /// True at the begin, false at the end. What has no end has no second line.
        active: bool,
        /// At the end: how often it made a difference, such as messages lost and calls spoiled, if that was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hits: Option<u32>,
    },
    /// Something happened in the simulated store that its caller did not simply ask for.
    Store {
        /// Whose call; `None` if it happened by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<u8>,
        /// The partition.
        partition: String,
        /// What.
        outcome: Outcome,
    },
    /// What the rows of the simulated store meant at this moment, if the target can say.
    Audit(Box<Audit>),
    /// Who owned which partition of the simulated store in the course of the case.
    Tenures(Box<Tenures>),
    /// A simulated node panicked, which ends the case: no line follows.
    Panic {
        /// The node.
        node: u8,
        /// What it said if it was an assertion of its own, else where in its code that was. Never the words of a library,
        /// which may hold what does not repeat.
        message: String,
    },
    /// A history as read by a client, in Temporal's JSON.
    History(Box<HistoryRead>),
    /// A description as read at the end of the case.
    Description(Box<Description>),
    /// A node does not do what every node has to do.
    Unfit {
        /// Which, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<u8>,
        /// What it does not do: a call that is not served, listening at all, going on.
        why: String,
    },
    /// Always the last line of a case that ended.
    End {
        /// Every run was closed and every operation answered.
        quiescent: bool,
        /// By when that had to be, computed from the plan.
        deadline: At,
        /// What was still open, in words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<String>,
        /// A bug of the suite itself that showed in this case: whatever is open may be its doing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suite: Option<String>,
    },
}

/// What a line about a fault names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Injected {
    /// A fault of the plan.
    Planned(plan::Fault),
    /// Something else, in words of which the first is its kind.
    Named(String),
}

impl Injected {
    /// Its kind, for counting.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Planned(fault) => fault.kind.name(),
            Self::Named(words) => words.split_whitespace().next().unwrap_or_default(),
        }
    }

    /// True if the line that begins this fault and the one that ends `other` are of one fault. How long it lasted is
    /// known only at its end, so the first line may say nothing of it.
    #[must_use]
    pub fn is_begin_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Planned(begin), Self::Planned(end)) => begin.at_ms == end.at_ms && begin.kind == end.kind,
            _ => self == other,
        }
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(fault) => f.write_str(&listing::kind(&fault.kind)),
            Self::Named(words) => f.write_str(words),
        }
    }
}

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// The name of the target in reports: `temporal`, `address`, … Nothing is concluded from it.
    pub target: String,
    /// What the target says of itself, such as `1.31.2`.
    #[serde(default)]
    pub target_version: String,
    /// By what the target is judged beside the contract.
    #[serde(default)]
    pub profile: Profile,
    /// The prefix of every workflow id of the case: slot `k` is `PREFIX-w{k}`.
    pub prefix: String,
    /// The plan that was executed.
    pub plan: Plan,
}

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
    /// A worker answers a workflow task.
    CompleteWorkflowTask {
        /// The task.
        task: TaskId,
        /// The commands, in order; acceptances and completions of updates among them.
        commands: Vec<Command>,
        /// Updates that the validator refused, by id.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refused: Vec<String>,
    },
    /// A worker reports that it failed a workflow task.
    FailWorkflowTask {
        /// The task.
        task: TaskId,
    },
    /// A worker answers a query that came as a task of its own.
    AnswerQuery {
        /// The task.
        task: TaskId,
    },
    /// A worker reports progress of an activity.
    Heartbeat {
        /// The task.
        task: TaskId,
    },
    /// A worker ends an attempt of an activity.
    EndActivity {
        /// The task.
        task: TaskId,
        /// How.
        end: ActivityEnd,
        /// True if a client did it by activity id, not by task token.
        #[serde(default)]
        by_id: bool,
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

/// What an answer proves. Source: docs/temporal-semantics.md, “Errors”.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// A definite answer with its value, rejections included.
    Ok {
        /// The value.
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
        /// The message.
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
    /// A description.
    Description(Description),
    /// A history was read; it stands in the [`What::History`] line before.
    History {
        /// The run.
        run_id: String,
        /// How many events were read.
        events: u32,
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
        /// The message.
        message: String,
    },
}

/// How far an update is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateReached {
    /// Admitted: known to the server, nothing durable.
    Admitted,
    /// Accepted.
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

/// A task as a worker received it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number.
    pub task: TaskId,
    /// The worker.
    pub worker: String,
    /// The kind.
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
}

/// A history that a client read to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryRead {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// True for the reads at the end of the case, from which rules take the history of a run; false for reads by the plan.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// When the read began (the line itself says when it had ended).
    pub from: At,
    /// The events, in Temporal's JSON.
    pub events: Vec<Value>,
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
}
