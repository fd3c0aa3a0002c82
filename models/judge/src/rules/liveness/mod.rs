//! Liveness: what must happen did happen, in time.

mod v1_quiescence;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![Box::new(v1_quiescence::Quiescence)]
}
