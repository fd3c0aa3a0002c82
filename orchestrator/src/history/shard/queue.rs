//! The tasks of a shard in memory: transfers by id, timers by due time. What is here is committed; what is gone from here
//! is done, and its row is deleted by a later commit. Nothing here does any task.

use super::keys;
use super::stored::{TimerId, number};
use super::timers::Timers;
use super::transfers::Transfers;
use crate::invariant::invariant;
use crate::log::{Error, Group, Log};
use crate::planted::{Bug, planted};
use bytes::Bytes;
use resurgam_state::Millis;
use resurgam_state::task::{TimerKind, TimerTask, TransferTask};

/// The tasks of one tenure.
#[derive(Debug)]
pub(super) struct Queues {
    /// Transfers that are not done.
    pub(super) transfers: Transfers,
    /// Timers that have not fired.
    pub(super) timers: Timers,
    /// The ack level that is stored.
    stored: i64,
    /// The latest time at which anything was due; see [`Bug::TimerBehindLevel`].
    looked: Millis,
}

impl Queues {
    /// Reads what is left to do; timers are read when it goes on. There are so many transfers and so many timers in memory as
    /// there is room for.
    pub(super) async fn load(log: &mut Log, transfers: usize, timers: usize) -> Result<Self, Error> {
        let stored = log.get(keys::ACK).await?.map_or(0, |level| number(keys::ACK, &level));
        let mut transfers = Transfers::new(transfers, stored);
        let (range, room) = transfers.unread();
        transfers.read(&log.read_first(range, room).await?, room);
        let queues = Self { transfers, timers: Timers::new(timers), stored, looked: 0 };
        queues.assert_sound();
        Ok(queues)
    }

    /// Asserts that no task is lost between the levels, and that what is being done is there to be done.
    pub(super) fn assert_sound(&self) {
        let (stored, read) = (self.stored, self.transfers.read_level());
        invariant!(stored <= read, "the ack level {stored} is above the read level {read}");
        let first = self.transfers.first();
        invariant!(first.is_none_or(|first| first > stored), "transfer {first:?} is not done, and below {stored}");
        self.transfers.assert_sound();
        self.timers.assert_sound();
    }

    /// Takes over what was committed.
    pub(super) fn extend(&mut self, transfers: Vec<(i64, TransferTask)>, timers: Vec<(TimerId, TimerTask)>) {
        self.transfers.extend(transfers);
        let seen = |due: Millis| planted(Bug::TimerBehindLevel) && due < self.looked;
        for (id, timer) in timers.into_iter().filter(|((due, _), _)| !seen(*due)) {
            self.timers.add(id, timer);
        }
    }

    /// More have to be read, of one kind or the other.
    pub(super) fn is_short(&self) -> bool {
        self.transfers.is_short() || self.timers.is_short()
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
        match self.transfers.first() {
            Some(first) if !planted(Bug::AckLevelEarly) => first - 1,
            _ => self.transfers.read_level(),
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
