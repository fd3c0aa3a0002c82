//! A lane of a timeline: bars and ticks of one kind, on the recorder's clock.

use serde::Serialize;

/// A time in nanoseconds since the case began; below zero for what the server did before.
pub type Time = i64;

/// A time of a recording.
pub(super) fn time(at: u64) -> Time {
    Time::try_from(at).unwrap_or(Time::MAX)
}

/// A row of the timeline: what one party did or suffered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// What kind of lane: `nodes`, `clients`, `tasks`, `activities`, `waits`, `events`.
    pub group: &'static str,
    /// Its name, such as `client-2`.
    pub name: String,
    /// What is drawn in it, sorted by begin.
    pub items: Vec<Item>,
}

/// A bar, or a tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Item {
    /// When it began.
    pub from: Time,
    /// End; `None` for a tick.
    pub to: Option<Time>,
    /// The end was never seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// What it looks like: `ok`, `fail`, `info`, `task`, `sticky`, `span`, a family of faults, `store`, or a class of events.
    pub class: &'static str,
    /// A word or two.
    pub label: String,
    /// A sentence or two.
    pub detail: String,
    /// Named by a violation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bad: bool,
    /// A worker misbehaved here on purpose.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub worker_faults: bool,
    /// The event: index of the run in [`Timeline::runs`](super::Timeline::runs), and its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<(usize, i64)>,
}
