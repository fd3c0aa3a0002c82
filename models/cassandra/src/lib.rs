//! What a store like Cassandra may do, as pure state: the sum of everything that the fenced log has to survive.
//!
//! It is not a simulation of replicas. It is the set of behaviours that the contract of conditional batches, plain
//! reads and plain writes allows, with every choice that a real cluster takes by luck taken by the caller: how a call
//! ends is a [`ScriptedCommit`], given as data, and what a read shows of the undecided is a [`Chooser`], drawn from a given generator.
//! Nothing here is random, timed or lost by itself, so that a case replays. Source:
//! docs/cassandra-semantics.md.
//!
//! # What holds, whatever the scripted outcomes
//!
//! - *Conditional batches* on one partition are linearizable: [`Partition::decided`] lists those that took effect, in
//!   order, and each found its condition true on what the one before left. Nothing orders two partitions.
//! - *Unknown means unknown.* A batch whose answer was lost took effect, did not, or is still one of two things:
//!   - *undecided* ([`ScriptedCommit::Limbo`]): it has prepared and found its condition true, a minority accepted it. A plain read
//!     shows it or not, and may change its mind. What a read has shown is decided, only not yet seen by all. The
//!     next batch that prepares on the partition, even if refused, or the next serial read settles it for good.
//!   - *held* ([`ScriptedCommit::Held`]): it has not prepared; it waits in some buffer and starts afresh after any serial
//!     read. Only a batch that breaks its condition, a fence, is final. This is the limit of settling.
//! - *The condition is tested on the head row* and nothing else is compared. A refusal shows the head row.
//! - *All statements of one batch share one timestamp*: a row named twice keeps the larger bytes, or, if one of the two
//!   deletes it, nothing. A store that wants to be kind must refuse such a batch itself.
//! - *Plain writes* ([`Cassandra::append`], [`Cassandra::delete`]) are last-write-wins by the timestamp that they carry, late ones too, and no
//!   serial read settles them. On a partition with a head row they do the harm that they do in Cassandra: they lose
//!   against every batch whose ballot is higher, and beat every batch below.
//!
//! What is left out: replicas that forget (commit log windows), range movements, TTL. They belong to the model of
//! replicas.

mod batch;
mod cells;
mod held;
mod outcome;
mod partition;
mod plain;
pub mod table;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Columns, Condition, Head};
pub use cells::{Cells, Rows, Stamp};
pub use held::{HeldId, Sender};
pub use outcome::{Chooser, HeldUntil, Question, ScriptedAppend, ScriptedCommit, Spoiled, WriteAnswer};
pub use partition::Partition;
pub use resurgam_formats::store::StoreEvent;

use held::{Held, HeldRequests, Request};
use std::collections::BTreeMap;
use std::ops::Range;

/// A whole store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cassandra {
    partitions: BTreeMap<String, Partition>,
    held: HeldRequests,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What the sender learns.
    pub answer: WriteAnswer,
    /// What happened, the settling of others included, in order.
    pub outcomes: Vec<StoreEvent>,
    /// The number under which the request is held, to be released or dropped later.
    pub held: Option<HeldId>,
}

/// What a read shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The head row.
    pub head: Option<Head>,
    /// The rows of the range, at most as many as were asked for.
    pub rows: Rows,
    /// What happened on the way.
    pub outcomes: Vec<StoreEvent>,
}

/// Kinds of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Shows all that was acknowledged, and of the undecided what it likes.
    Quorum,
    /// Settles the undecided first. Linearizable.
    Serial,
}

