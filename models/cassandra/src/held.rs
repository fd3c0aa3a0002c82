//! Requests that have not begun although their senders have given up waiting. Each begins when it is released, or never.

use super::batch::Batch;
use super::cells::{Rows, Stamp};
use super::outcome::HeldUntil;
use std::collections::BTreeMap;
use std::ops::Range;

/// Names one held request.
pub type HeldId = u64;
/// Who sent a request: the number of a node.
pub type Sender = u8;

/// A request on its way to a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) partition: String,
    pub(super) request: Request,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Batch { sender: Sender, batch: Batch, until: HeldUntil },
    Append { rows: Rows, at: Stamp },
    Delete { range: Range<String>, at: Stamp },
}

/// All that are held, by ids in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HeldRequests {
    all: BTreeMap<HeldId, Held>,
    next: HeldId,
}

impl HeldRequests {
    /// Holds one more.
    pub(super) fn hold(&mut self, partition: &str, request: Request) -> HeldId {
        let id = self.next;
        self.next += 1;
        self.all.insert(id, Held { partition: partition.to_owned(), request });
        id
    }

    /// Takes one out, if nobody did before.
    pub(super) fn take(&mut self, id: HeldId) -> Option<Held> {
        self.all.remove(&id)
    }

    /// Takes out the batches that wait for this sender's next one on this partition, oldest first.
    pub(super) fn followers(&mut self, sender: Sender, partition: &str) -> Vec<Batch> {
        let follows = |_: &HeldId, held: &mut Held| {
            held.partition == partition
                && matches!(&held.request, Request::Batch { sender: s, until: HeldUntil::NextBatch, .. } if *s == sender)
        };
        let followers = self.all.extract_if(.., follows);
        let batches = followers.filter_map(|(_, held)| match held.request {
            Request::Batch { batch, .. } => Some(batch),
            Request::Append { .. } | Request::Delete { .. } => None,
        });
        batches.collect()
    }

    /// Which there are, oldest first, with the partition of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (HeldId, &str)> {
        self.all.iter().map(|(id, held)| (*id, held.partition.as_str()))
    }
}
