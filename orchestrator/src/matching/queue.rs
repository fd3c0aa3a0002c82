//! The task queue as pure state: which tasks there are, who waits for one, what has to be written and what was finished.
//!
//! A task is *offered* to a waiting poller by recording its start in history under a request id that is derived from the
//! task. A start whose outcome is not known is repeated later with the same id, so it can be neither lost nor refused; a
//! task is finished when its start is delivered or history does not know it any more. A new task that a poller is
//! waiting for is offered before it is written, and is never written if that works out.
//!
//! Two levels say how much of the stored queue is in memory: every task up to the *ack level* is finished and may be
//! deleted, every unfinished one up to the *read level* is in memory; later ones are read when there is room.
//! Nothing here waits, sends or knows the time.

mod check;
mod levels;
mod offer;
mod pollers;
mod tasks;
#[cfg(test)]
mod tests;

use crate::planted::{Bug, planted};
use levels::Levels;
pub use offer::{Abandoned, AddedTask, Batch, HandOver, Offer};
pub(super) use pollers::MOST as POLLERS;
use pollers::Pollers;
pub use pollers::{Millis, Poller};
use resurgam_api::internal::AddTaskRequest;
pub use tasks::TaskId;
pub(crate) use tasks::start_id;
use tasks::{Task, TaskState, Tasks};

/// Unfinished tasks in memory beyond which stored ones are left where they are.
pub(super) const WINDOW: usize = 1000;
/// Below this many unfinished tasks in memory more are read.
const LOW: usize = 200;
/// A sticky queue without a poll for this long has lost its worker.
const ABANDONED: Millis = 10_000;
/// Most tasks in one batch.
const BATCH: usize = 64;

/// The state of one task queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// It lives in memory only.
    sticky: bool,
    /// It has lost its log and does not care.
    detached: bool,
    /// Unfinished tasks, as far as they are in memory.
    tasks: Tasks,
    pollers: Pollers,
    /// The id that the next task gets.
    next: TaskId,
    levels: Levels,
}

impl Queue {
    /// An empty queue, whose tasks get ids from `first` on. What is stored comes by [`Queue::load`].
    #[must_use]
    pub fn new(sticky: bool, first: TaskId, ack: TaskId) -> Self {
        Self {
            sticky,
            detached: false,
            tasks: Tasks::default(),
            pollers: Pollers::default(),
            next: first,
            levels: Levels::new(ack),
        }
    }

    /// Begins again after a reload: what is stored decides; pollers go on waiting.
    pub fn reset(&mut self, first: TaskId, ack: TaskId) {
        let pollers = std::mem::take(&mut self.pollers);
        *self = Self { pollers, ..Self::new(self.sticky, first, ack) };
    }

    /// Takes stored tasks in, in order; `whole`: there are no later ones.
    pub fn load(&mut self, rows: Vec<(TaskId, AddTaskRequest)>, whole: bool) {
        self.levels.loaded(rows.last().map(|(id, _)| *id), whole);
        for (id, request) in rows {
            self.tasks.keep(id, request, TaskState::Ready);
        }
    }

    /// Where to go on reading, if there is more in the store and room for it here.
    #[must_use]
    pub(crate) fn wants(&self) -> Option<TaskId> {
        self.levels.behind().filter(|_| self.tasks.len() < LOW)
    }

    /// How many tasks to read at once.
    #[must_use]
    pub const fn page() -> usize {
        WINDOW
    }

    /// Takes a new task.
    ///
    /// # Errors
    /// [`Abandoned`].
    pub fn add(&mut self, request: AddTaskRequest, now: Millis) -> Result<AddedTask, Abandoned> {
        if self.abandoned(now) {
            return Err(Abandoned);
        }
        if let Some(id) = self.tasks.repeated(&request) {
            let durable = self.tasks.is_in(id, TaskState::Ready) || self.tasks.is_in(id, TaskState::Resting);
            return Ok(if durable { AddedTask::Taken } else { AddedTask::Pending(id) });
        }
        let id = self.next;
        self.next += 1;
        if self.sticky || self.detached {
            // If it is lost, its timeout brings it to the normal queue, late.
            let lost = self.sticky && planted(Bug::StickyTaskLost) && self.pollers.nobody_waits();
            if !lost {
                self.tasks.keep(id, request, TaskState::Ready);
            }
            return Ok(AddedTask::Taken);
        }
        let state = if self.pollers.nobody_waits() { TaskState::Unwritten } else { TaskState::Fresh };
        self.tasks.keep(id, request, state);
        Ok(AddedTask::Pending(id))
    }

    /// Somebody polls, and waits.
    pub fn poll(&mut self, poller: Poller, identity: &str, now: Millis) {
        self.pollers.saw(identity, now);
        self.pollers.wait(poller);
    }

    /// A poll was given up, or has got something else.
    pub fn gone(&mut self, poller: Poller) {
        self.pollers.gone(poller);
    }

    /// Everyone who polled has gone for good, so that a sticky queue is refused at once.
    pub fn close(&mut self) {
        self.pollers.forget();
    }

    /// The poller that has waited longest, taken out for something that is no task.
    pub(crate) fn take_poller(&mut self) -> Option<Poller> {
        self.pollers.take()
    }

    /// Whether there is both a task and a poller.
    #[must_use]
    pub(crate) fn can_offer(&self) -> bool {
        self.tasks.first_free().is_some() && !self.pollers.nobody_waits()
    }

