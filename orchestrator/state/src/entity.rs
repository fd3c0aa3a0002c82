//! What the state of a run consists of: the workflow task, activities, timers, children, messages, updates. They are stored as
//! they stand here.
//!
//! Field numbers are a storage format: they are never reused. Times are milliseconds since 1970 by the owner's clock.

use crate::indexed::Named;
use resurgam_api::temporal::activity::v1::ActivityOptions;
use resurgam_api::temporal::common::v1::{Header, Payloads, Priority, RetryPolicy};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::update;

/// Milliseconds since 1970 by the clock of whoever decides, or between two such moments.
pub type Millis = i64;
/// Id of an event in its run, from 1.
pub type EventId = i64;

/// Where the history of a run ends.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Tail {
    /// First event id in the last node.
    #[prost(int64, tag = "1")]
    pub first_event_id: EventId,
    /// Transaction that wrote it.
    #[prost(int64, tag = "2")]
    pub transaction: i64,
}

/// What kind a workflow task is of, as in temporalio/temporal,
/// proto/internal/temporal/server/api/enums/v1/workflow_task_type.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum WorkflowTaskType {
    /// Its events are written when they happen.
    Normal = 0,
    /// A repeated attempt: its events are written only on success.
    Transient = 1,
    /// Made for updates only: nothing is written unless it is completed with something to write.
    Speculative = 2,
}

/// The pending workflow task.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkflowTask {
    /// Whether it has events, and when they are written.
    #[prost(enumeration = "WorkflowTaskType", tag = "1")]
    pub task_type: i32,
    /// Its Scheduled event, or the id that it would have.
    #[prost(int64, tag = "2")]
    pub scheduled_event_id: EventId,
    /// Its Started event, or the id that it would have; 0 until it is started.
    #[prost(int64, tag = "3")]
    pub started_event_id: EventId,
    /// Attempt, from 1.
    #[prost(int32, tag = "4")]
    pub attempt: i32,
    /// When it was scheduled.
    #[prost(int64, tag = "5")]
    pub scheduled_time: Millis,
    /// When it was started; 0 until then.
    #[prost(int64, tag = "6")]
    pub started_time: Millis,
    /// Start-to-close timeout in milliseconds.
    #[prost(int64, tag = "7")]
    pub timeout: Millis,
    /// When the first workflow task was scheduled of those with which a worker has asked for more time since.
    #[prost(int64, tag = "8")]
    pub original_scheduled_time: Millis,
    /// Request id of the start.
    #[prost(string, tag = "9")]
    pub request_id: String,
    /// It was sent to this sticky queue; empty: the normal one.
    #[prost(string, tag = "10")]
    pub sticky_queue: String,
    /// Who started it.
    #[prost(string, tag = "11")]
    pub identity: String,
    /// The worker is advised to continue as new. Computed at the start, and the same ever after.
    #[prost(bool, tag = "12")]
    pub suggest_continue_as_new: bool,
    /// Size of the history in bytes when it was started, as the worker is told.
    #[prost(int64, tag = "13")]
    pub history_size: i64,
    /// The last history node when it was started.
    #[prost(message, optional, tag = "14")]
    pub started_after: Option<Tail>,
}

/// The sticky queue of a worker that has the run in its cache.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Sticky {
    /// Name of the queue.
    #[prost(string, tag = "1")]
    pub queue: String,
    /// Schedule-to-start timeout of tasks there.
    #[prost(int64, tag = "2")]
    pub timeout: Millis,
}

