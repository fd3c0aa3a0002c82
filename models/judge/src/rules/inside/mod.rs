//! What nodes have to do whatever is asked of them, and what only the simulation sees of a target, because its nodes run
//! inside of it. Whoever is served sees at most that calls fail for a while.

mod i1_panic;
mod i2_fit;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![Box::new(i1_panic::Panics), Box::new(i2_fit::Fit)]
}