    /// Gives the oldest task to the poller that has waited longest.
    pub fn offer(&mut self, now: Millis) -> Option<Offer> {
        self.expire(now);
        let id = self.tasks.first_free()?;
        let poller = self.pollers.take()?;
        let fresh = self.tasks.is_in(id, TaskState::Fresh);
        self.tasks.set(id, if fresh { TaskState::FreshOffered } else { TaskState::Offered });
        Some(Offer { id, poller, request: self.tasks.get(id)?.request.clone() })
    }

    /// Says how an offer ended. True: whoever added the task may forget it now.
    pub fn ended(&mut self, id: TaskId, how: HandOver) -> bool {
        let Some(state) = self.tasks.get(id).map(|task| task.state) else { return true };
        let durable = state != TaskState::FreshOffered;
        match how {
            HandOver::Delivered | HandOver::Obsolete => self.tasks.finish(id),
            HandOver::Again if !durable && planted(Bug::HandOverDropsTask) => self.tasks.finish(id),
            HandOver::Again => {
                self.tasks.set(id, if durable { TaskState::Resting } else { TaskState::Unwritten });
                self.tasks.rename(id);
                return durable;
            }
        }
        true
    }

    /// A task whose start could not be recorded may be offered again.
    pub(crate) fn rested(&mut self, id: TaskId) {
        if self.tasks.is_in(id, TaskState::Resting) {
            self.tasks.set(id, TaskState::Ready);
        }
    }

    /// What is to be written, if there is anything. Tasks that waited for a poller in vain are written too.
    pub fn batch(&mut self) -> Option<Batch> {
        for id in self.unserved() {
            self.tasks.set(id, TaskState::Unwritten);
        }
        let unwritten = self.tasks.unwritten().filter_map(|id| Some((id, self.tasks.get(id)?.request.clone())));
        let tasks: Vec<_> = unwritten.take(BATCH).collect();
        for (id, _) in &tasks {
            self.tasks.set(*id, TaskState::Writing);
        }
        let level = self.ack_level();
        let acked = self.levels.rise(level);
        if tasks.is_empty() && acked.is_none() {
            return None;
        }
        self.levels.store(level);
        Some(Batch { tasks, acked })
    }

    /// Whether tasks wait to be written, so that a batch is urgent.
    #[must_use]
    pub(crate) fn urgent(&self) -> bool {
        self.tasks.unwritten().next().is_some() || !self.unserved().is_empty()
    }

    /// Tasks that were meant for a poller who is not there any more.
    fn unserved(&self) -> Vec<TaskId> {
        // Fresh tasks are the latest ones.
        let latest = self.tasks.free().rev().take_while(|id| self.tasks.is_in(*id, TaskState::Fresh));
        if self.pollers.nobody_waits() { latest.collect() } else { Vec::new() }
    }

    /// The ack level rose since it was written last.
    #[must_use]
    pub(crate) fn untidy(&self) -> bool {
        !self.sticky && self.levels.rise(self.ack_level()).is_some()
    }

    /// The batch took effect; whoever added its tasks may forget them.
    pub fn written(&mut self, batch: &Batch) {
        for (id, _) in &batch.tasks {
            // What does not fit in memory stays in the store until it is read.
            if self.levels.wrote(*id) {
                self.tasks.set(*id, TaskState::Ready);
            } else {
                self.tasks.finish(*id);
            }
        }
        self.shed();
        self.levels.settle(self.ack_level());
    }

    /// The outcome of a batch is not known, and it is treated as written: [`Bug::ReadLevelAfterUnknown`].
    pub(crate) fn passed_over(&mut self, batch: &Batch) {
        for (id, _) in &batch.tasks {
            self.tasks.finish(*id);
            self.levels.passed_over(*id);
        }
    }

    /// Leaves the latest tasks to the store if there are too many.
    fn shed(&mut self) {
        while self.tasks.len() > WINDOW {
            let Some((id, Task { state: TaskState::Ready, .. })) = self.tasks.iter().next_back() else { return };
            self.tasks.finish(id);
            self.levels.shed(id);
        }
    }

    /// Every stored task up to here is finished.
    fn ack_level(&self) -> TaskId {
        self.levels.acked(self.tasks.iter().next().map(|(id, _)| id))
    }

    /// Drops what nobody needs any more.
    fn expire(&mut self, now: Millis) {
        while let Some(id) = self.tasks.first_free()
            && self.tasks.get(id).is_some_and(|task| task.state == TaskState::Ready && task.has_expired(now))
        {
            self.tasks.finish(id);
        }
    }

    /// Whether a sticky queue has lost its worker.
    #[must_use]
    pub(crate) fn abandoned(&self, now: Millis) -> bool {
        self.sticky && !self.pollers.within(ABANDONED, now)
    }

    /// Who polled, and when last.
    pub fn pollers(&self) -> impl Iterator<Item = (&str, Millis)> {
        self.pollers.seen()
    }

    /// Unfinished tasks, as far as they are in memory.
    #[must_use]
    pub(crate) fn backlog(&self) -> usize {
        self.tasks.len()
    }

    /// How many ids have been given since `first`.
    #[must_use]
    pub const fn given(&self, first: TaskId) -> u64 {
        self.next - first
    }

    /// Goes on in memory only: [`Bug::StaleQueueOwner`].
    pub(crate) fn detach(&mut self) {
        self.detached = true;
        for id in self.tasks.iter().map(|(id, _)| id).collect::<Vec<_>>() {
            self.tasks.set(id, TaskState::Ready);
        }
    }
}
