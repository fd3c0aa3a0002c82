//! The timer tasks of a shard, in the order of their times: the earliest ones in memory, the others in the store until it is
//! their turn. There is at least one for each open run, so all of them would be too many for memory.
//!
//! A timer that is here is in the store too, until a commit deletes it; so one that has no place here may be forgotten, and is
//! read again. All that are due before the *horizon* are here. Nothing here does any task.

use super::keys;
use super::stored::{TimerId, task};
use crate::invariant::{Checks, checks, invariant};
use crate::store::{Key, Rows, prefixed};
use resurgam_state::Millis;
use resurgam_state::task::TimerTask;
use std::collections::BTreeMap;
use std::ops::Range;

/// Timers of a shard in memory, unless it is told another number.
pub(crate) const TIMERS: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Timers {
    here: BTreeMap<TimerId, TimerTask>,
    /// All timers up to this one are here, and none behind it; `None`: all are here that there are.
    horizon: Option<TimerId>,
    /// How many are here at most.
    room: usize,
}

impl Timers {
    /// None, until some are read: nothing is known of those in the store.
    pub(super) fn new(room: usize) -> Self {
        Self { here: BTreeMap::new(), horizon: Some((Millis::MIN, i64::MIN)), room: room.max(1) }
    }

    /// More have to be read, of [`Timers::unread`].
    pub(super) fn is_short(&self) -> bool {
        self.horizon.is_some() && self.here.len() <= self.room / 2
    }

    /// Where those are that are not here, and how many of them there is room for.
    pub(super) fn unread(&self) -> (Range<Key>, usize) {
        let all = prefixed(keys::TIMERS);
        let start = match self.horizon {
            Some((due, id)) if due > Millis::MIN => format!("{}\0", keys::timer(due, id)),
            _ => all.start,
        };
        (start..all.end, self.room - self.here.len())
    }

    /// Takes over the first `asked` rows of those that were not here, or all of them if they are fewer.
    pub(super) fn read(&mut self, rows: &Rows, asked: usize) {
        for (key, row) in rows {
            let (id, timer): (i64, TimerTask) = task(key, row);
            self.here.insert((timer.due, id), timer);
        }
        self.horizon = if rows.len() < asked { None } else { self.here.keys().next_back().copied().or(self.horizon) };
    }

    /// Takes over one that was committed.
    pub(super) fn add(&mut self, id: TimerId, timer: TimerTask) {
        if self.horizon.is_some_and(|horizon| id > horizon) {
            return;
        }
        self.here.insert(id, timer);
        if self.here.len() > self.room {
            self.here.pop_last();
            self.horizon = self.here.keys().next_back().copied();
        }
    }

    /// One has fired.
    pub(super) fn fired(&mut self, id: TimerId) {
        self.here.remove(&id);
    }

    /// Those up to a time, in order.
    pub(super) fn until(&self, time: Millis) -> impl Iterator<Item = (&TimerId, &TimerTask)> {
        self.here.range(..=(time, i64::MAX))
    }

    /// When the next one is due, or more have to be read at the latest.
    pub(super) fn next_due(&self) -> Option<Millis> {
        let first = self.here.keys().next().or(self.horizon.as_ref());
        first.map(|(due, _)| *due)
    }

    /// Asserts that what is here is what should be.
    pub(super) fn assert_sound(&self) {
        let last = self.here.keys().next_back();
        let beyond = last.zip(self.horizon.as_ref()).is_some_and(|(last, horizon)| last > horizon);
        invariant!(!beyond, "the timer {last:?} is known, and behind the horizon {:?}", self.horizon);
        if checks() == Checks::Thorough {
            let strange = self.here.iter().find(|((due, _), task)| *due != task.due);
            invariant!(strange.is_none(), "a timer task is kept under another time: {strange:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use resurgam_state::task::TimerKind;

    fn timer(due: Millis) -> TimerTask {
        TimerTask { due, kind: Some(TimerKind::UserTimer(1)), ..TimerTask::default() }
    }

    /// What a shard does: timers come into the store, and then here; those that are read are as they are in the store.
    struct Shard {
        store: BTreeMap<Key, TimerTask>,
        timers: Timers,
    }

    impl Shard {
        fn with(room: usize, dues: &[Millis]) -> Self {
            let mut shard = Self { store: BTreeMap::new(), timers: Timers::new(room) };
            shard.timers.read(&Rows::new(), 1);
            dues.iter().for_each(|due| shard.add(*due));
            shard
        }

        fn add(&mut self, due: Millis) {
            let id = (due, self.store.len() as i64 + 1);
            self.store.insert(keys::timer(id.0, id.1), timer(due));
            self.timers.add(id, timer(due));
            self.timers.assert_sound();
        }

        fn refill(&mut self) {
            let (range, room) = self.timers.unread();
            let rows = self.store.range(range).take(room);
            let rows: Rows = rows.map(|(key, timer)| (key.clone(), timer.encode_to_vec().into())).collect();
            self.timers.read(&rows, room);
            self.timers.assert_sound();
        }

        /// Fires everything, reading whenever too few are here; returns the times in order.
        fn fire(&mut self) -> Vec<Millis> {
            let mut fired = Vec::new();
            loop {
                if self.timers.is_short() {
                    self.refill();
                }
                let Some(id) = self.timers.until(Millis::MAX).next().map(|(id, _)| *id) else { return fired };
                self.timers.fired(id);
                self.store.remove(&keys::timer(id.0, id.1));
                fired.push(id.0);
            }
        }
    }

    #[test]
    fn every_timer_fires_in_its_order_however_few_have_a_place() {
        let dues: Vec<Millis> = (0..50).map(|n| n * 37 % 50).collect();
        let mut sorted = dues.clone();
        sorted.sort_unstable();
        for room in [1, 2, 3, 7, 49, 50, 51] {
            let mut shard = Shard::with(room, &dues);
            assert!(shard.timers.here.len() <= room);
            assert_eq!(shard.fire(), sorted, "room for {room}");
        }
    }

    #[test]
    fn a_timer_that_comes_later_has_a_place_if_it_is_early() {
        let mut shard = Shard::with(2, &[10, 20, 30]);
        assert_eq!(shard.timers.next_due(), Some(10));
        shard.add(5);
        shard.add(40);
        assert_eq!(shard.timers.here.keys().map(|(due, _)| *due).collect::<Vec<_>>(), [5, 10]);
        assert_eq!(shard.fire(), [5, 10, 20, 30, 40]);
    }

    #[test]
    fn a_new_owner_knows_of_nothing_until_it_has_read() {
        let timers = Timers::new(4);
        assert!(timers.is_short());
        assert_eq!(timers.unread(), (prefixed(keys::TIMERS), 4));
    }
}
