//! What a shard still has to do: tasks that are due at once (transfers) and at a time (timers). They are rows of the
//! shard, written in the commit that decided them and deleted in a later one. A task that is done twice does no harm:
//! each names the state it was made for, and is dropped if that state is gone.

use crate::entity::{EventId, Millis};
use resurgam_api::temporal::common::v1::WorkflowExecution;

/// The run that a task is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct RunKey {
    /// Id of the namespace.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// Its workflow id.
    #[prost(string, tag = "2")]
    pub workflow_id: String,
    /// Its run id.
    #[prost(string, tag = "3")]
    pub run_id: String,
}

/// Something to do elsewhere as soon as possible.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TransferTask {
    /// The run that ordered it.
    #[prost(message, required, tag = "1")]
    pub run: RunKey,
    /// What is to be done.
    #[prost(oneof = "TransferKind", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16")]
    pub kind: Option<TransferKind>,
}

/// What a transfer is to do.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum TransferKind {
    /// Give the workflow task to matching.
    #[prost(message, tag = "2")]
    WorkflowTask(WorkflowTaskTransfer),
    /// Give the activity's current attempt to matching.
    #[prost(message, tag = "3")]
    ActivityTask(ActivityTaskTransfer),
    /// Start the child of this Initiated event, record that here, then let it have its first workflow task.
    #[prost(int64, tag = "4")]
    StartChild(EventId),
    /// Send the signal of this Initiated event.
    #[prost(int64, tag = "5")]
    SignalExternal(EventId),
    /// Send the cancel request of this Initiated event.
    #[prost(int64, tag = "6")]
    CancelExternal(EventId),
    /// Tell the parent that this run, the last of its chain, closed.
    #[prost(bool, tag = "7")]
    NotifyParent(bool),
    /// Apply the parent close policy to this child.
    #[prost(message, tag = "8")]
    CloseChild(CloseChildTransfer),
    /// Tell a child that started to schedule its first workflow task.
    #[prost(message, tag = "9")]
    ReleaseChild(ReleaseChildTransfer),
    /// Delete the history of the run, whose rows are gone.
    #[prost(bool, tag = "10")]
    DeleteHistory(bool),
    /// Start the workflow of this number for the schedule.
    #[prost(int64, tag = "11")]
    StartAction(i64),
    /// End a workflow that the schedule has started.
    #[prost(message, tag = "12")]
    StopAction(StopActionTransfer),
    /// Tell the schedule that this run, the last of its chain, closed.
    #[prost(bool, tag = "13")]
    NotifySchedule(bool),
    /// Count the workflows that a batch operation is about.
    #[prost(bool, tag = "14")]
    CountBatch(bool),
    /// Select the page of workflows of this number for the batch operation.
    #[prost(int64, tag = "15")]
    SelectPage(i64),
    /// Do what the batch operation says to the workflow of this number.
    #[prost(int64, tag = "16")]
    Operate(i64),
}

/// A workflow that a schedule has started and that gives way to another one, see [`TransferKind::StopAction`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StopActionTransfer {
    /// The number of its start.
    #[prost(int64, tag = "1")]
    pub number: i64,
    /// It is terminated, and not only asked to cancel.
    #[prost(bool, tag = "2")]
    pub terminate: bool,
}

/// A workflow task on its way to matching.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WorkflowTaskTransfer {
    /// Scheduled event id.
    #[prost(int64, tag = "1")]
    pub scheduled_event_id: EventId,
    /// Name of the task queue.
    #[prost(string, tag = "2")]
    pub task_queue: String,
    /// It is a sticky one.
    #[prost(bool, tag = "3")]
    pub sticky: bool,
    /// The attempt that is meant, from 1.
    #[prost(int32, tag = "4")]
    pub attempt: i32,
}

/// An attempt of an activity on its way to matching.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ActivityTaskTransfer {
    /// Scheduled event id.
    #[prost(int64, tag = "1")]
    pub scheduled_event_id: EventId,
    /// Name of the task queue.
    #[prost(string, tag = "2")]
    pub task_queue: String,
    /// The attempt that is meant, from 1.
    #[prost(int32, tag = "3")]
    pub attempt: i32,
}

