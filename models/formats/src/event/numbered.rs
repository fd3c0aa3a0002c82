//! One event: what happened, and where and when in its history.

use super::id::EventId;
use super::kinds::Body;

/// One event of a workflow history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Position in the history, from 1.
    pub id: EventId,
    /// When the server says it happened, nanoseconds since the Unix epoch; `None` if the evidence does not say.
    /// Not monotone: a buffered event keeps its arrival time and gets its id at the flush.
    pub time: Option<i64>,
    /// Failover version (0 in a single cluster).
    pub version: i64,
    /// Server's task id; strictly increasing within a run; 0 if the evidence does not say.
    pub task_id: i64,
    /// The kind of event and its attributes.
    pub body: Body,
}
