//! Bounds: that something was not there before a time, or was there at it.

use resurgam_formats::recording::{OperationId, TaskId};
use resurgam_formats::time::At;

/// What proves a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// A call of a client or an answer of a worker.
    Operation(OperationId),
    /// A worker was handed this task.
    Task(TaskId),
}

/// A moment in the life of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// The event with this number was taken by the server.
    Accepted(usize),
    /// The event with this number was written. One more than there are: another run became the current one.
    Written(usize),
}

/// A point was not reached before (lower) or was reached at (upper) a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Index into `Evidence::runs`.
    pub(crate) run: usize,
    pub(crate) point: Point,
    pub(crate) at: At,
    pub(crate) by: By,
}

/// What must have come first came after, in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conflict {
    /// Stands first in the history, and cannot have happened before this.
    pub(crate) first: Bound,
    /// Stands later, and had happened at this earlier time.
    pub(crate) second: Bound,
}

/// The greater of two lower bounds.
pub(super) fn later(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.at > a.at { b } else { a }),
        (a, b) => a.or(b),
    }
}
