//! Why a history cannot be evaluated.

use resurgam_formats::event::{Event, EventId};

/// Why a history cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The workflow is not one of our programs.
    #[error("the history carries no program")]
    NoProgram,
    /// The program, or a value given to it, is of a newer version or malformed.
    #[error("the program cannot be read: {0}")]
    Unreadable(String),
    /// An event that the program cannot have caused.
    #[error("event {0}: {1}")]
    Stray(EventId, String),
}

/// An event that the program cannot have caused.
pub(super) fn stray(event: &Event, what: &str) -> Unfit {
    Unfit::Stray(event.id, format!("{}: {what}", event.body.name()))
}
