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

use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{AddTaskRequest, TaskKind, TaskToken};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Milliseconds since 1970.
pub type Millis = i64;
/// Id of a task in its queue, ascending over all owners of the queue.
pub type TaskId = u64;

/// A poll that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poller(pub u64);

/// Unfinished tasks in memory beyond which stored ones are left where they are.
pub(super) const WINDOW: usize = 1000;
/// Below this many unfinished tasks in memory more are read.
const LOW: usize = 200;
/// A sticky queue without a poll for this long has lost its worker.
const ABANDONED: Millis = 10_000;
/// Clocks may differ: how long after its expiry a task is still offered.
const ALLOWANCE: Millis = 10_000;
/// Most tasks in one batch.
const BATCH: usize = 64;
/// How long a poller is remembered for descriptions.
const REMEMBERED: Millis = 300_000;

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
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

#[derive(Clone, Debug)]
struct Task {
    request: AddTaskRequest,
    state: State,
}

/// A task for a poller: record its start, then say how that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The task's id in the queue.
    pub id: TaskId,
    /// Who is to get it.
    pub poller: Poller,
    /// The task, as history added it.
    pub request: AddTaskRequest,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Started, and delivered to the poller.
    Delivered,
    /// History does not know the task any more, or somebody else has it.
    Obsolete,
    /// Not known, or the poller has gone: to be offered again.
    Again,
}

/// What became of a task that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is safe here.
    Taken,
    /// It is safe once [`Queue::ended`] or [`Queue::written`] names this task.
    Pending(TaskId),
}

/// Nobody polls this sticky queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned;

/// What is to be written next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// New tasks, to be stored.
    pub tasks: Vec<(TaskId, AddTaskRequest)>,
    /// The new ack level, if it rose: tasks up to it may be deleted, from the first number on (exclusive).
    pub acked: Option<(TaskId, TaskId)>,
}

/// The state of one task queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// It lives in memory only.
    sticky: bool,
    /// It has lost its log and does not care.
    detached: bool,
    /// Unfinished tasks that are in memory.
    tasks: BTreeMap<TaskId, Task>,
    /// Those that can be offered.
    free: BTreeSet<TaskId>,
    /// Those that are to be written.
    unwritten: BTreeSet<TaskId>,
    /// Those that have not been offered yet, by what they are: a repeated hand-over of one is the same task.
    names: BTreeMap<String, TaskId>,
    /// Pollers that wait, the one that has waited longest first.
    waiting: VecDeque<Poller>,
    /// Everyone who polled, and when last.
    seen: BTreeMap<String, Millis>,
    /// The id that the next task gets.
    next: TaskId,
    /// The highest id that is stored, as far as is known.
    last: TaskId,
    read: TaskId,
    ack: TaskId,
    /// The ack level as it was last written.
    stored: TaskId,
}

impl Queue {
    /// An empty queue, whose tasks get ids from `first` on. What is stored comes by [`Queue::load`].
    #[must_use]
    pub fn new(sticky: bool, first: TaskId, ack: TaskId) -> Self {
        Self {
            sticky,
            detached: false,
            tasks: BTreeMap::new(),
            free: BTreeSet::new(),
            unwritten: BTreeSet::new(),
            names: BTreeMap::new(),
            waiting: VecDeque::new(),
            seen: BTreeMap::new(),
            next: first,
            last: ack,
            read: ack,
            ack,
            stored: ack,
        }
    }

    /// Begins again after a reload: what is stored decides; pollers go on waiting.
    pub fn reset(&mut self, first: TaskId, ack: TaskId) {
        let old = std::mem::replace(self, Self::new(self.sticky, first, ack));
        self.waiting = old.waiting;
        self.seen = old.seen;
    }

    /// Takes stored tasks in, in order; `whole`: there are no later ones.
    pub fn load(&mut self, rows: Vec<(TaskId, AddTaskRequest)>, whole: bool) {
        for (id, request) in rows {
            self.read = self.read.max(id);
            self.keep(id, request, State::Ready);
        }
        self.last = self.last.max(self.read);
        if whole {
            self.read = self.last;
        } else {
            self.last = self.last.max(self.read + 1);
        }
    }

    /// Where to go on reading, if there is more in the store and room for it here.
    #[must_use]
    pub(crate) fn wants(&self) -> Option<TaskId> {
        (self.read < self.last && self.tasks.len() < LOW).then_some(self.read)
    }

    /// How many tasks to read at once.
    #[must_use]
    pub const fn page() -> usize {
        WINDOW
    }

    fn keep(&mut self, id: TaskId, request: AddTaskRequest, state: State) {
        self.names.insert(name(&request), id);
        self.tasks.insert(id, Task { request, state });
        self.set(id, state);
    }

