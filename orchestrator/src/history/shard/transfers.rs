//! The transfers of a shard, in the order of their ids: those that come first in memory, the others in the store until it is
//! their turn. There are many only while a receiver cannot be reached, and then there is no end of them.
//!
//! A transfer that is here is in the store too, until a commit deletes it. Ids grow, so a new one stands behind all others: it
//! is left in the store if there is no room, or if others are there already. Nothing here does any transfer.

use super::keys;
use super::stored::task;
use crate::invariant::{Checks, checks, invariant};
use crate::store::{Key, Rows, prefixed};
use resurgam_state::task::{RunKey, TransferKind, TransferTask};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Transfers of a shard in memory, unless it is told another number.
pub(crate) const WAITING: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Transfers {
    /// Those that are not done.
    here: BTreeMap<i64, TransferTask>,
    /// Those of them that nobody has begun with.
    waiting: BTreeSet<i64>,
    /// All committed transfers up to this id have been here.
    read: i64,
    /// There may be others behind that.
    more: bool,
    /// How many are here at most.
    room: usize,
}

impl Transfers {
    /// None, until some are read: all up to `done` are done, and nothing is known of the others.
    pub(super) fn new(room: usize, done: i64) -> Self {
        Self { here: BTreeMap::new(), waiting: BTreeSet::new(), read: done, more: true, room: room.max(1) }
    }

    /// More have to be read, of [`Transfers::unread`].
    pub(super) fn is_short(&self) -> bool {
        self.more && self.here.len() <= self.room / 2
    }

    /// Where those are that are not here, and how many of them there is room for.
    pub(super) fn unread(&self) -> (Range<Key>, usize) {
        (keys::transfer(self.read + 1)..prefixed(keys::TRANSFERS).end, self.room - self.here.len())
    }

    /// Takes over the first `asked` rows of those that were not here, or all of them if they are fewer.
    pub(super) fn read(&mut self, rows: &Rows, asked: usize) {
        rows.iter().map(|(key, row)| task(key, row)).for_each(|(id, transfer)| self.take(id, transfer));
        self.more = rows.len() >= asked;
    }

    /// Takes over what was committed, as far as there is room.
    pub(super) fn extend(&mut self, transfers: Vec<(i64, TransferTask)>) {
        for (id, transfer) in transfers {
            self.more |= self.here.len() >= self.room;
            if !self.more {
                self.take(id, transfer);
            }
        }
    }

    fn take(&mut self, id: i64, transfer: TransferTask) {
        invariant!(id > self.read, "transfer {id} comes behind {}", self.read);
        self.read = id;
        self.waiting.insert(id);
        self.here.insert(id, transfer);
    }

    /// Passes these by, as if they had been here.
    pub(super) fn skip(&mut self, transfers: &[(i64, TransferTask)]) {
        self.read = transfers.iter().map(|(id, _)| *id).fold(self.read, i64::max);
    }

    /// The runs about which somebody is still to be told something; `None`: not all of them are known.
    pub(super) fn runs(&self) -> Option<BTreeSet<&RunKey>> {
        (!self.more).then(|| self.here.values().map(|transfer| &transfer.run).collect())
    }

    /// How many histories are being deleted, or are to be.
    pub(super) fn deletions(&self) -> usize {
        self.here.values().filter(|transfer| matches!(transfer.kind, Some(TransferKind::DeleteHistory(_)))).count()
    }

    /// Transfers to begin with, so that at most `limit` are being done.
    pub(super) fn begin(&mut self, limit: usize) -> Vec<(i64, TransferTask)> {
        let running = self.here.len() - self.waiting.len();
        let next = std::iter::from_fn(|| self.waiting.pop_first()).take(limit.saturating_sub(running));
        next.map(|id| (id, self.here[&id].clone())).collect()
    }

    /// One could not be begun: it stays for the next time.
    pub(super) fn defer(&mut self, id: i64) {
        self.waiting.insert(id);
    }

    /// One is done.
    pub(super) fn finish(&mut self, id: i64) {
        self.here.remove(&id);
        self.waiting.remove(&id);
    }

