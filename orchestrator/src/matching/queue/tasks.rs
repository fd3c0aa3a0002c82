//! The unfinished tasks of a queue that are in memory, each in its state, and found by that and by what it is.

use crate::invariant::{broken, invariant};
use crate::planted::{Bug, planted};
use resurgam_api::internal::{AddTaskRequest, TaskKind, TaskToken};
use std::collections::{BTreeMap, BTreeSet};

/// Id of a task in its queue, ascending over all owners of the queue.
pub type TaskId = u64;

/// Clocks may differ: how long after its expiry a task is still offered, in milliseconds.
const ALLOWANCE: i64 = 10_000;

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskState {
    /// Not written, because somebody waits for it.
    Fresh,
    /// Not written, and offered.
    FreshOffered,
    /// To be written.
    Unwritten,
    /// In the batch that is being written.
    Writing,
    /// Durable, and nobody has it.
    Ready,
    /// Durable and offered.
    Offered,
    /// Durable; its start could not be recorded just now.
    Resting,
}

impl TaskState {
    /// Whether such a task can be offered.
    fn is_free(self) -> bool {
        matches!(self, Self::Fresh | Self::Ready)
    }

    /// Whether somebody is about to get it.
    fn is_offered(self) -> bool {
        matches!(self, Self::FreshOffered | Self::Offered)
    }
}

/// A task, as history added it, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) request: AddTaskRequest,
    pub(super) state: TaskState,
}

impl Task {
    /// Whether nobody needs it any more, `now` in milliseconds since 1970.
    pub(super) fn has_expired(&self, now: i64) -> bool {
        let expires = self.request.expires.as_ref().map(|at| at.seconds * 1000 + i64::from(at.nanos) / 1_000_000);
        expires.is_some_and(|at| at.saturating_add(ALLOWANCE) < now)
    }
}

/// All of them, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    all: BTreeMap<TaskId, Task>,
    /// Those that can be offered.
    free: BTreeSet<TaskId>,
    /// Those that are to be written.
    unwritten: BTreeSet<TaskId>,
    /// Those that have not been offered yet, by what they are: a repeated hand-over of one is the same task.
    names: BTreeMap<String, TaskId>,
}

impl Tasks {
    /// Takes a task in.
    pub(super) fn keep(&mut self, id: TaskId, request: AddTaskRequest, state: TaskState) {
        self.names.insert(name(&request), id);
        self.all.insert(id, Task { request, state });
        self.set(id, state);
    }

    /// How far a task is from now on.
    pub(super) fn set(&mut self, id: TaskId, state: TaskState) {
        let Some(task) = self.all.get_mut(&id) else { broken!("task {id} is {state:?}, and is not there") };
        task.state = state;
        if state.is_free() {
            self.free.insert(id);
        } else {
            self.free.remove(&id);
        }
        if state == TaskState::Unwritten {
            self.unwritten.insert(id);
        } else {
            self.unwritten.remove(&id);
        }
        if state.is_offered() && !planted(Bug::FinishedTaskRemembered) {
            self.names.remove(&name(&task.request));
        }
    }

    /// Forgets a task that is finished, or left to the store.
    pub(super) fn finish(&mut self, id: TaskId) {
        if let Some(task) = self.all.remove(&id) {
            self.free.remove(&id);
            self.unwritten.remove(&id);
            if self.names.get(&name(&task.request)) == Some(&id) && !planted(Bug::FinishedTaskRemembered) {
                self.names.remove(&name(&task.request));
            }
        }
    }

    /// A task that was offered in vain is again the one that a repeated hand-over is about, if no later one is.
    pub(super) fn rename(&mut self, id: TaskId) {
        if let Some(task) = self.all.get(&id) {
            self.names.entry(name(&task.request)).or_insert(id);
        }
    }

    /// The task that a hand-over repeats.
    pub(super) fn repeated(&self, request: &AddTaskRequest) -> Option<TaskId> {
        self.names.get(&name(request)).copied()
    }

    pub(super) fn get(&self, id: TaskId) -> Option<&Task> {
        self.all.get(&id)
    }

    pub(super) fn is_in(&self, id: TaskId, state: TaskState) -> bool {
        self.all.get(&id).is_some_and(|task| task.state == state)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (TaskId, &Task)> {
        self.all.iter().map(|(id, task)| (*id, task))
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The oldest that can be offered.
    pub(super) fn first_free(&self) -> Option<TaskId> {
        self.free.first().copied()
    }

    /// Those that can be offered.
    pub(super) fn free(&self) -> impl DoubleEndedIterator<Item = TaskId> {
        self.free.iter().copied()
    }

    /// Those that are to be written.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = TaskId> {
        self.unwritten.iter().copied()
    }

    /// Asserts that no more are remembered than there are.
    pub(super) fn assert_few(&self) {
        invariant!(self.names.len() <= self.all.len(), "tasks are remembered that are finished");
    }

    /// Asserts that every index says what the tasks say.
    pub(super) fn assert_indexed(&self) {
        let mut free = 0;
        let mut unwritten = 0;
        for (id, task) in &self.all {
            let (state, name) = (task.state, name(&task.request));
            let is_free = state.is_free();
            invariant!(self.free.contains(id) == is_free, "task {id} is {state:?}, and can be offered or not");
            let is_unwritten = state == TaskState::Unwritten;
            invariant!(
                self.unwritten.contains(id) == is_unwritten,
                "task {id} is {state:?}, and is to be written or not"
            );
            invariant!(
                !state.is_offered() || self.names.get(&name) != Some(id),
                "task {id} is offered, and not to be repeated"
            );
            free += usize::from(is_free);
            unwritten += usize::from(is_unwritten);
        }
        invariant!(
            self.free.len() == free && self.unwritten.len() == unwritten,
            "tasks are to be done that are finished"
        );
        for (known, id) in &self.names {
            let same = self.all.get(id).is_some_and(|task| name(&task.request) == *known);
            invariant!(same, "task {id} is remembered as {known}, which it is not");
        }
    }
}

fn name(request: &AddTaskRequest) -> String {
    // The service takes nothing in without them, and a row without them is not read.
    let Some((task, queue)) = request.task.as_ref().zip(request.task_queue.as_ref()) else {
        broken!("a task names no run or no queue")
    };
    start_id(task, queue.kind)
}

/// The request id under which a task is started: the same for every attempt to hand it out.
#[must_use]
pub(crate) fn start_id(task: &TaskToken, kind: i32) -> String {
    let kind = if kind == i32::from(TaskKind::Activity) { 'a' } else { 'w' };
    format!("{}/{kind}{}/{}", task.run_id, task.scheduled_event_id, task.attempt)
}
