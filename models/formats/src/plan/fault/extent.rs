//! How long faults are in force.

use crate::time::Millis;

/// How long a fault is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// For the time that the plan gives it.
    Period,
    /// For ever: nothing takes it back.
    Forever,
    /// Until it has spoiled its number of calls, or its time is over, or, if that is 0, until the cluster is healed. What
    /// it does may take effect so much later.
    Calls {
        /// How much later.
        late_ms: Millis,
    },
}
