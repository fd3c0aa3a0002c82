//! What an error of a conditional batch proves: almost always nothing.
//!
//! The same WRITE_TIMEOUT means "decided" from one Paxos and "not even proposed" from the other, and UNAVAILABLE can come
//! after the accept. Which Paxos a server runs, a client cannot know. So all that says nothing *for both* is unknown,
//! and so are the two that would prove something: a batch that is decided, but whose commit was not acknowledged, need not be
//! shown by the next plain read, and one that was never proposed has no answer of its own. Refused is what the server turns
//! down before it begins, for what the request is.

use resurgam_node::store::{Answer, Unavailable};
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};

/// The answer for a batch that ended with an error.
pub(crate) fn conclude(error: &ExecutionError) -> Answer {
    let said = line(error);
    match error {
        ExecutionError::BadQuery(_) => Answer::Refused(said),
        ExecutionError::LastAttemptError(attempt) if is_refusal(attempt) => Answer::Refused(said),
        _ => Answer::Unknown(said),
    }
}

/// Whether the request was turned down for what it is.
fn is_refusal(error: &RequestAttemptError) -> bool {
    match error {
        RequestAttemptError::SerializationError(_) | RequestAttemptError::CqlRequestSerialization(_) => true,
        RequestAttemptError::DbError(error, _) => matches!(
            error,
            DbError::SyntaxError
                | DbError::Invalid
                | DbError::Unauthorized
                | DbError::ConfigError
                | DbError::FunctionFailure { .. }
                | DbError::AlreadyExists { .. }
        ),
        _ => false,
    }
}

/// What a read or a plain write came to that ended with an error.
pub(crate) fn unavailable(error: &ExecutionError) -> Unavailable {
    Unavailable(line(error))
}

/// An error in one line.
pub(crate) fn line(error: &impl std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
