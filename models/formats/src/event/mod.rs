//! The events of a workflow history, reduced to what rules and semantics read.
//!
//! This is our own small type, not the official protobuf: the judge must not share code with what it judges
//! (it would share its mistakes), and a history may come from anywhere. Every known kind has a struct with the fields that something
//! in this crate reads; a kind that is not known is kept as [`Body::Unrecognised`], never dropped.
//!
//! One event is decoded here, in every spelling of its JSON; whole files in their many shapes are the business of
//! [`crate::wire`].

mod decode;
mod failure;
mod field;
mod kinds;
pub mod known;
mod payload;
mod update;

pub use decode::*;
pub use failure::{Failure, FailureKind, RetryPolicy};
pub use field::integer;
pub use field::{Execution, Field, Moment, Named, Raw, Span, Symbol, TaskQueue};
pub(crate) use field::{brief, snake, take};
pub use kinds::*;
pub use payload::{Payload, Payloads};
pub use update::{UpdateMeta, UpdateOutcome, UpdateRequest};

/// The number of an event in its history, counted from 1. Zero in a reference means "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub i64);

impl EventId {
    /// True if this is a reference to nothing.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
    /// The id `n` events later (earlier if negative).
    #[must_use]
    pub fn plus(self, n: i64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

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
    /// What happened.
    pub body: Body,
}

/// Broad classes of events that several rules need. Source: docs/temporal-semantics.md.
impl Body {
    /// True if this event ends the run.
    #[must_use]
    pub fn is_close(&self) -> bool {
        matches!(
            self,
            Body::WorkflowExecutionCompleted(_)
                | Body::WorkflowExecutionFailed(_)
                | Body::WorkflowExecutionTimedOut(_)
                | Body::WorkflowExecutionCanceled(_)
                | Body::WorkflowExecutionTerminated(_)
                | Body::WorkflowExecutionContinuedAsNew(_)
        )
    }
    /// True for the close events that a worker's command writes (they carry the completed workflow task).
    #[must_use]
    pub fn is_commanded_close(&self) -> bool {
        matches!(
            self,
            Body::WorkflowExecutionCompleted(_)
                | Body::WorkflowExecutionFailed(_)
                | Body::WorkflowExecutionCanceled(_)
                | Body::WorkflowExecutionContinuedAsNew(_)
        )
    }
    /// True for the five workflow task events.
    #[must_use]
    pub fn is_workflow_task(&self) -> bool {
        matches!(
            self,
            Body::WorkflowTaskScheduled(_)
                | Body::WorkflowTaskStarted(_)
                | Body::WorkflowTaskCompleted(_)
                | Body::WorkflowTaskFailed(_)
                | Body::WorkflowTaskTimedOut(_)
        )
    }
    /// True for events written while a worker's completion is applied: they are never buffered and stand directly
    /// after their `WorkflowTaskCompleted`. Close events from commands and update acceptance/completion included.
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.is_commanded_close()
            || matches!(
                self,
                Body::ActivityTaskScheduled(_)
                    | Body::ActivityTaskCancelRequested(_)
                    | Body::TimerStarted(_)
                    | Body::TimerCanceled(_)
                    | Body::MarkerRecorded(_)
                    | Body::StartChildWorkflowExecutionInitiated(_)
                    | Body::RequestCancelExternalWorkflowExecutionInitiated(_)
                    | Body::SignalExternalWorkflowExecutionInitiated(_)
                    | Body::UpsertWorkflowSearchAttributes(_)
                    | Body::WorkflowPropertiesModified(_)
                    | Body::WorkflowExecutionUpdateAccepted(_)
                    | Body::WorkflowExecutionUpdateCompleted(_)
                    | Body::NexusOperationScheduled(_)
                    | Body::NexusOperationCancelRequested(_)
            )
    }
    /// True for activity, child and Nexus results: within one flush of the buffer they follow everything else.
    #[must_use]
    pub fn is_completion(&self) -> bool {
        matches!(
            self,
            Body::ActivityTaskCompleted(_)
                | Body::ActivityTaskFailed(_)
                | Body::ActivityTaskTimedOut(_)
                | Body::ActivityTaskCanceled(_)
                | Body::ChildWorkflowExecutionCompleted(_)
                | Body::ChildWorkflowExecutionFailed(_)
                | Body::ChildWorkflowExecutionCanceled(_)
                | Body::ChildWorkflowExecutionTimedOut(_)
                | Body::ChildWorkflowExecutionTerminated(_)
                | Body::NexusOperationCompleted(_)
                | Body::NexusOperationFailed(_)
                | Body::NexusOperationCanceled(_)
                | Body::NexusOperationTimedOut(_)
        )
    }
}
