//! What a batch operation is at, and what it does next: which workflows it is about, how many of them it has done with, and
//! when it may go on.
//!
//! A batch operation is a run like any other, of a workflow of the system, and what is stored of it ([`Batch`]) is part of
//! the state of that run. [`Machine`] is let work on it whenever something has happened, and says what is to be done about that;
//! whoever runs it does it, and tells the machine what came of it. It selects workflows page by page, and never holds more of
//! them than a page; it is never about more than a few at a time, and never about more in a second than it may. Nothing is
//! read or sent here, and there is no clock but the time that is handed over. As in temporalio/temporal, `service/worker/batcher`.

mod call;
mod machine;
mod operation;
mod pace;
mod refusal;
mod stored;

pub use call::{Call, ResetCall, ResetPoint, call};
pub use machine::{Machine, Order, Selected};
pub use operation::{identity, query, reason, shown, state};
pub use refusal::check;
pub use stored::{Batch, Item, Outcome, Selection};

use resurgam_api::temporal::workflowservice::v1::StartBatchOperationRequest;

/// The division of the namespace in which batch operations are listed.
pub const DIVISION: &str = "TemporalBatcher";
/// The type of the workflow that a batch operation is.
pub const TYPE: &str = "temporal-sys-batch-workflow-protobuf";
/// Workflows that it has selected and not yet begun with, at most.
pub const PAGE: usize = 64;
/// Workflows that it is about at the same time.
pub const CONCURRENT: usize = 16;
/// Workflows that it begins with in a second, unless it is to be slower.
pub const RATE: u32 = 50;
/// How often a call about a workflow is made that nobody has answered definitely.
pub const ATTEMPTS: usize = 50;

/// Milliseconds since 1970.
type Millis = i64;
type Request = StartBatchOperationRequest;

#[cfg(test)]
mod machine_tests;
