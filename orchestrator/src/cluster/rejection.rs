//! Why a request is refused. Every refusal is an answer like any other: it is given only after what it was computed from is
//! committed.

use resurgam_api::temporal::failure::v1::Failure;

/// A definite refusal, unless it is [`Rejection::Unavailable`]. `cluster::status` maps each to a gRPC status with Temporal's details.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// No such run, run closed, or task no longer valid.
    #[error("{0}")]
    NotFound(String),
    /// The request can never be executed.
    #[error("{0}")]
    InvalidArgument(String),
    /// The workflow id is taken.
    #[error("{message}")]
    AlreadyStarted {
        /// Why, for people.
        message: String,
        /// Request id that started the run which has it.
        request_id: String,
        /// Run id of that run.
        run_id: String,
    },
    /// Not in this state.
    #[error("{0}")]
    FailedPrecondition(String),
    /// Busy, or a limit was reached.
    #[error("{message}")]
    ResourceExhausted {
        /// Why, for people.
        message: String,
        /// Why, a `temporal.api.enums.v1.ResourceExhaustedCause`.
        cause: i32,
    },
    /// A query's handler failed.
    #[error("{message}")]
    QueryFailed {
        /// What it says.
        message: String,
        /// As a failure.
        failure: Option<Box<Failure>>,
    },
    /// The task was started already, by another request.
    #[error("task already started")]
    TaskAlreadyStarted,
    /// It may or may not have been executed; try again.
    #[error("{0}")]
    Unavailable(String),
    /// The update was aborted because the run closed, or lost with its workflow task.
    #[error("{0}")]
    Aborted(String),
}