/// A parent close policy on its way to a child.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CloseChildTransfer {
    /// The child that is meant.
    #[prost(message, optional, tag = "1")]
    pub child: Option<WorkflowExecution>,
    /// The policy, a `temporal.api.enums.v1.ParentClosePolicy`.
    #[prost(int32, tag = "2")]
    pub policy: i32,
    /// Initiated event id of the child in the parent.
    #[prost(int64, tag = "3")]
    pub initiated_event_id: EventId,
    /// The child's namespace id.
    #[prost(string, tag = "4")]
    pub namespace_id: String,
}

/// See [`TransferKind::ReleaseChild`]. It names the child itself: the parent may close, and forget it, in the same commit.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReleaseChildTransfer {
    /// The child that is meant.
    #[prost(message, optional, tag = "1")]
    pub child: Option<WorkflowExecution>,
    /// The child's namespace id.
    #[prost(string, tag = "2")]
    pub namespace_id: String,
    /// Initiated event id of the child in the parent.
    #[prost(int64, tag = "3")]
    pub initiated_event_id: EventId,
}

/// Something that happens to a run at a time, unless it has become pointless by then.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TimerTask {
    /// The run that ordered it.
    #[prost(message, required, tag = "1")]
    pub run: RunKey,
    /// When it is due.
    #[prost(int64, tag = "2")]
    pub due: Millis,
    /// What happens then.
    #[prost(oneof = "TimerKind", tags = "3, 4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub kind: Option<TimerKind>,
}

/// What a timer task is for. Each carries what tells whether it is still meant.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum TimerKind {
    /// The user timer of this Started event fires.
    #[prost(int64, tag = "3")]
    UserTimer(EventId),
    /// A timeout of an activity.
    #[prost(message, tag = "4")]
    ActivityTimeout(ActivityTimer),
    /// The next attempt of an activity is due.
    #[prost(message, tag = "5")]
    ActivityRetry(ActivityTimer),
    /// A timeout of the workflow task.
    #[prost(message, tag = "6")]
    WorkflowTaskTimeout(WorkflowTaskTimer),
    /// The first workflow task is due.
    #[prost(bool, tag = "7")]
    FirstWorkflowTask(bool),
    /// The run times out.
    #[prost(bool, tag = "8")]
    RunTimeout(bool),
    /// The chain of runs times out.
    #[prost(bool, tag = "9")]
    ExecutionTimeout(bool),
    /// The run has been closed for as long as its namespace keeps it.
    #[prost(bool, tag = "10")]
    Retention(bool),
    /// The schedule looks again, if that is still when it has to.
    #[prost(int64, tag = "11")]
    Schedule(Millis),
    /// The batch operation looks again, if that is still when it has to.
    #[prost(int64, tag = "12")]
    Batch(Millis),
}

/// Which timeout of which attempt of which activity.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ActivityTimer {
    /// Scheduled event id.
    #[prost(int64, tag = "1")]
    pub scheduled_event_id: EventId,
    /// The attempt that is meant, from 1.
    #[prost(int32, tag = "2")]
    pub attempt: i32,
    /// Which timeout, a `temporal.api.enums.v1.TimeoutType`.
    #[prost(int32, tag = "3")]
    pub timeout: i32,
}

/// Which timeout of which workflow task.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WorkflowTaskTimer {
    /// Scheduled event id.
    #[prost(int64, tag = "1")]
    pub scheduled_event_id: EventId,
    /// The attempt that is meant, from 1.
    #[prost(int32, tag = "2")]
    pub attempt: i32,
    /// `temporal.api.enums.v1.TimeoutType`: schedule-to-start or start-to-close.
    #[prost(int32, tag = "3")]
    pub timeout: i32,
    /// When that task was started (start-to-close), which tells speculative tasks with the same id apart.
    #[prost(int64, tag = "4")]
    pub started_time: Millis,
}
