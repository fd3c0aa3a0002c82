//! What the frontend of a node holds at most.

use super::listing;
use super::service::WORKFLOWS;
use super::{under_way, waiting};
use crate::cluster::BATCHES;
use crate::cluster::bound::{Bound, REFUSED};
use crate::cluster::sizes::{BLOB_BYTES, ID_BYTES};
use resurgam_visibility::fitting;
use resurgam_visibility::query::PARTS;

/// In the order of the documentation.
pub(crate) const BOUNDS: &[Bound] = &[
    Bound {
        of: "waiting calls of one kind (polls for workflow tasks, for activity tasks, queries, updates, polls for the outcome of \
             updates, waits for events, lists and counts of workflows), per namespace and node",
        most: waiting::MOST as u64,
        unit: "calls",
        beyond: REFUSED,
    },
    Bound {
        of: "other calls of clients under way at a node, and as many answers of workers",
        most: under_way::MOST as u64,
        unit: "calls",
        beyond: REFUSED,
    },
    Bound {
        of: "other calls of clients under way at a node for one namespace, and as many answers of workers",
        most: under_way::OF_ONE as u64,
        unit: "calls",
        beyond: REFUSED,
    },
    Bound { of: "workflows in a page of a list", most: WORKFLOWS as u64, unit: "workflows", beyond: "the next page" },
    Bound {
        of: "bytes of workflows in a page of a list, unless one has more",
        most: listing::BYTES as u64,
        unit: "bytes",
        beyond: "the next page",
    },
    Bound {
        of: "words and signs in a question to a list",
        most: PARTS as u64,
        unit: "parts",
        beyond: "INVALID_ARGUMENT",
    },
    Bound {
        of: "search attributes of a request",
        most: fitting::MOST as u64,
        unit: "attributes",
        beyond: "INVALID_ARGUMENT",
    },
    Bound {
        of: "bytes of a search attribute",
        most: fitting::VALUE_BYTES as u64,
        unit: "bytes",
        beyond: "INVALID_ARGUMENT",
    },
    Bound {
        of: "bytes of the search attributes of a request",
        most: fitting::BYTES as u64,
        unit: "bytes",
        beyond: "INVALID_ARGUMENT",
    },
    Bound {
        of: "batch operations of a namespace that are open, unless `--batches` says otherwise",
        most: BATCHES as u64,
        unit: "operations",
        beyond: REFUSED,
    },
    Bound { of: "an id or name", most: ID_BYTES as u64, unit: "bytes", beyond: "INVALID_ARGUMENT" },
    Bound { of: "a payload", most: BLOB_BYTES as u64, unit: "bytes", beyond: "INVALID_ARGUMENT" },
];
