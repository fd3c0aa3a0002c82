//! What a run waits for, and what the world tells it.

use resurgam_node::prelude::*;
use std::time::{Duration, SystemTime};
use temporal::common::v1::Payloads;
use temporal::history::v1 as event;

/// An activity that is not done.
pub(crate) struct Activity {
    /// As it was asked for.
    pub(crate) asked: event::ActivityTaskScheduledEventAttributes,
    pub(crate) scheduled: SystemTime,
    /// Who works on it, and since when.
    pub(crate) started: Option<(String, SystemTime)>,
}

/// What the world tells a run.
pub(crate) enum Arrival {
    Signal(event::WorkflowExecutionSignaledEventAttributes),
    TimerFired(event::TimerFiredEventAttributes),
    ActivityCompleted { scheduled: i64, activity: Box<Activity>, result: Option<Payloads>, identity: String },
}

/// A timer to be set.
pub(crate) struct Timer {
    pub(crate) id: String,
    pub(crate) started: i64,
    pub(crate) after: Duration,
}

/// Whose commands these are.
pub(crate) struct By {
    /// The event of the workflow task that decided them.
    pub(crate) decided: i64,
    /// The identity of the worker, as it said it.
    pub(crate) identity: String,
}