    fn set(&mut self, id: TaskId, state: State) {
        let Some(task) = self.tasks.get_mut(&id) else { broken!("task {id} is {state:?}, and is not there") };
        task.state = state;
        if matches!(state, State::Fresh | State::Ready) {
            self.free.insert(id);
        } else {
            self.free.remove(&id);
        }
        if state == State::Unwritten {
            self.unwritten.insert(id);
        } else {
            self.unwritten.remove(&id);
        }
        if matches!(state, State::FreshOffered | State::Offered) && !planted(Bug::FinishedTaskRemembered) {
            self.names.remove(&name(&task.request));
        }
    }

    fn finish(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.remove(&id) {
            self.free.remove(&id);
            self.unwritten.remove(&id);
            if self.names.get(&name(&task.request)) == Some(&id) && !planted(Bug::FinishedTaskRemembered) {
                self.names.remove(&name(&task.request));
            }
        }
    }

    /// Takes a new task.
    ///
    /// # Errors
    /// [`Abandoned`].
    pub fn add(&mut self, request: AddTaskRequest, now: Millis) -> Result<Added, Abandoned> {
        if self.sticky && !self.polled_within(ABANDONED, now) {
            return Err(Abandoned);
        }
        if let Some(id) = self.names.get(&name(&request)).copied() {
            let durable = self.tasks.get(&id).is_some_and(|task| matches!(task.state, State::Ready | State::Resting));
            return Ok(if durable { Added::Taken } else { Added::Pending(id) });
        }
        let id = self.next;
        self.next += 1;
        if self.sticky {
            // The lost task's timeout brings it to the normal queue, late.
            if !planted(Bug::StickyTaskLost) || !self.waiting.is_empty() {
                self.keep(id, request, State::Ready);
            }
            return Ok(Added::Taken);
        }
        if self.detached {
            self.keep(id, request, State::Ready);
            return Ok(Added::Taken);
        }
        let state = if self.waiting.is_empty() { State::Unwritten } else { State::Fresh };
        self.keep(id, request, state);
        Ok(Added::Pending(id))
    }

    /// Somebody polls, and waits.
    pub fn poll(&mut self, poller: Poller, identity: &str, now: Millis) {
        self.saw(identity, now);
        self.waiting.push_back(poller);
    }

    /// Notes that somebody is there.
    pub fn saw(&mut self, identity: &str, now: Millis) {
        self.seen.retain(|_, last| now - *last < REMEMBERED);
        self.seen.insert(identity.to_owned(), now);
    }

    /// A poll was given up, or has got something else.
    pub fn gone(&mut self, poller: Poller) {
        self.waiting.retain(|waiting| *waiting != poller);
    }

    /// Everyone who polled has gone for good, so that a sticky queue is refused at once.
    pub fn close(&mut self) {
        self.seen.clear();
    }

    /// The poller that has waited longest, taken out for something that is no task.
    pub(crate) fn take_poller(&mut self) -> Option<Poller> {
        self.waiting.pop_front()
    }

    /// Whether there is both a task and a poller.
    #[must_use]
    pub(crate) fn can_offer(&self) -> bool {
        !self.free.is_empty() && !self.waiting.is_empty()
    }

    /// Gives the oldest task to the poller that has waited longest.
    pub fn offer(&mut self, now: Millis) -> Option<Offer> {
        self.expire(now);
        let id = *self.free.first()?;
        let poller = self.waiting.pop_front()?;
        let fresh = self.tasks.get(&id)?.state == State::Fresh;
        self.set(id, if fresh { State::FreshOffered } else { State::Offered });
        Some(Offer { id, poller, request: self.tasks.get(&id)?.request.clone() })
    }

    /// Says how an offer ended. True: whoever added the task may forget it now.
    pub fn ended(&mut self, id: TaskId, outcome: Outcome) -> bool {
        let Some(state) = self.tasks.get(&id).map(|task| task.state) else { return true };
        match (outcome, state) {
            (Outcome::Delivered | Outcome::Obsolete, _) => {
                self.finish(id);
                true
            }
            (Outcome::Again, State::FreshOffered) if planted(Bug::HandOverDropsTask) => {
                self.finish(id);
                true
            }
            (Outcome::Again, State::FreshOffered) => {
                self.set(id, State::Unwritten);
                self.rename(id);
                false
            }
            (Outcome::Again, _) => {
                self.set(id, State::Resting);
                self.rename(id);
                true
            }
        }
    }

    /// A task whose start could not be recorded may be offered again.
    pub(crate) fn rested(&mut self, id: TaskId) {
        if self.tasks.get(&id).is_some_and(|task| task.state == State::Resting) {
            self.set(id, State::Ready);
        }
    }

    fn rename(&mut self, id: TaskId) {
        if let Some(task) = self.tasks.get(&id) {
            self.names.entry(name(&task.request)).or_insert(id);
        }
    }

