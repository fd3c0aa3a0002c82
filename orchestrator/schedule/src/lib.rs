//! Schedules: what each is at, and what it does next. Pure: from what is stored of a schedule, the time, and what has happened,
//! to what is stored then and what is to be done. Nothing here starts anything, or knows how a shard stores it.
//!
//! A schedule is a run of a workflow of the system, as in Temporal, whose decisions are made here and not by a worker. It meets
//! each time of its specification once: the time is put into the buffer, and from there goes what the overlap policy lets go.
//! What goes has a number; from the number follows the request id, so that it starts one workflow however often it is tried.

mod buffer;
mod change;
mod end;
mod info;
mod machine;
mod request;
mod stored;

pub use change::replace;
pub use end::End;
pub use info::{describe, listed, matching};
pub use machine::{Clock, Machine, Order, begin};
pub use request::{identity, start, stop};
pub use stored::{LastOutcome, Schedule, Watcher};

use prost_wkt_types::{Duration, Timestamp};

/// How the workflow ids of schedules begin.
pub const PREFIX: &str = resurgam_visibility::attribute::SCHEDULE_PREFIX;
/// Under this name the memo of a schedule says what lists show of it.
pub const INFO: &str = "ScheduleInfo";
/// Starts in the buffer and on their way, and backfills, each.
pub const BUFFER: usize = 1000;
/// Times of the specification that one step passes.
pub const STEP: usize = 1000;
/// Requests that are recognised when they are repeated.
pub const REQUESTS: usize = 100;
/// Actions that are shown, of the past and of the future.
pub const SHOWN: usize = 10;

/// Milliseconds of a span; parts of one are cut off.
fn millis(span: Option<&Duration>) -> i64 {
    let Some(span) = span else { return 0 };
    span.seconds.saturating_mul(1000).saturating_add(i64::from(span.nanos).div_euclid(1_000_000))
}

/// Milliseconds since 1970 as protobuf has them.
fn timestamp(at: i64) -> Timestamp {
    let nanos = i32::try_from(at.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    Timestamp { seconds: at.div_euclid(1000), nanos }
}

/// Milliseconds since 1970; parts of one are cut off.
fn moment(time: Option<&Timestamp>) -> i64 {
    let Some(time) = time else { return 0 };
    time.seconds.saturating_mul(1000).saturating_add(i64::from(time.nanos).div_euclid(1_000_000))
}
