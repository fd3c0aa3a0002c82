//! What there is: a store partition, owners that believe things, messages that fly, clients that were told things, and the
//! party that takes tasks over. Plain values without behaviour; `store`, `owner` and `party` move them.
//!
//! Numbers are kept tiny on purpose: every distinct value multiplies the states to explore.

use std::collections::BTreeMap;
use std::fmt;

/// A set of write requests by their number, below 8.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Requests(u8);

impl Requests {
    pub(crate) fn insert(&mut self, request: u8) {
        self.0 |= 1 << request;
    }

    pub(crate) fn contains(self, request: u8) -> bool {
        self.0 & (1 << request) != 0
    }

    pub(crate) fn includes(self, other: Requests) -> bool {
        other.0 & !self.0 == 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..8).filter(|request| self.contains(*request))).finish()
    }
}

/// Unique for ever, like a UUID: names one attempt of one owner. Serves as batch id, as nonce of a fence and as the bytes
/// of a history node. Its counter survives crashes, because a UUID does not repeat either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) owner: u8,
    pub(crate) number: u8,
}

/// A transaction id: range id first, then a counter that restarts with each range, as an implementation would draw it.
/// Also the id of the task that the transaction writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Transaction {
    pub(crate) range: u8,
    pub(crate) number: u8,
}

/// One transition in the execution row's chain: which request it served, under which transaction, with which bytes. Its
/// position is its first event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) request: u8,
    pub(crate) transaction: Transaction,
    pub(crate) id: Id,
}

/// The rows of the partition that conditional batches write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) range: u8,
    pub(crate) sequence: u8,
    /// Of the last batch that took effect.
    pub(crate) batch: Option<Id>,
    /// Of the last fence that took effect.
    pub(crate) nonce: Option<Id>,
    /// The execution row: the chain that a reader follows. A batch puts the whole row, so a stale batch takes it back.
    pub(crate) chain: Vec<Entry>,
    /// Task rows, by task id.
    pub(crate) tasks: BTreeMap<Transaction, u8>,
    /// Tasks up to here are finished, and are never read again.
    pub(crate) level: Transaction,
}

/// What an owner holds in memory about the partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) range: u8,
    pub(crate) sequence: u8,
    pub(crate) chain: Vec<Entry>,
    /// The number of the last transaction drawn in this range.
    pub(crate) drawn: u8,
    /// Known and unfinished tasks.
    pub(crate) queue: BTreeMap<Transaction, u8>,
    /// The read level: every task up to here is in the queue or finished, as far as this owner believes.
    pub(crate) read: Transaction,
    /// Only where the queue is paged: the last task known to be committed, or what lies below this range.
    pub(crate) written: Transaction,
    /// The ack level that the store is known to hold.
    pub(crate) stored: Transaction,
}

/// Which conditional write an owner has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TransferTask {
    /// A new transition.
    Write(Entry),
    /// The answer to a repeated request, which writes nothing and therefore waits for a commit all the same.
    Repeat(u8),
    /// A client's read.
    Read,
    /// Moves the ack level and deletes finished tasks.
    Tidy,
}

/// A client's write request whose outcome the owner does not know and still has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Doubt {
    pub(crate) request: u8,
    pub(crate) id: Id,
    pub(crate) transaction: Option<Transaction>,
}

/// Where an owner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Owns nothing; may fence at any time, whoever owns the partition.
    Idle { doubt: Option<Doubt> },
    /// Has sent a fence that sets `range`.
    Fencing { nonce: Id, range: u8, doubt: Option<Doubt> },
    /// Has adopted a range and must load.
    Loading { range: u8, doubt: Option<Doubt> },
    /// It has read everything back and serves.
    Ready,
    /// Has sent a history node.
    Appending { entry: Entry },
    /// Has sent a conditional batch.
    Committing { id: Id, transfer: TransferTask },
}

/// One node of the orchestrator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) phase: Phase,
    pub(crate) view: Option<View>,
    /// The first half of a load: the execution row.
    pub(crate) half: Option<Vec<Entry>>,
    /// The task being handed over, and under which request id.
    pub(crate) offered: Option<Offer>,
    /// How many ids were drawn; see [`Id`].
    pub(crate) ids: u8,
}

