//! What is stored of a schedule. Field numbers are a storage format. Times are milliseconds since 1970; 0: never.

use resurgam_api::temporal::common::v1::{Payloads, WorkflowExecution};
use resurgam_api::temporal::enums::v1::ScheduleOverlapPolicy;
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::schedule::v1::{ScheduleActionResult, ScheduleState};
use resurgam_calendar::Millis;

/// What is in the row of the run itself: all but the definition and the last outcome, which may be large.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Schedule {
    /// The key of the definition that is in force.
    #[prost(int64, tag = "1")]
    pub definition: i64,
    /// Whether it is paused, and how many actions it has left.
    #[prost(message, required, tag = "2")]
    pub state: ScheduleState,
    /// Raised by every change that clients may collide with.
    #[prost(int64, tag = "3")]
    pub token: i64,
    /// All times of the specification up to this one have been met.
    #[prost(int64, tag = "4")]
    pub met: Millis,
    /// When it was made.
    #[prost(int64, tag = "5")]
    pub created: Millis,
    /// When it was updated last.
    #[prost(int64, tag = "6")]
    pub updated: Millis,
    /// Workflows that it has started.
    #[prost(int64, tag = "7")]
    pub actions: i64,
    /// Times that were met too late.
    #[prost(int64, tag = "8")]
    pub missed: i64,
    /// Starts that the overlap policy left out.
    #[prost(int64, tag = "9")]
    pub skipped: i64,
    /// Starts and backfills for which there was no room.
    #[prost(int64, tag = "10")]
    pub dropped: i64,
    /// The last workflows that it has started, in the order of their numbers.
    #[prost(message, repeated, tag = "11")]
    pub recent: Vec<Started>,
    /// Those of them that others must not overlap and whose ends it waits for.
    #[prost(message, repeated, tag = "12")]
    pub running: Vec<Running>,
    /// Starts that have not been decided about.
    #[prost(message, repeated, tag = "13")]
    pub buffered: Vec<Start>,
    /// Spans of time that are still to be met once more.
    #[prost(message, repeated, tag = "14")]
    pub backfills: Vec<Backfill>,
    /// Starts on their way.
    #[prost(message, repeated, tag = "15")]
    pub starting: Vec<Starting>,
    /// The ids of the last requests that changed it.
    #[prost(string, repeated, tag = "16")]
    pub requests: Vec<String>,
    /// The number of the last start.
    #[prost(int64, tag = "17")]
    pub numbered: i64,
    /// When it has to look again.
    #[prost(int64, tag = "18")]
    pub wakes: Millis,
}

/// A start that is due.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Start {
    /// Its number, which no other start of the schedule has.
    #[prost(int64, tag = "1")]
    pub number: i64,
    /// The time of the specification.
    #[prost(int64, tag = "2")]
    pub nominal: Millis,
    /// The same with its jitter.
    #[prost(int64, tag = "3")]
    pub actual: Millis,
    /// What it says itself of overlaps; unspecified: what the schedule says when it is decided.
    #[prost(enumeration = "ScheduleOverlapPolicy", tag = "4")]
    pub overlap: i32,
    /// Somebody asked for it.
    #[prost(bool, tag = "5")]
    pub manual: bool,
}

/// A start on its way.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Starting {
    /// What is started.
    #[prost(message, required, tag = "1")]
    pub start: Start,
    /// By which definition: a later one must not make another workflow of it.
    #[prost(int64, tag = "2")]
    pub definition: i64,
    /// No other one may overlap it.
    #[prost(bool, tag = "3")]
    pub exclusive: bool,
}

/// A workflow that was started.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Started {
    /// The number of its start.
    #[prost(int64, tag = "1")]
    pub number: i64,
    /// What is shown of it.
    #[prost(message, required, tag = "2")]
    pub action: ScheduleActionResult,
}

/// A workflow whose end is waited for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Running {
    /// The number of its start.
    #[prost(int64, tag = "1")]
    pub number: i64,
    /// It, with its first run.
    #[prost(message, required, tag = "2")]
    pub execution: WorkflowExecution,
    /// It was asked to cancel.
    #[prost(bool, tag = "3")]
    pub canceled: bool,
    /// It was terminated.
    #[prost(bool, tag = "4")]
    pub terminated: bool,
}

/// A span of time whose times are to be met once more.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Backfill {
    /// Behind this one ...
    #[prost(int64, tag = "1")]
    pub after: Millis,
    /// ... up to this one.
    #[prost(int64, tag = "2")]
    pub until: Millis,
    /// What it says of overlaps.
    #[prost(enumeration = "ScheduleOverlapPolicy", tag = "3")]
    pub overlap: i32,
}

/// What the last workflow came to that ended with something to tell the next one.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LastOutcome {
    /// The last result.
    #[prost(message, optional, tag = "1")]
    pub result: Option<Payloads>,
    /// The failure since then.
    #[prost(message, optional, tag = "2")]
    pub failure: Option<Failure>,
}

/// The schedule that a run has to tell of its end. It is stored with the run.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Watcher {
    /// The id of the namespace of both.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The run of the schedule.
    #[prost(message, required, tag = "2")]
    pub schedule: WorkflowExecution,
    /// The number of the start.
    #[prost(int64, tag = "3")]
    pub number: i64,
}
