//! The tasks of a shard in memory: transfers by id, timers by due time. What is here is committed; what is gone from here
//! is done, and its row is deleted by a later commit. Nothing here does any task.

use super::keys;
use super::stored::{TimerId, number, tasks};
use super::timers::Timers;
use crate::history::state::Millis;
use crate::history::task::{RunKey, TimerKind, TimerTask, TransferKind, TransferTask};
use crate::invariant::{Checks, checks, invariant};
use crate::log::{Error, Group, Log};
use crate::planted::{Bug, planted};
use crate::store::prefixed;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// The tasks of one tenure.
#[derive(Debug)]
pub(super) struct Queues {
    /// Transfers that are not done.
    transfers: BTreeMap<i64, TransferTask>,
    /// Those of them that nobody has begun with.
    waiting: BTreeSet<i64>,
    /// Timers that have not fired.
    pub(super) timers: Timers,
    /// All committed transfers up to this id have been in `transfers`.
    read: i64,
    /// The ack level that is stored.
    stored: i64,
    /// The latest time at which anything was due; see [`Bug::TimerBehindLevel`].
    looked: Millis,
}

impl Queues {
    /// Reads what is left to do; timers are read when it goes on, so many at a time as there is `room` for.
    pub(super) async fn load(log: &mut Log, room: usize) -> Result<Self, Error> {
        let stored = log.get(keys::ACK).await?.map_or(0, |level| number(keys::ACK, &level));
        let transfers = log.read(keys::transfer(stored + 1)..prefixed(keys::TRANSFERS).end).await?;
        let transfers: BTreeMap<i64, TransferTask> = tasks(&transfers);
        let read = transfers.keys().last().map_or(stored, |last| stored.max(*last));
        let waiting = transfers.keys().copied().collect();
        let queues = Self { transfers, waiting, timers: Timers::new(room), read, stored, looked: 0 };
        queues.assert_sound();
        Ok(queues)
    }

    /// Asserts that no task is lost between the levels, and that what is being done is there to be done.
    pub(super) fn assert_sound(&self) {
        let (stored, read) = (self.stored, self.read);
        invariant!(stored <= read, "the ack level {stored} is above the read level {read}");
        let first = self.transfers.keys().next().copied();
        invariant!(first.is_none_or(|first| first > stored), "transfer {first:?} is not done, and below {stored}");
        let last = self.transfers.keys().next_back().copied();
        invariant!(last.is_none_or(|last| last <= read), "transfer {last:?} is known, and above {read}");
        if checks() == Checks::Thorough {
            let strange = self.waiting.iter().find(|id| !self.transfers.contains_key(id));
            invariant!(strange.is_none(), "transfer {strange:?} waits to be begun, and is done");
        }
        self.timers.assert_sound();
    }

    /// Takes over what was committed.
    pub(super) fn extend(&mut self, transfers: Vec<(i64, TransferTask)>, timers: Vec<(TimerId, TimerTask)>) {
        self.read = transfers.iter().map(|(id, _)| *id).fold(self.read, i64::max);
        self.waiting.extend(transfers.iter().map(|(id, _)| *id));
        self.transfers.extend(transfers);
        let seen = |due: Millis| planted(Bug::TimerBehindLevel) && due < self.looked;
        for (id, timer) in timers.into_iter().filter(|((due, _), _)| !seen(*due)) {
            self.timers.add(id, timer);
        }
    }

    /// The read level passes these tasks by.
    pub(super) fn skip(&mut self, transfers: &[(i64, TransferTask)]) {
        self.read = transfers.iter().map(|(id, _)| *id).fold(self.read, i64::max);
    }

    /// The runs about which somebody is still to be told something.
    pub(super) fn transferring(&self) -> BTreeSet<&RunKey> {
        self.transfers.values().map(|task| &task.run).collect()
    }

    /// How many histories are being deleted, or are to be.
    pub(super) fn deletions(&self) -> usize {
        self.transfers.values().filter(|task| matches!(task.kind, Some(TransferKind::DeleteHistory(_)))).count()
    }

    /// Transfers to begin with, so that at most `limit` are being done.
    pub(super) fn begin(&mut self, limit: usize) -> Vec<(i64, TransferTask)> {
        let running = self.transfers.len() - self.waiting.len();
        let next = std::iter::from_fn(|| self.waiting.pop_first()).take(limit.saturating_sub(running));
        next.map(|id| (id, self.transfers[&id].clone())).collect()
    }

    /// A transfer could not be begun: it stays for the next time.
    pub(super) fn defer(&mut self, id: i64) {
        self.waiting.insert(id);
    }

    /// A transfer is done.
    pub(super) fn finish(&mut self, id: i64) {
        self.transfers.remove(&id);
        self.waiting.remove(&id);
    }

    /// A timer has fired.
    pub(super) fn fired(&mut self, id: TimerId) {
        self.timers.fired(id);
    }

    /// Timers that are due, in order.
    pub(super) fn due(&mut self, now: Millis, limit: usize) -> Vec<(TimerId, TimerTask)> {
        self.looked = self.looked.max(now);
        let until = if planted(Bug::TimerEarly) { now - now.rem_euclid(1000) + 999 } else { now };
        // The planted bug is one of user timers.
        let due = |(at, _): TimerId, task: &TimerTask| at <= now || matches!(task.kind, Some(TimerKind::UserTimer(_)));
        let timers = self.timers.until(until).filter(|(id, task)| due(**id, task));
        timers.take(limit).map(|(id, task)| (*id, task.clone())).collect()
    }

    /// When the next timer is due.
    pub(super) fn next_due(&self) -> Option<Millis> {
        self.timers.next_due()
    }

    /// All transfers up to this id are done.
    fn level(&self) -> i64 {
        match self.transfers.keys().next() {
            Some(first) if !planted(Bug::AckLevelEarly) => first - 1,
            _ => self.read,
        }
    }

    /// There are rows to delete.
    pub(super) fn is_untidy(&self) -> bool {
        self.level() > self.stored
    }

    /// Adds the deletion of done transfers to a commit; returns the ack level to give to [`Queues::tidied`] after it.
    pub(super) fn tidy(&self, group: &mut Group) -> i64 {
        let level = self.level().max(self.stored);
        if level > self.stored {
            group.delete(keys::transfer(self.stored + 1)..keys::transfer(level + 1));
            group.put(keys::ACK.to_owned(), Some(Bytes::from(format!("{level:020}"))));
        }
        level
    }

    /// The commit with this ack level took effect.
    pub(super) fn tidied(&mut self, level: i64) {
        self.stored = level;
    }
}
