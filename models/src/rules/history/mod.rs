//! Invariants of histories, H1 to H26. Source: research/temporal-server.md §2.3, corrected by design-review items 13, 14.

mod h08_buffering;

use super::{PerRun, Rule};

/// Every rule of the family.
#[must_use]
pub fn all() -> Vec<Box<dyn Rule>> {
    vec![Box::new(PerRun::<h08_buffering::Buffering>::new())]
}
