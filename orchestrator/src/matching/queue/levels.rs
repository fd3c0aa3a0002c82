//! How much of the stored queue is finished, and how much of it is in memory.

use super::tasks::TaskId;
use crate::invariant::invariant;
use crate::planted::{Bug, planted};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    /// The highest id that is stored, as far as is known.
    last: TaskId,
    /// Every unfinished task up to here is in memory.
    read: TaskId,
    /// Every task up to here is finished, as far as was known when something was written last.
    ack: TaskId,
    /// The ack level as it was last written.
    stored: TaskId,
}

impl Levels {
    /// Nothing is in memory, and nothing is known to be stored above the ack level.
    pub(super) fn new(ack: TaskId) -> Self {
        Self { last: ack, read: ack, ack, stored: ack }
    }

    /// Tasks up to `last` have been read, if there were any; `whole`: there are no later ones.
    pub(super) fn loaded(&mut self, last: Option<TaskId>, whole: bool) {
        self.read = last.map_or(self.read, |last| self.read.max(last));
        self.last = self.last.max(self.read);
        if whole {
            self.read = self.last;
        } else {
            self.last = self.last.max(self.read + 1);
        }
    }

    /// Where to go on reading, if there is more in the store.
    pub(super) fn behind(&self) -> Option<TaskId> {
        (self.read < self.last).then_some(self.read)
    }

    /// A task has been written. False: earlier ones are not read yet, and it has to be read after them.
    pub(super) fn wrote(&mut self, id: TaskId) -> bool {
        let waits = self.read < self.last && id > self.read;
        self.last = self.last.max(id);
        if !waits {
            self.read = self.read.max(id);
        }
        !waits
    }

    /// A task is taken for read, whatever became of it: [`Bug::ReadLevelAfterUnknown`].
    pub(super) fn passed_over(&mut self, id: TaskId) {
        self.last = self.last.max(id);
        self.read = self.read.max(id);
    }

    /// This task and all later ones are left to the store.
    pub(super) fn shed(&mut self, id: TaskId) {
        self.read = self.read.min(id - 1);
    }

    /// Every stored task up to here is finished, if this is the first one that is not.
    pub(super) fn acked(&self, unfinished: Option<TaskId>) -> TaskId {
        if planted(Bug::AckLevelSkipsUnfinished) {
            return self.read;
        }
        unfinished.map_or(TaskId::MAX, |id| id - 1).min(self.read).max(self.stored)
    }

    /// Whether this ack level is above the one that is stored, and then both.
    pub(super) fn rise(&self, level: TaskId) -> Option<(TaskId, TaskId)> {
        (level > self.stored).then_some((self.stored, level))
    }

    /// This ack level is on its way into the store.
    pub(super) fn store(&mut self, level: TaskId) {
        self.stored = self.stored.max(level);
    }

    /// What was on its way has been written.
    pub(super) fn settle(&mut self, level: TaskId) {
        self.ack = level;
    }

    /// Whether a task in memory is one of those that have been read.
    pub(super) fn covers(&self, id: TaskId) -> bool {
        id <= self.read
    }

    /// Asserts that the levels have their order, and that this first unfinished task is above what is acknowledged.
    pub(super) fn assert_ordered(&self, unfinished: Option<TaskId>) {
        let Self { ack, stored, read, last } = *self;
        let done = ack.max(stored);
        invariant!(done <= read && read <= last, "ack level {done}, read level {read}, last task {last}");
        invariant!(
            unfinished.is_none_or(|first| first > done),
            "task {unfinished:?} is unfinished, and below the ack level {done}"
        );
    }
}
