//! Plans: all that one case needs, as plain lists. Any sub-list of any list is still a valid plan, so that shrinking
//! is deletion and never needs repair: indices are taken modulo what exists, and a list may be empty.

mod action;
mod cluster;
mod expected;
mod fault;
mod growth;
mod habits;
mod misfit;
mod misuse;
mod statements;
mod task_kind;
mod unknown;
mod valid;

pub use cluster::{Cluster, Latency};
pub use expected::Expected;
pub(crate) use fault::counted;
pub use fault::{
    Affected, Caller, DatabaseFault, Extent, Family, Fault, FaultKind, FaultMoment, Happening, PartitionKind, Parts,
    Side, StoreCall, StoreOutcome, Way,
};
pub use growth::{Crowd, Growth};
pub use habits::Habits;
pub use misfit::misfit;
pub use misuse::{Damage, Held, Misuse, Namespace, WorkflowAddress};
pub use task_kind::TaskKind;
pub use unknown::unknown_field;
pub use valid::problem;

use crate::program::{Input, Retry};
use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the plan format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// One case, before it is executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// The seed it was drawn from.
    pub seed: u64,
    /// The programs; starts name them by index.
    pub programs: Vec<Input>,
    /// What clients do, each at its own time.
    pub operations: Vec<Operation>,
    /// How many workers there are, and how much each remembers.
    pub workers: Workers,
    /// How workers misbehave.
    pub worker_faults: Vec<WorkerFault>,
    /// What clients use in a place where it does not belong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misuses: Vec<Misuse>,
    /// Timeouts and sizes.
    pub knobs: Knobs,
    /// How clients and workers ask.
    #[serde(default, skip_serializing_if = "Habits::are_usual")]
    pub habits: Habits,
    /// The simulated cluster.
    #[serde(default, skip_serializing_if = "Cluster::is_default")]
    pub cluster: Cluster,
    /// What is done to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// In a simulation, and on a target that promises retention: when everything has been read, time goes on until all runs may
    /// be deleted. The faults happen once more then, and what is left is looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expires: bool,
    /// What there is many of at the end, each with calls that are counted beside it. Only in a simulation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growths: Vec<Growth>,
    /// What has to hold beside all rules.
    #[serde(default, skip_serializing_if = "Expected::is_nothing")]
    pub expected: Expected,
}

impl Plan {
    /// A plan of a seed in which nothing is done to the default cluster.
    #[must_use]
    pub fn empty(seed: u64) -> Self {
        Self {
            version: VERSION,
            seed,
            programs: Vec::new(),
            operations: Vec::new(),
            workers: Workers { count: 1, cache: 0, full_replay: false },
            worker_faults: Vec::new(),
            misuses: Vec::new(),
            knobs: Knobs { task_timeout_ms: 1000, sticky_timeout_ms: 1000 },
            habits: Habits::default(),
            cluster: Cluster::default(),
            faults: Vec::new(),
            expires: false,
            growths: Vec::new(),
            expected: Expected::default(),
        }
    }
}

/// Timeouts and sizes of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knobs {
    /// Workflow task timeout of every start. The server's clock has a grain of a second here.
    pub task_timeout_ms: Millis,
    /// Schedule-to-start timeout of sticky queues.
    pub sticky_timeout_ms: Millis,
}

/// The workers of a case. All poll the same task queue, each has a sticky queue of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// How many, at least 1.
    pub count: u8,
    /// Runs that each worker keeps in its sticky cache; 0 turns stickiness off.
    pub cache: u8,
    /// Replay the whole history at every workflow task, even if the run is in the cache, and require the same commands.
    pub full_replay: bool,
}

/// A logical call of a client, attempted once or more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// When, after the start of the case.
    pub at_ms: Millis,
    /// Which client, a name for a sequence: operations of one client with the same time keep their order.
    pub client: u8,
    /// Which workflow: slot `k` has the workflow id `PREFIX-w{k}`.
    pub workflow: u8,
    /// What the client asks for.
    pub action: Action,
    /// Further attempts of the same call *with the same request id*, each this long after the first began. Attempts
    /// that overlap are duplicates; those after the answer are late retries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again_ms: Vec<Millis>,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "call", deny_unknown_fields)]
pub enum Action {
    /// Start a workflow.
    Start(Start),
    /// Signal the current run.
    Signal {
        /// The signal's name.
        name: String,
        /// The argument of the signal.
        value: i64,
    },
    /// Start, or signal the run that is there, as one call.
    SignalWithStart {
        /// What is started if no run is open, and by which policies.
        start: Start,
        /// The signal's name.
        name: String,
        /// The argument of the signal.
        value: i64,
    },
    /// Query the current run.
    Query {
        /// The query's name.
        name: String,
    },
    /// Update the current run.
    Update {
        /// The update's name.
        name: String,
        /// The argument of the update.
        value: i64,
        /// What to wait for.
        wait: UpdateStage,
    },
    /// Ask the current run to cancel.
    Cancel,
    /// Terminate the current run.
    Terminate,
    /// Describe the current run.
    Describe,
    /// Read the history of the current run.
    ReadHistory,
}

/// The options of a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Index into [`Plan::programs`], modulo their number.
    pub program: u8,
    /// What if the id was used by a closed run.
    pub reuse: IdReuse,
    /// What if the id is used by an open run.
    pub conflict: IdConflict,
    /// Timeout of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_timeout_ms: Option<Millis>,
    /// Timeout of the chain of runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout_ms: Option<Millis>,
    /// Retries of failed and timed-out runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

/// Workflow id reuse policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdReuse {
    /// The id may be used again, however the last run ended.
    AllowDuplicate,
    /// Only if the last run failed, was cancelled, was terminated or timed out.
    AllowDuplicateFailedOnly,
    /// The id may not be used again.
    RejectDuplicate,
}

/// Workflow id conflict policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdConflict {
    /// The start is refused.
    Fail,
    /// Answer with the open run.
    UseExisting,
    /// Terminate the open run and start.
    TerminateExisting,
}

/// What an update call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateStage {
    /// Until the update is accepted.
    Accepted,
    /// Until the update has its result.
    Completed,
}

/// One misbehaviour of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkerFault {
    /// Which kind of task.
    pub task: TaskKind,
    /// The n-th task of that kind handed to any worker of the case, from 1.
    pub nth: u16,
    /// What happens to it.
    pub what: WorkerFaultKind,
}

/// What a misbehaving worker does with a task that it polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerFaultKind {
    /// It forgets the task.
    Drop,
    /// It answers this much later than it would.
    Late(Millis),
    /// It answers, and answers again, with the same content, this much later.
    Twice(Millis),
    /// It crashes before it answers: the task, all other tasks it holds and the sticky cache are lost.
    Crash,
    /// It answers that the task failed (workflow tasks only; an activity is answered as usual).
    FailTask,
}