    /// The first that is not done.
    pub(super) fn first(&self) -> Option<i64> {
        self.here.keys().next().copied()
    }

    /// All up to this id are here, or done.
    pub(super) fn read_level(&self) -> i64 {
        self.read
    }

    /// Asserts that what is here is what should be, and that what is being done is there to be done.
    pub(super) fn assert_sound(&self) {
        let (last, read) = (self.here.keys().next_back().copied(), self.read);
        invariant!(last.is_none_or(|last| last <= read), "transfer {last:?} is known, and above {read}");
        if checks() == Checks::Thorough {
            let strange = self.waiting.iter().find(|id| !self.here.contains_key(id));
            invariant!(strange.is_none(), "transfer {strange:?} waits to be begun, and is done");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    fn transfer() -> TransferTask {
        TransferTask { kind: Some(TransferKind::DeleteHistory(true)), ..TransferTask::default() }
    }

    /// What a shard does: transfers come into the store, and then here; those that are done are deleted.
    struct Shard {
        store: BTreeMap<Key, TransferTask>,
        transfers: Transfers,
        last: i64,
    }

    impl Shard {
        fn with(room: usize) -> Self {
            let mut transfers = Transfers::new(room, 0);
            transfers.read(&Rows::new(), room);
            Self { store: BTreeMap::new(), transfers, last: 0 }
        }

        /// One commit with so many.
        fn add(&mut self, count: i64) {
            let new: Vec<_> = (1..=count).map(|next| (self.last + next, transfer())).collect();
            self.last += count;
            self.store.extend(new.iter().map(|(id, transfer)| (keys::transfer(*id), transfer.clone())));
            self.transfers.extend(new);
            self.transfers.assert_sound();
            assert!(self.transfers.here.len() <= self.transfers.room);
        }

        fn refill(&mut self) {
            let (range, room) = self.transfers.unread();
            let rows = self.store.range(range).take(room);
            let rows: Rows = rows.map(|(key, task)| (key.clone(), task.encode_to_vec().into())).collect();
            self.transfers.read(&rows, room);
            self.transfers.assert_sound();
        }

        /// Begins with those that there is room for, does them, and returns them.
        fn work(&mut self, limit: usize) -> Vec<i64> {
            if self.transfers.is_short() {
                self.refill();
            }
            let begun: Vec<_> = self.transfers.begin(limit).into_iter().map(|(id, _)| id).collect();
            for id in &begun {
                self.transfers.finish(*id);
                self.store.remove(&keys::transfer(*id));
            }
            begun
        }
    }

    #[test]
    fn every_transfer_has_its_turn_once_and_in_order_however_few_have_a_place() {
        for room in [1, 2, 3, 7, 50, 51] {
            for limit in [1, 2, 100] {
                let mut shard = Shard::with(room);
                let mut done = Vec::new();
                for count in [0, 5, 1, 30, 2, 12] {
                    shard.add(count);
                    done.extend(shard.work(limit));
                }
                while !shard.store.is_empty() {
                    done.extend(shard.work(limit));
                }
                assert!(done.iter().copied().eq(1..=50), "room for {room}, {limit} at a time: {done:?}");
            }
        }
    }

    #[test]
    fn runs_are_told_only_if_all_are_known() {
        let mut shard = Shard::with(2);
        assert_eq!(shard.transfers.runs().map(|runs| runs.len()), Some(0));
        shard.add(2);
        assert_eq!(shard.transfers.runs().map(|runs| runs.len()), Some(1));
        shard.add(1);
        assert_eq!(shard.transfers.runs(), None);
        shard.work(1);
        shard.work(1);
        assert_eq!(shard.transfers.runs(), None, "there may be more in the store");
        shard.work(1);
        shard.refill();
        assert!(shard.transfers.runs().is_some());
    }

    #[test]
    fn a_new_owner_knows_of_nothing_until_it_has_read() {
        let transfers = Transfers::new(4, 7);
        assert!(transfers.is_short() && transfers.runs().is_none());
        assert_eq!(transfers.unread(), (keys::transfer(8)..prefixed(keys::TRANSFERS).end, 4));
    }
}
