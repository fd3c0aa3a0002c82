//! Why a worker's completion of a workflow task is not executed.

use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause;

/// Why a command, and with it the workflow task, is refused. Nothing of the completion may be kept then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFailure {
    /// What the failed workflow task says.
    pub cause: WorkflowTaskFailedCause,
    /// The same for people.
    pub message: String,
}

impl CommandFailure {
    /// A refusal for this cause.
    pub(super) fn new(cause: WorkflowTaskFailedCause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }
}
