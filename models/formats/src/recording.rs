//! Recordings: the append-only stream of one case, one JSON object per line.
//!
//! Everything that was seen stands here in the order in which the recorder saw it: logical operations with their
//! attempts singly, the tasks that workers were handed, worker faults, and at the end the histories and descriptions that
//! were read. Judging needs nothing else, except that a bare history can be judged by fewer rules.
//!
//! A logical operation is one intention ("signal this workflow"): all its attempts have the same [`Call`] and the
//! same request id. What an attempt proves is its [`Answer`]; the table that maps gRPC statuses to it is the harness's.

mod answer;
mod call;
mod ids;
mod injected;
mod registered;
mod task;

pub use answer::{Answer, Description, QueryAnswer, Reply, UpdateReached};
pub use call::{ActivityEnd, Call};
pub use ids::{OperationId, TaskId};
pub use injected::Injected;
pub use registered::Registered;
pub use task::Task;

use crate::audit::Audit;
use crate::cost::Costs;
use crate::kept::{Kept, Sought};
use crate::listed::Listed;
use crate::plan::{Namespace, Plan, WorkerFaultKind};
use crate::profile::Profile;
use crate::store::StoreEvent;
use crate::tenure::Tenures;
use crate::time::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the recording format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When it was recorded.
    pub at: At,
    /// What was recorded.
    #[serde(flatten)]
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum What {
    /// Always the first line.
    Header(Box<Header>),
    /// A node was asked for a namespace that had been registered for the case, before that began.
    Namespace(Box<Registered>),
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
        /// Which attempt of the operation, from 1.
        attempt: u32,
        /// What the answer proves.
        answer: Answer,
    },
    /// A worker was handed a task.
    Task(Box<Task>),
    /// A worker misbehaved on purpose.
    WorkerFault {
        /// The number under which the task was recorded.
        task: TaskId,
        /// What the worker did with it.
        #[serde(rename = "what")]
        worker_fault: WorkerFaultKind,
    },
    /// A fault began or ended.
    Fault {
        /// The fault, as the plan or the target names it.
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
        /// The name of the partition.
        partition: String,
        /// What happened there.
        outcome: StoreEvent,
    },
    /// What the rows of the simulated store meant at this moment, if the target can say.
    Audit(Box<Audit>),
    /// Who owned which partition of the simulated store in the course of the case.
    Tenures(Box<Tenures>),
    /// What the simulated store holds of closed runs whose time may be over, if the target can say.
    Kept(Box<Kept>),
    /// A reader asked for the history of a closed run whose time may be over.
    Sought(Box<Sought>),
    /// What the same calls cost in the simulated store, beside few and beside many.
    Costs(Box<Costs>),
    /// A simulated node panicked, which ends the case: no line follows.
    Panic {
        /// The node that panicked.
        node: u8,
        /// What it said if it was an assertion of its own, else where in its code that was. Never the words of a library,
        /// which may hold what does not repeat.
        message: String,
    },
    /// A history as read by a client, in Temporal's JSON.
    History(Box<HistoryRead>),
    /// A description as read at the end of the case.
    Description(Box<Description>),
    /// A list of all workflows of the case as read at its end.
    Listed(Box<Listed>),
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
    /// The namespace of the case; empty in older recordings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Clients and workers put labels on what they ask for, see [`crate::label`]. False in older recordings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels: bool,
    /// The plan that was executed.
    pub plan: Plan,
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
    /// The namespace in which it was read. Rules take histories of the case's own only.
    #[serde(default, skip_serializing_if = "Namespace::is_own")]
    pub namespace: Namespace,
}
