//! What became of a fault: when it began and ended, and what it hit; and who does the faults that the simulation cannot do.

use crate::fault::Fault;
use std::time::Duration;

/// One fault, as it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRecord {
    /// The name under which it was ordered.
    pub name: usize,
    /// What was done.
    pub fault: Fault,
    /// When it began, in simulated time.
    pub from: Duration,
    /// When it ended; not at all if it lasted to the end of the simulation or has no end, as a step of a clock.
    pub until: Option<Duration>,
    /// How often it made a difference: messages lost, held or slowed, processes killed, readings of a wrong clock. It is
    /// final when the fault has ended.
    pub hits: u64,
}

/// Does the faults that are not the simulation's own ([`Fault::External`]), and hears of all others, to record them.
pub trait ExternalFaults {
    /// Begins the fault of this name; false if it cannot do it.
    fn begin(&mut self, name: usize) -> bool;

    /// Ends a fault that it began; returns how often it made a difference.
    fn end(&mut self, name: usize) -> u64;

    /// A fault, of whatever kind, has begun or ended (`record.until`).
    fn happened(&mut self, record: &FaultRecord);

    /// A node has panicked, and the simulation ends.
    fn panicked(&mut self, node: u8, message: &str) {
        let _ = (node, message);
    }
}

/// Can do nothing and records nothing.
pub(crate) struct Nobody;

impl ExternalFaults for Nobody {
    fn begin(&mut self, _: usize) -> bool {
        false
    }

    fn end(&mut self, _: usize) -> u64 {
        0
    }

    fn happened(&mut self, _: &FaultRecord) {}
}
