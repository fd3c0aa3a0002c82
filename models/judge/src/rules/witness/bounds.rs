//! The bounds that a case gives, from below and from above.

use super::bound::{Bound, By, Point};
use crate::rules::proof::may_apply;
use resurgam_formats::evidence::Operation;
use resurgam_formats::time::At;

/// Bounds from below and from above.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) lower: Vec<Bound>,
    pub(crate) upper: Vec<Bound>,
}

impl Bounds {
    /// Not before `at`.
    pub(crate) fn not_before(&mut self, run: usize, point: Point, at: At, by: By) {
        self.lower.push(Bound { run, point, at, by });
    }
    /// There at `at`.
    pub(crate) fn there(&mut self, run: usize, point: Point, at: At, by: By) {
        self.upper.push(Bound { run, point, at, by });
    }
    /// The event came from this operation: not before its first attempt that may have done it, and there when it was
    /// first acknowledged.
    pub(super) fn came(&mut self, run: usize, event: usize, operation: &Operation, acknowledged: Option<At>) {
        let by = By::Operation(operation.id);
        if let Some(at) = sent(operation) {
            self.not_before(run, Point::Accepted(event), at, by);
        }
        if let Some(at) = acknowledged {
            self.there(run, Point::Accepted(event), at, by);
        }
    }
}

/// When the first attempt was sent that may have had an effect.
pub(crate) fn sent(operation: &Operation) -> Option<At> {
    operation.attempts.iter().filter(|attempt| may_apply(attempt)).map(|attempt| attempt.invoked).min()
}
