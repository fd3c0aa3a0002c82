//! Nodes of a history: each holds the events of one transition and names its predecessor. What a state's tail reaches is
//! the history; other nodes of the partition were abandoned, and nobody is shown them. How they are read is in `chain`.

use crate::history::state::Tail;
use crate::planted::{Bug, planted};
use crate::store::{Key, Partition};
use resurgam_api::temporal::history::v1::History;

/// The events of one transition of one run, as they are stored.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Node {
    /// The node before; none for the first.
    #[prost(message, optional, tag = "1")]
    pub(super) predecessor: Option<Tail>,
    /// The events that it holds.
    #[prost(message, optional, tag = "2")]
    pub(super) history: Option<History>,
}

/// The partition of a run's nodes.
pub(super) fn partition(run_id: &str) -> Partition {
    Partition::history(run_id)
}

/// The key of the node that `tail` names.
pub(super) fn key(tail: Tail) -> Key {
    let transaction = if planted(Bug::NodeOverwritten) { 0 } else { tail.transaction };
    format!("{:020}/{transaction:020}", tail.first_event_id)
}

/// What the key of a node says.
pub(super) fn named(key: &str) -> Option<Tail> {
    let (first, transaction) = key.split_once('/')?;
    Some(Tail { first_event_id: first.parse().ok()?, transaction: transaction.parse().ok()? })
}
