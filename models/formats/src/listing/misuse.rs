//! Misuses in words.

use crate::plan::{Damage, Misuse, WorkflowAddress};

/// What a client uses where it does not belong, such as `page token of other/w0, used as w1`.
#[must_use]
pub fn misuse(misuse: &Misuse) -> String {
    let damage = match misuse.damage {
        None => "",
        Some(Damage::Cut) => ", cut short",
        Some(Damage::Changed) => ", changed",
    };
    format!("{} of {}{damage}, used as {}", misuse.held.words(), place(misuse.owner), place(misuse.user))
}

/// A workflow in one of the two namespaces: `w0`, or `other/w0`.
#[must_use]
pub fn place(place: WorkflowAddress) -> String {
    format!("{}w{}", if place.namespace.is_own() { "" } else { "other/" }, place.workflow)
}
