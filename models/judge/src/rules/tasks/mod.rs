//! Tasks: for everything that a run waits for and that only the orchestrator can do, there is a row in the store by which it
//! will do it. Judged on audits, so it is noticed before a client can see that something is missing.
//!
//! An audit is one moment of all partitions, and every hand-over from one row to the next (transfer, task queue, start)
//! is committed at its receiver before its sender may forget it. So at each moment at least one of the two is there.
//!
//! Of the rules of persistence, P5 (an error class tells the truth) is not here: what is
//! refused for good must have no effect, and what is acknowledged must have one, which L1 to L4, W1 to W4 and H25 judge on
//! every operation of clients and workers, with the histories as witness.

mod open_runs;
mod p1_timers;
mod p2_dispatch;
mod p3_doubt;
mod p4_owner;
mod p6_parent_close;
mod p7_retention;
mod p8_idle;
mod p9_growing;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(p1_timers::Timers),
        Box::new(p2_dispatch::Dispatch),
        Box::new(p3_doubt::Doubt),
        Box::new(p4_owner::Owner),
        Box::new(p6_parent_close::ParentClose),
        Box::new(p7_retention::Retention),
        Box::new(p8_idle::Idle),
        Box::new(p9_growing::Growing),
    ]
}

#[cfg(test)]
mod tests;