    /// What is to be written, if there is anything. Tasks that waited for a poller in vain are written too.
    pub fn batch(&mut self) -> Option<Batch> {
        for id in self.unserved() {
            self.set(id, State::Unwritten);
        }
        let unwritten = self.unwritten.iter().filter_map(|id| Some((*id, self.tasks.get(id)?.request.clone())));
        let tasks: Vec<_> = unwritten.take(BATCH).collect();
        for (id, _) in &tasks {
            self.set(*id, State::Writing);
        }
        let level = self.ack_level();
        let acked = (level > self.stored).then_some((self.stored, level));
        if tasks.is_empty() && acked.is_none() {
            return None;
        }
        self.stored = self.stored.max(level);
        Some(Batch { tasks, acked })
    }

    /// Whether tasks wait to be written, so that a batch is urgent.
    #[must_use]
    pub(crate) fn urgent(&self) -> bool {
        !self.unwritten.is_empty() || !self.unserved().is_empty()
    }

    /// Tasks that were meant for a poller who is not there any more.
    fn unserved(&self) -> Vec<TaskId> {
        // Fresh tasks are the latest ones.
        let fresh = |id: &TaskId| self.tasks.get(id).is_some_and(|task| task.state == State::Fresh);
        let latest = self.free.iter().rev().copied().take_while(fresh);
        if self.waiting.is_empty() { latest.collect() } else { Vec::new() }
    }

    /// The ack level rose since it was written last.
    #[must_use]
    pub(crate) fn untidy(&self) -> bool {
        !self.sticky && self.ack_level() > self.stored
    }

    /// The batch took effect; whoever added its tasks may forget them.
    pub fn written(&mut self, batch: &Batch) {
        for (id, _) in &batch.tasks {
            // What does not fit in memory stays in the store until it is read.
            let behind = self.read < self.last && *id > self.read;
            self.last = self.last.max(*id);
            if behind {
                self.finish(*id);
            } else {
                self.read = self.read.max(*id);
                self.set(*id, State::Ready);
            }
        }
        if self.tasks.len() > WINDOW {
            self.shed();
        }
        self.ack = self.ack_level();
    }

    /// The outcome of a batch is not known, and it is treated as written: [`Bug::ReadLevelAfterUnknown`].
    pub(crate) fn passed_over(&mut self, batch: &Batch) {
        for (id, _) in &batch.tasks {
            self.finish(*id);
            self.last = self.last.max(*id);
            self.read = self.read.max(*id);
        }
    }

    /// Leaves the latest tasks to the store.
    fn shed(&mut self) {
        while self.tasks.len() > WINDOW {
            let Some((id, task)) = self.tasks.last_key_value() else { return };
            if task.state != State::Ready {
                return;
            }
            let id = *id;
            self.finish(id);
            self.read = self.read.min(id - 1);
        }
    }

    /// Every stored task up to here is finished.
    fn ack_level(&self) -> TaskId {
        if planted(Bug::AckLevelSkipsUnfinished) {
            return self.read;
        }
        let first = self.tasks.first_key_value().map_or(TaskId::MAX, |(id, _)| id - 1);
        first.min(self.read).max(self.stored)
    }

    /// Drops what nobody needs any more.
    fn expire(&mut self, now: Millis) {
        let late = |task: &Task| {
            let expires = task.request.expires.as_ref().map(|at| at.seconds * 1000 + i64::from(at.nanos) / 1_000_000);
            expires.is_some_and(|at| at.saturating_add(ALLOWANCE) < now)
        };
        let first = |queue: &Self| queue.free.first().copied();
        while let Some(id) = first(self)
            && self.tasks.get(&id).is_some_and(|task| task.state == State::Ready && late(task))
        {
            self.finish(id);
        }
    }

    /// Whether somebody has polled lately, or waits.
    #[must_use]
    pub(crate) fn polled_within(&self, time: Millis, now: Millis) -> bool {
        !self.waiting.is_empty() || self.seen.values().any(|last| now - last < time)
    }

    /// Whether a sticky queue has lost its worker.
    #[must_use]
    pub(crate) fn abandoned(&self, now: Millis) -> bool {
        self.sticky && !self.polled_within(ABANDONED, now)
    }

    /// Who polled, and when last.
    pub fn pollers(&self) -> impl Iterator<Item = (&str, Millis)> {
        self.seen.iter().map(|(identity, last)| (identity.as_str(), *last))
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
        for id in self.tasks.keys().copied().collect::<Vec<_>>() {
            self.set(id, State::Ready);
        }
    }

    /// The read level and the ack level.
    #[cfg(test)]
    #[must_use]
    pub const fn levels(&self) -> (TaskId, TaskId) {
        (self.read, self.ack)
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

mod check;
#[cfg(test)]
mod tests;