/// A pending activity.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Activity {
    /// Its Scheduled event.
    #[prost(int64, tag = "1")]
    pub scheduled_event_id: EventId,
    /// The id that the worker gave it.
    #[prost(string, tag = "2")]
    pub activity_id: String,
    /// Name of its type.
    #[prost(string, tag = "3")]
    pub activity_type: String,
    /// Name of its task queue.
    #[prost(string, tag = "4")]
    pub task_queue: String,
    /// What it is called with.
    #[prost(message, optional, tag = "5")]
    pub input: Option<Payloads>,
    /// Header of the command.
    #[prost(message, optional, tag = "6")]
    pub header: Option<Header>,
    /// Retry policy with defaults filled in; none: no retries.
    #[prost(message, optional, tag = "7")]
    pub retry: Option<RetryPolicy>,
    /// Current attempt, from 1.
    #[prost(int32, tag = "8")]
    pub attempt: i32,
    /// When it was scheduled for the first time.
    #[prost(int64, tag = "9")]
    pub first_scheduled: Millis,
    /// When the current attempt was or will be scheduled.
    #[prost(int64, tag = "10")]
    pub scheduled: Millis,
    /// When the current attempt was started; 0: not started.
    #[prost(int64, tag = "11")]
    pub started: Millis,
    /// Request id of the start of the current attempt.
    #[prost(string, tag = "12")]
    pub request_id: String,
    /// Identity of who started it.
    #[prost(string, tag = "13")]
    pub identity: String,
    /// Schedule-to-close timeout, in milliseconds as all timeouts; 0: none.
    #[prost(int64, tag = "14")]
    pub schedule_to_close: Millis,
    /// Schedule-to-start timeout; 0: none.
    #[prost(int64, tag = "15")]
    pub schedule_to_start: Millis,
    /// Start-to-close timeout; 0: none.
    #[prost(int64, tag = "16")]
    pub start_to_close: Millis,
    /// Heartbeat timeout; 0: none.
    #[prost(int64, tag = "17")]
    pub heartbeat: Millis,
    /// When the last heartbeat of the current attempt came; 0: none.
    #[prost(int64, tag = "18")]
    pub last_heartbeat: Millis,
    /// Its details; kept over attempts.
    #[prost(message, optional, tag = "19")]
    pub heartbeat_details: Option<Payloads>,
    /// The failure of the last attempt.
    #[prost(message, optional, tag = "20")]
    pub last_failure: Option<Failure>,
    /// Its CancelRequested event; 0: not requested.
    #[prost(int64, tag = "21")]
    pub cancel_requested_event_id: EventId,
    /// Its Started event, once it is written (with the end, or through the buffer); 0 before.
    #[prost(int64, tag = "22")]
    pub started_event_id: EventId,
    /// Its own priority.
    #[prost(message, optional, tag = "23")]
    pub priority: Option<Priority>,
    /// It is paused: no attempt begins.
    #[prost(message, optional, tag = "24")]
    pub paused: Option<Pause>,
    /// How many attempts are not counted in what clients are shown, because a client reset the activity or an offered task was taken back.
    /// `attempt` itself goes on rising, so that a late answer to an old attempt is never taken for one to a new attempt.
    #[prost(int32, tag = "25")]
    pub uncounted: i32,
    /// It was reset while an attempt ran.
    #[prost(bool, tag = "26")]
    pub reset: bool,
    /// The next attempt begins without the details of heartbeats.
    #[prost(bool, tag = "27")]
    pub forget_heartbeat: bool,
    /// Its options as it was scheduled with them, if a client has changed them since.
    #[prost(message, optional, tag = "28")]
    pub original: Option<ActivityOptions>,
    /// When the last attempt ended; 0: none did.
    #[prost(int64, tag = "29")]
    pub attempt_ended: Millis,
}

impl Activity {
    /// The current attempt, as it is counted and shown.
    #[must_use]
    pub fn counted(&self) -> i32 {
        self.attempt - self.uncounted
    }
}

/// Who paused an activity, when and why.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Pause {
    /// When it was paused.
    #[prost(int64, tag = "1")]
    pub time: Millis,
    /// The identity of the client who paused it.
    #[prost(string, tag = "2")]
    pub identity: String,
    /// The reason that the client gave.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// An activity is also known by the id that the worker gave it.
impl Named for Activity {
    type Name = String;

    fn name(&self) -> String {
        self.activity_id.clone()
    }
}

/// A pending user timer.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Timer {
    /// Its Started event.
    #[prost(int64, tag = "1")]
    pub started_event_id: EventId,
    /// When it is due.
    #[prost(int64, tag = "2")]
    pub due: Millis,
}

/// A timer is also known by its Started event.
impl Named for Timer {
    type Name = EventId;

    fn name(&self) -> EventId {
        self.started_event_id
    }
}

/// A pending child.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Child {
    /// Its Initiated event, with everything that starting it needs.
    #[prost(message, optional, tag = "1")]
    pub initiated: Option<HistoryEvent>,
    /// Its Started event; 0 until then.
    #[prost(int64, tag = "2")]
    pub started_event_id: EventId,
    /// The run that started; empty until then.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// Request id of its start, the same over all attempts.
    #[prost(string, tag = "4")]
    pub request_id: String,
}

/// A pending signal or cancel request to another workflow.
#[derive(Clone, PartialEq, prost::Message)]
pub struct External {
    /// Its Initiated event, with everything that sending it needs.
    #[prost(message, optional, tag = "1")]
    pub initiated: Option<HistoryEvent>,
    /// Request id, the same over all attempts.
    #[prost(string, tag = "2")]
    pub request_id: String,
}

/// An update that an event of the history brings to workers, and that none has answered.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Admission {
    /// Its Admitted event.
    #[prost(int64, tag = "1")]
    pub event_id: EventId,
    /// The update as its client asked for it.
    #[prost(message, optional, tag = "2")]
    pub request: Option<update::v1::Request>,
}

/// An accepted update.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Update {
    /// Its Accepted event.
    #[prost(int64, tag = "1")]
    pub accepted_event_id: EventId,
    /// Its Completed event; 0 until then.
    #[prost(int64, tag = "2")]
    pub completed_event_id: EventId,
    /// Its outcome, once completed.
    #[prost(message, optional, tag = "3")]
    pub outcome: Option<update::v1::Outcome>,
    /// The request, as accepted.
    #[prost(message, optional, tag = "4")]
    pub request: Option<update::v1::Request>,
}
