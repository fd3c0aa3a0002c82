//! What a task queue holds in memory at most.

use super::{crowd, partition, query, queue, workers};
use crate::cluster::bound::{Bound, REFUSED, WAITS};

/// In the order of the documentation.
pub(crate) const BOUNDS: &[Bound] = &[
    Bound {
        of: "open task queues that nobody has used for 5 seconds",
        most: crowd::MOST as u64,
        unit: "task queues",
        beyond: "closed, and opened again when they are used",
    },
    Bound { of: "calls that wait for a task queue", most: partition::MAILBOX as u64, unit: "calls", beyond: WAITS },
    Bound {
        of: "tasks of a task queue in memory",
        most: queue::WINDOW as u64,
        unit: "tasks",
        beyond: "stay in the store until there is room",
    },
    Bound {
        of: "workers that a task queue remembers",
        most: queue::POLLERS as u64,
        unit: "workers",
        beyond: "those that were there longest ago are forgotten",
    },
    Bound {
        of: "queries that wait for a worker of a task queue",
        most: query::WAITING as u64,
        unit: "queries",
        beyond: REFUSED,
    },
    Bound { of: "workers of which a node has heard", most: workers::MOST as u64, unit: "workers", beyond: FORGOTTEN },
    Bound { of: "what workers have said of themselves", most: workers::BYTES as u64, unit: "bytes", beyond: FORGOTTEN },
];

const FORGOTTEN: &str = "those that were heard longest ago are forgotten";
