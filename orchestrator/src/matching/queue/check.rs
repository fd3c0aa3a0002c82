//! What is true of a task queue between any two calls: its levels have their order, and every index says what the tasks say.

use super::{Poller, Queue, TaskId, TaskState};
use crate::invariant::{Checks, checks, invariant};

impl Queue {
    /// Asserts what is true of a queue between any two calls.
    pub(crate) fn assert_sound(&self) {
        self.levels.assert_ordered(self.tasks.iter().next().map(|(id, _)| id));
        self.tasks.assert_few();
        if checks() == Checks::Thorough {
            self.tasks.assert_indexed();
            self.assert_read();
            self.pollers.assert_distinct();
        }
    }

    /// Asserts that what is durable is at or below the read level.
    fn assert_read(&self) {
        let in_memory_only = self.sticky || self.detached;
        for (id, task) in self.tasks.iter() {
            let state = task.state;
            let is_durable = matches!(state, TaskState::Ready | TaskState::Offered | TaskState::Resting);
            invariant!(in_memory_only || !is_durable || self.levels.covers(id), "task {id} is {state:?}, and not read");
        }
    }

    /// Whether these are the polls that wait.
    pub(crate) fn waits_for<'a>(&self, polls: impl ExactSizeIterator<Item = &'a Poller>) -> bool {
        self.pollers.are(polls)
    }

    /// Whether whoever added this task still has to wait until it is safe.
    #[must_use]
    pub(crate) fn is_pending(&self, id: TaskId) -> bool {
        let pending = [TaskState::Fresh, TaskState::FreshOffered, TaskState::Unwritten, TaskState::Writing];
        self.tasks.get(id).is_some_and(|task| pending.contains(&task.state))
    }
}
