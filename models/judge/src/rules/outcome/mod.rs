//! Outcomes: what a run and its activities came to, judged from program, scripts, retry policies and ledgers, and not
//! from the events between start and end.

mod allowed;
mod o1_result;
mod o2_activity_attempts;
#[cfg(test)]
mod tests;
mod values;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![Box::new(o1_result::OneResult), Box::new(o2_activity_attempts::ActivityAttempts)]
}
