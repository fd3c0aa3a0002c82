//! How an outcome looks.

use resurgam_formats::verdict::Outcome;

/// The sign of an outcome, which needs no colour to be told apart.
pub(super) fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Violated => "✗",
        Outcome::Unknown => "?",
        Outcome::Ok => "✓",
        Outcome::NotApplicable => "–",
    }
}

/// The class of an outcome in the style sheet.
pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Violated => "violated",
        Outcome::Unknown => "unknown",
        Outcome::Ok => "ok",
        Outcome::NotApplicable => "na",
    }
}
