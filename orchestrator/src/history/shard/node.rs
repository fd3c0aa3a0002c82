//! Nodes of a history: each holds the events of one transition and names its predecessor. What a state's tail reaches is
//! the history; other nodes of the partition were abandoned, and nobody is shown them. How they are read is in `chain`.

use crate::history::engine::transaction::writer;
use crate::invariant::{Checks, checks, invariant};
use crate::planted::{Bug, planted};
use crate::store::{Key, Partition};
use bytes::Bytes;
use prost::Message as _;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_state::Tail;

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

impl Node {
    /// The row that holds it; what is written is what a reader will find.
    pub(super) fn to_row(&self) -> Bytes {
        let row = Bytes::from(self.encode_to_vec());
        if checks() == Checks::Thorough {
            let read = Self::decode(row.clone());
            invariant!(read.as_ref() == Ok(self), "a node of {} bytes reads back as something else", row.len());
        }
        row
    }
}

/// Bytes of events in a node of what was taken over from another run, if a single one has no more.
const TAKEN_OVER: usize = 256 << 10;

/// The events of one transition in the nodes that hold them: one, behind those of what it took over from another run.
pub(super) fn split(events: Vec<HistoryEvent>, transaction: i64) -> Vec<Vec<HistoryEvent>> {
    let mut nodes: Vec<Vec<HistoryEvent>> = Vec::new();
    let (mut own, mut bytes) = (false, 0);
    for event in events {
        let written_now = writer(&event) == transaction;
        let more = event.encoded_len();
        let full = !written_now && bytes + more > TAKEN_OVER;
        match nodes.last_mut().filter(|_| own == written_now && !full) {
            Some(node) => node.push(event),
            None => {
                nodes.push(vec![event]);
                bytes = 0;
            }
        }
        own = written_now;
        bytes += more;
    }
    nodes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_over_is_in_nodes_of_its_own() {
        let event = |id: i64, transaction: i64, bytes: usize| HistoryEvent {
            event_id: id,
            task_id: transaction << 16,
            worker_may_ignore: bytes > 0,
            ..HistoryEvent::default()
        };
        let ids = |nodes: &[Vec<HistoryEvent>]| -> Vec<Vec<i64>> {
            nodes.iter().map(|node| node.iter().map(|event| event.event_id).collect()).collect()
        };
        assert_eq!(ids(&split(vec![event(1, 7, 0), event(2, 7, 0)], 7)), [[1, 2]]);
        let mixed = vec![event(1, 3, 0), event(2, 4, 0), event(3, 7, 0), event(4, 7, 0)];
        assert_eq!(ids(&split(mixed, 7)), [[1, 2], [3, 4]]);
        let mut large = vec![event(1, 3, 0), event(2, 4, 0), event(3, 4, 0)];
        large[1].user_metadata = Some(resurgam_api::temporal::sdk::v1::UserMetadata {
            summary: Some(resurgam_api::temporal::common::v1::Payload {
                data: vec![0; TAKEN_OVER],
                ..Default::default()
            }),
            details: None,
        });
        assert_eq!(ids(&split(large, 7)), [[1], [2], [3]]);
        assert!(split(Vec::new(), 7).is_empty());
    }
}
