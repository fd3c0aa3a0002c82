//! Why a worker's completion of a workflow task is not executed.

use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause;

/// Why a command, and with it the workflow task, is refused. Nothing of the completion may be kept then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFailure {
    /// What the failed workflow task says.
    pub cause: WorkflowTaskFailedCause,
    /// The same for people, and what exactly is wrong; in the words of Temporal.
    pub message: String,
}

impl CommandFailure {
    /// A refusal for this cause.
    pub(super) fn new(cause: WorkflowTaskFailedCause, message: impl Into<String>) -> Self {
        let (name, message) = (format!("{cause:?}"), message.into());
        let named = message.starts_with(&name);
        Self { cause, message: if named { message } else { format!("{name}: {message}") } }
    }

    /// A refusal of what the state does not allow: of this action, on the thing of this name.
    pub(super) fn state(cause: WorkflowTaskFailedCause, action: &str, of: &str) -> Self {
        Self::new(cause, format!("invalid history builder state for action: {action}, {of}"))
    }
}
