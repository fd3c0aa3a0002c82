//! How a question is refused.

/// What is wrong with a question, as it is said to who has asked it.
pub(super) fn refused(what: impl AsRef<str>) -> String {
    format!("invalid query: {}", what.as_ref())
}