impl Cassandra {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one conditional batch at the time `now` (microseconds of the store's clock) and lets it end as `scripted` says
    /// Batches that were held until `sender`'s next one on this partition start directly after it.
    pub fn commit(
        &mut self,
        now: Stamp,
        sender: Sender,
        partition: &str,
        batch: Batch,
        scripted: ScriptedCommit,
        chooser: &mut impl Chooser,
    ) -> Done {
        let mut outcomes = Vec::new();
        let mut held = None;
        let answer = match scripted {
            ScriptedCommit::Lost => {
                outcomes.push(StoreEvent::Lost);
                WriteAnswer::Unknown
            }
            ScriptedCommit::Unavailable => {
                outcomes.push(StoreEvent::Unavailable);
                WriteAnswer::Unavailable
            }
            ScriptedCommit::Held(until) => {
                outcomes.push(StoreEvent::Held);
                held = Some(self.held.hold(partition, Request::Batch { sender, batch, until }));
                WriteAnswer::Unknown
            }
            ScriptedCommit::Answered | ScriptedCommit::ReplyLost | ScriptedCommit::Limbo | ScriptedCommit::Resent => {
                let place = self.partitions.entry(partition.to_owned()).or_default();
                let answer = place.commit(now, batch, scripted, chooser, &mut outcomes);
                if outcomes.contains(&scripted.applied()) {
                    self.follow(now, sender, partition, chooser, &mut outcomes);
                }
                answer
            }
        };
        Done { answer, outcomes, held }
    }

    /// Reads at most `limit` rows of a range, and the head row with them.
    pub fn read(
        &mut self,
        partition: &str,
        consistency: Consistency,
        range: &Range<String>,
        limit: usize,
        chooser: &mut impl Chooser,
    ) -> View {
        let mut outcomes = Vec::new();
        let Some(place) = self.partitions.get_mut(partition) else {
            return View { head: None, rows: Vec::new(), outcomes };
        };
        let (head, rows) = match consistency {
            Consistency::Quorum => place.peek(range, limit, chooser, &mut outcomes),
            Consistency::Serial => {
                place.settle(chooser, &mut outcomes);
                (place.head().cloned(), place.rows(range, limit))
            }
        };
        View { head, rows, outcomes }
    }

    /// A held request begins now; nobody hears its answer. Nothing if it has begun, or was dropped, before.
    pub fn release(&mut self, now: Stamp, id: HeldId, chooser: &mut impl Chooser) -> Vec<StoreEvent> {
        let mut outcomes = Vec::new();
        let Some(Held { partition, request }) = self.held.take(id) else { return outcomes };
        match request {
            Request::Batch { sender, batch, .. } => {
                if self.start(now, &partition, batch, chooser, &mut outcomes) {
                    self.follow(now, sender, &partition, chooser, &mut outcomes);
                }
            }
            Request::Append { rows, at } => {
                outcomes.push(StoreEvent::AppendLanded);
                self.write(&partition, rows, at, &mut outcomes);
            }
            Request::Delete { range, at } => {
                outcomes.push(StoreEvent::DeleteLanded);
                self.erase(&partition, &range, at);
            }
        }
        outcomes
    }

    /// A held request never begins. `None` if it has begun, or was dropped, before.
    pub fn drop_held(&mut self, id: HeldId) -> Option<StoreEvent> {
        self.held.take(id).map(|held| match held.request {
            Request::Batch { .. } => StoreEvent::HeldDropped,
            Request::Append { .. } => StoreEvent::AppendLost,
            Request::Delete { .. } => StoreEvent::DeleteLost,
        })
    }

    /// The held requests, oldest first, with the partition of each.
    pub fn held(&self) -> impl Iterator<Item = (HeldId, &str)> {
        self.held.iter()
    }

    /// Settles whatever is undecided on any partition, as a serial read of each would.
    pub fn settle(&mut self, chooser: &mut impl Chooser) -> Vec<StoreEvent> {
        let mut outcomes = Vec::new();
        self.partitions.values_mut().for_each(|place| place.settle(chooser, &mut outcomes));
        outcomes
    }

    /// The truth at this moment, for audits: all partitions by name. Undecided and held requests have no part in it.
    pub fn audit(&self) -> impl Iterator<Item = (&str, &Partition)> {
        self.partitions.iter().map(|(name, partition)| (name.as_str(), partition))
    }

    /// The truth about one partition.
    #[must_use]
    pub fn partition(&self, name: &str) -> Option<&Partition> {
        self.partitions.get(name)
    }

    /// What was held until this sender's next batch on this partition follows it, oldest first.
    fn follow(
        &mut self,
        now: Stamp,
        sender: Sender,
        partition: &str,
        chooser: &mut impl Chooser,
        outcomes: &mut Vec<StoreEvent>,
    ) {
        for batch in self.held.followers(sender, partition) {
            self.start(now, partition, batch, chooser, outcomes);
        }
    }

    /// A held batch begins. True if it took effect.
    fn start(
        &mut self,
        now: Stamp,
        partition: &str,
        batch: Batch,
        chooser: &mut impl Chooser,
        outcomes: &mut Vec<StoreEvent>,
    ) -> bool {
        let place = self.partitions.entry(partition.to_owned()).or_default();
        let applied = place.commit(now, batch, ScriptedCommit::ReplyLost, chooser, outcomes);
        debug_assert_eq!(applied, WriteAnswer::Unknown);
        match outcomes.last_mut() {
            Some(last @ StoreEvent::AppliedUnknown) => {
                *last = StoreEvent::HeldApplied;
                true
            }
            Some(last @ StoreEvent::RefusedUnknown) => {
                *last = StoreEvent::HeldRefused;
                false
            }
            other => unreachable!("a batch whose reply is lost ends applied or refused, not {other:?}"),
        }
    }
}
