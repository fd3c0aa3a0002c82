//! What the frontend of a node holds at most.

use super::validate::{BLOB_BYTES, ID_BYTES};
use super::waiting;
use crate::cluster::bound::{Bound, REFUSED};

/// In the order of the documentation.
pub(crate) const BOUNDS: &[Bound] = &[
    Bound {
        of: "waiting calls of one kind (polls for workflow tasks, for activity tasks, queries, updates, polls for the outcome of \
             updates, waits for events), per namespace and node",
        most: waiting::MOST as u64,
        unit: "calls",
        beyond: REFUSED,
    },
    Bound { of: "an id or name", most: ID_BYTES as u64, unit: "bytes", beyond: "INVALID_ARGUMENT" },
    Bound { of: "a payload", most: BLOB_BYTES as u64, unit: "bytes", beyond: "INVALID_ARGUMENT" },
];
