//! What transfers ask of others: each of these is sent until it is answered.

use resurgam_api::internal;
use resurgam_batch::{Call, Selection};
use resurgam_state::EventId;

/// A request that a transfer leads to.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "moved once")]
pub(super) enum TransferCall {
    /// To matching; of a workflow task for a sticky queue, the scheduled event id.
    AddTask(internal::AddTaskRequest, Option<EventId>),
    /// A child of this Initiated event.
    Start(internal::StartWorkflowRequest, EventId),
    /// A signal of this Initiated event.
    Signal(internal::SignalRequest, EventId),
    /// A cancel request of this Initiated event, or, without one, of a parent close policy.
    Cancel(internal::RequestCancelRequest, Option<EventId>),
    /// By a parent close policy.
    Terminate(internal::TerminateRequest),
    /// To a child.
    Release(internal::ScheduleFirstWorkflowTaskRequest),
    /// To a parent.
    ChildClosed(internal::RecordChildClosedRequest),
    /// The start with this number, of a schedule.
    StartAction(internal::StartWorkflowRequest, i64),
    /// To a schedule.
    ActionClosed(internal::RecordActionClosedRequest),
    /// How many workflows a batch operation is about.
    Count(Selection),
    /// A page of them, with its number.
    Select(Selection, i64),
    /// What it does to the one with this number; none: what was named is no workflow.
    Operate(Option<Box<Call>>, i64),
}
