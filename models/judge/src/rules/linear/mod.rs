//! Linearizability of workflow ids, with the event histories as witness: is there, for every operation, one
//! moment between its call and its answer at which it can have happened? The history says in which order events
//! happened; operations that left none are placed between them.
//!
//! The sequential specification is docs/temporal-semantics.md, “Starts and workflow ids” and “Signals, cancel requests, queries,
//! updates”. Workflow ids are independent objects: what holds between them is for other families.
//!
//! Partitions of the store and attempts at tasks have no history that could be a witness: W5 and W6 search their order.

mod w1_order;
mod w2_reads;
mod w3_fresh;
mod w4_absence;
mod w5_ownership;
mod w6_attempts;
mod words;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(w1_order::Order),
        Box::new(w2_reads::Reads),
        Box::new(w3_fresh::Fresh),
        Box::new(w4_absence::Absence),
        Box::new(w5_ownership::Owners),
        Box::new(w6_attempts::Claims),
    ]
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
