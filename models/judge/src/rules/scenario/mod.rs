//! What a scenario asks for beside all other rules. It stands in the plan, so whoever judges the case asks for it too.

mod s1_expected;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![Box::new(s1_expected::Expectations)]
}