/// A task on its way to the party that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Offer {
    pub(crate) task: Transaction,
    pub(crate) request: u8,
    /// `None`: the request id is derived from the task. Else one of this dispatch alone.
    pub(crate) dispatch: Option<Id>,
}

/// A history node's key: first event id and transaction id.
pub(crate) type NodeKey = (u8, Option<Transaction>);

/// A conditional batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Batch {
    pub(crate) range: u8,
    pub(crate) sequence: u8,
    pub(crate) id: Id,
    /// The execution row as it shall be; its last entry is new and brings a task.
    pub(crate) put: Option<Vec<Entry>>,
    pub(crate) level: Transaction,
}

/// What flies to the store or to the party. It may arrive at any later time, or never; losing a message and never
/// delivering it are the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Message {
    Append { key: NodeKey, bytes: Id },
    Fence { range: u8, sequence: Option<u8>, nonce: Id },
    Batch(Batch),
    Start { from: u8, offer: Offer },
}

/// A client's read: what was acknowledged when it began, and what it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    NotBegun,
    Begun { acknowledged: Requests },
    Shown { acknowledged: Requests, shown: Requests },
}

/// What the party that starts tasks knows about the task of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Started {
    /// Under which dispatch it was started; the inner `None` is the request id derived from the task.
    pub(crate) by: Option<Option<Id>>,
    /// How often the start took effect.
    pub(crate) times: u8,
    /// How often a worker was given the task, counted to 2.
    pub(crate) delivered: u8,
}

/// The state of all owners and of the store at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) store: Store,
    /// What a plain read may still show, while the last conditional write was never acknowledged.
    pub(crate) before: Option<Store>,
    /// Plain appends: last write wins.
    pub(crate) nodes: BTreeMap<NodeKey, Id>,
    pub(crate) owners: Vec<Owner>,
    /// In order, so that equal states compare equal.
    pub(crate) flying: Vec<Message>,
    /// Every transition that ever took effect, in order. Nobody in the system sees this; the judge does.
    pub(crate) truth: Vec<Entry>,
    pub(crate) acknowledged: Requests,
    pub(crate) refused: Requests,
    /// How often each request was made, with one and the same request id.
    pub(crate) calls: Vec<u8>,
    pub(crate) reading: Reading,
    pub(crate) started: Vec<Started>,
    pub(crate) fences: u8,
    pub(crate) resends: u8,
    pub(crate) dispatches: u8,
}

impl View {
    /// The requests whose effect this view shows.
    pub(crate) fn requests(&self) -> Requests {
        requests(&self.chain)
    }
}

/// The requests served by a chain.
pub(crate) fn requests(chain: &[Entry]) -> Requests {
    let mut requests = Requests::default();
    for entry in chain {
        requests.insert(entry.request);
    }
    requests
}

impl Owner {
    pub(crate) fn new() -> Owner {
        Owner { phase: Phase::Idle { doubt: None }, view: None, half: None, offered: None, ids: 0 }
    }

    /// Whether this owner would hear the reply to `message`.
    pub(crate) fn awaits(&self, message: &Message) -> bool {
        match (message, self.phase) {
            (Message::Append { bytes, .. }, Phase::Appending { entry }) => entry.id == *bytes,
            (Message::Fence { nonce, .. }, Phase::Fencing { nonce: mine, .. }) => mine == *nonce,
            (Message::Batch(batch), Phase::Committing { id, .. }) => batch.id == id,
            _ => false,
        }
    }
}

impl State {
    /// Sends a message.
    pub(crate) fn send(&mut self, message: Message) {
        let place = self.flying.partition_point(|other| *other <= message);
        self.flying.insert(place, message);
    }

    /// A fresh id of `owner`.
    pub(crate) fn draw(&mut self, owner: usize) -> Id {
        self.owners[owner].ids += 1;
        Id { owner: owner as u8, number: self.owners[owner].ids }
    }
}
