//! When something is due again and again: a schedule, and the next run of a workflow that has a [`CronSchedule`]. A specification says it by calendars, cron strings and intervals in a time zone; [`canonical`] makes
//! of it what servers keep and show, [`Compiled`] says which time comes next. Pure: the same specification, seed and time give
//! the same answer on every machine, for the time zone database is compiled in, and there is no clock and no chance.
//!
//! What a specification means is as in temporalio/temporal 1.31.2, `service/worker/scheduler`, and refusals are in its words.

#![allow(deprecated, reason = "clients may still exclude calendars that are not structured")]

mod calendar;
mod canonical;
mod compiled;
mod cron;
mod cron_schedule;
mod field;
mod set;
mod span;
mod zone;

pub use canonical::{canonical, fill};
pub use compiled::{Compiled, Occurrence};
pub use cron_schedule::CronSchedule;

/// Milliseconds since 1970.
pub type Millis = i64;

/// The second of a time, as workflow ids and attributes name it: `2026-01-02T03:04:05Z`.
#[must_use]
pub fn second(time: Millis) -> String {
    let second = jiff::Timestamp::from_second(time.div_euclid(1000));
    second.map_or_else(|_| time.to_string(), |second| second.to_string())
}

/// The first year that a calendar can name.
const FIRST_YEAR: i16 = 2000;
/// The last one; behind it no time is due.
const LAST_YEAR: i16 = 2100;
