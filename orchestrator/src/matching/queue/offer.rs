//! What passes between a queue and its owner: tasks that it takes, offers and batches that it makes.

use super::pollers::Poller;
use super::tasks::TaskId;
use resurgam_api::internal::AddTaskRequest;

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
pub enum HandOver {
    /// Started, and delivered to the poller.
    Delivered,
    /// History does not know the task any more, or somebody else has it.
    Obsolete,
    /// Not known, or the poller has gone: to be offered again.
    Again,
}

/// What became of a task that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedTask {
    /// It is safe here.
    Taken,
    /// It is safe once `Queue::ended` or `Queue::written` names this task.
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
