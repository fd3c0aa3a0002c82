//! Audits: what the rows in the store of an orchestrator mean at one moment, in words that every orchestrator has.
//!
//! Clients see what is told; an audit sees what is kept. A run that waits for a timer of which no row is left looks like
//! any other run until its deadline, and a task that is in no queue looks like a slow worker. The target translates its
//! rows (`Auditor::audit` in `harness/src/subject.rs`), all partitions of one moment at once; rules compare what the rows of a run
//! say that is still to come with the rows of the tasks that make it come, and with the history that clients read.
//!
//! An audit says nothing about why, holds no payloads, and never judges. Source: docs/temporal-semantics.md, “Pending work”.

use crate::time::UnixMillis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The meaning of all rows at one moment. Everything is sorted by the names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// The state row of every run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunRow>,
    /// Which run is the current one, for every workflow id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current: Vec<CurrentRow>,
    /// Rows that cannot be read, or belong to a run that has no state row; in the target's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stray: Vec<String>,
}

/// The current-run row of a workflow id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentRow {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// The row says that the run is open.
    pub open: bool,
}

/// The state of one run and the tasks that are about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunRow {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id.
    pub run_id: String,
    /// It has not closed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub open: bool,
    /// The run that follows it; empty if none does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub successor: String,
    /// The id that the next event gets.
    pub next_event: i64,
    /// Which events can be read, going back from the end of the history that the row names: first and last id of each stretch without a gap,
    /// in the order of the history. If all is well that is one pair, from 1 to `next_event - 1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<(i64, i64)>,
    /// What the row says is going on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pending: Pending,
    /// What must happen at a time, by the row: due at the latest then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<TimerTask>,
    /// The timer tasks that an owner who loads the rows now would find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<TimerTask>,
    /// What must be done elsewhere as soon as possible, by the row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<TransferTask>,
    /// The tasks, of the run's own partition or in a task queue, that an owner who loads the rows now would find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TransferTask>,
}

/// What is going on in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pending {
    /// Timers, by their Started event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<i64>,
    /// Activities, by their Scheduled event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<i64>,
    /// Children that have been asked for and have not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildRow>,
    /// Signals and cancel requests to other workflows, by their Initiated event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub externals: Vec<i64>,
    /// The workflow task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<WorkflowTaskRow>,
    /// How many events wait for the workflow task to end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub buffered: u32,
    /// What has ended in one of those events: Started, Scheduled or Initiated events. It is not listed above any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<i64>,
}

/// A pending child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChildRow {
    /// Its Initiated event.
    pub initiated: i64,
    /// Its workflow id.
    pub workflow_id: String,
    /// The run that started; empty until that is known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run_id: String,
}

/// A pending workflow task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowTaskRow {
    /// Its Scheduled event, or the id that it would have.
    pub scheduled: i64,
    /// Its Started event, or the id that it would have; 0 until a worker has it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub started: i64,
    /// Its events are written when they happen, not only once it succeeds.
    pub written: bool,
    /// It is for a sticky queue, which need not keep its tasks: its schedule-to-start timeout stands in for that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sticky: bool,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TimerTask {
    /// What is due then.
    pub what: TimerTaskKind,
    /// The event that it is about: Started of a timer, Scheduled of an activity or a workflow task; 0 for the whole run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub event: i64,
    /// Which attempt; 0 if that does not matter.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempt: u32,
    /// When the workflow task that it is about was started, which tells two of one id apart; else 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub since: UnixMillis,
    /// The moment from which on it may happen.
    pub due: UnixMillis,
}

/// What happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimerTaskKind {
    /// A timer fires.
    Timer,
    /// The next attempt of an activity begins.
    ActivityRetry,
    /// No worker has taken an activity.
    ActivityScheduleToStart,
    /// An activity has taken too long with all its attempts.
    ActivityScheduleToClose,
    /// An attempt of an activity has taken too long.
    ActivityStartToClose,
    /// An activity has not reported progress.
    ActivityHeartbeat,
    /// No worker has taken a workflow task.
    TaskScheduleToStart,
    /// A workflow task has taken too long.
    TaskStartToClose,
    /// The first workflow task begins.
    FirstTask,
    /// The run has taken too long.
    Run,
    /// The chain of runs has taken too long.
    Execution,
}

/// Something to be done elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TransferTask {
    /// What has to be done.
    pub what: TransferTaskKind,
    /// The event that it is about: Scheduled or Initiated; 0 for the whole run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub event: i64,
    /// Which attempt; 0 if there is only one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempt: u32,
}

/// What is to be done elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferTaskKind {
    /// Give a workflow task to a worker.
    WorkflowTask,
    /// Give an attempt of an activity to a worker.
    ActivityTask,
    /// Start a child.
    StartChild,
    /// Signal another workflow.
    Signal,
    /// Ask another workflow to cancel.
    Cancel,
    /// Tell the parent that this run closed.
    NotifyParent,
    /// Terminate a child, or ask it to cancel, because this run closed.
    CloseChild,
}

impl RunRow {
    /// True if the row of a timer task makes sure of this in time. The attempt and the start of a deadline that has none
    /// do not matter.
    #[must_use]
    pub fn fires(&self, wanted: &TimerTask) -> bool {
        self.timers.iter().any(|timer| {
            timer.what == wanted.what
                && timer.event == wanted.event
                && (wanted.attempt == 0 || timer.attempt == wanted.attempt)
                && timer.since == wanted.since
                && timer.due <= wanted.due
        })
    }

    /// True if some timer task of this kind is about this attempt, whenever it is due.
    #[must_use]
    pub fn will_fire(&self, what: TimerTaskKind, event: i64, attempt: u32) -> bool {
        self.timers.iter().any(|timer| timer.what == what && timer.event == event && timer.attempt == attempt)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
