//! The outcome family.

use super::Rule;

/// Every rule of the family.
#[must_use]
pub fn all() -> Vec<Box<dyn Rule>> {
    vec![]
}
