//! What is true of a task queue between any two calls: its levels have their order, and every index says what the tasks say.

use super::{Poller, Queue, State, TaskId, name};
use crate::invariant::{Checks, checks, invariant};
use std::collections::BTreeSet;

impl Queue {
    /// Asserts what is true of a queue between any two calls.
    pub(crate) fn assert_sound(&self) {
        let Self { ack, stored, read, last, .. } = *self;
        let done = ack.max(stored);
        invariant!(done <= read && read <= last, "ack level {done}, read level {read}, last task {last}");
        let first = self.tasks.keys().next().copied();
        invariant!(
            first.is_none_or(|first| first > done),
            "task {first:?} is unfinished, and below the ack level {done}"
        );
        invariant!(self.names.len() <= self.tasks.len(), "tasks are remembered that are finished");
        if checks() == Checks::Thorough {
            self.assert_indexed();
        }
    }

    /// Asserts that every index says what the tasks say.
    fn assert_indexed(&self) {
        let mut free = 0;
        let mut unwritten = 0;
        for (id, task) in &self.tasks {
            let (state, name) = (task.state, name(&task.request));
            let is_free = matches!(state, State::Fresh | State::Ready);
            invariant!(self.free.contains(id) == is_free, "task {id} is {state:?}, and can be offered or not");
            let is_unwritten = state == State::Unwritten;
            invariant!(
                self.unwritten.contains(id) == is_unwritten,
                "task {id} is {state:?}, and is to be written or not"
            );
            let is_offered = matches!(state, State::FreshOffered | State::Offered);
            invariant!(
                !is_offered || self.names.get(&name) != Some(id),
                "task {id} is offered, and not to be repeated"
            );
            let in_memory_only = self.sticky || self.detached;
            let is_durable = matches!(state, State::Ready | State::Offered | State::Resting);
            invariant!(in_memory_only || !is_durable || *id <= self.read, "task {id} is {state:?}, and not read");
            free += usize::from(is_free);
            unwritten += usize::from(is_unwritten);
        }
        invariant!(
            self.free.len() == free && self.unwritten.len() == unwritten,
            "tasks are to be done that are finished"
        );
        for (known, id) in &self.names {
            let same = self.tasks.get(id).is_some_and(|task| name(&task.request) == *known);
            invariant!(same, "task {id} is remembered as {known}, which it is not");
        }
        let pollers: BTreeSet<_> = self.waiting.iter().collect();
        invariant!(pollers.len() == self.waiting.len(), "somebody waits twice");
    }

    /// Whether these are the polls that wait.
    pub(crate) fn waits_for<'a>(&self, polls: impl ExactSizeIterator<Item = &'a Poller>) -> bool {
        let waiting: BTreeSet<_> = self.waiting.iter().collect();
        polls.len() == waiting.len() && polls.into_iter().all(|poller| waiting.contains(poller))
    }

    /// Whether whoever added this task still has to wait until it is safe.
    #[must_use]
    pub(crate) fn is_pending(&self, id: TaskId) -> bool {
        let pending = [State::Fresh, State::FreshOffered, State::Unwritten, State::Writing];
        self.tasks.get(&id).is_some_and(|task| pending.contains(&task.state))
    }
}
