//! What can be asked of the owner of a task queue, and what it hears from the work that it has begun.

use super::description::Description;
use super::polls::Poll;
use super::query::{Asker, QueryHandOver};
use super::queue::{HandOver, TaskId};
use crate::invariant::Panicked;
use resurgam_api::internal::{AddTaskRequest, QueryWorkerRequest};
use resurgam_api::temporal::taskqueue::v1::TaskQueueConfig;
use resurgam_api::temporal::workflowservice::v1::{RespondQueryTaskCompletedRequest, UpdateTaskQueueConfigRequest};
use tokio::sync::oneshot;
use tonic::Status;

/// What can be asked of a task queue.
pub(super) enum Message {
    /// Take a task over.
    Add(Box<AddTaskRequest>, oneshot::Sender<Result<(), Status>>),
    /// Wait for a task; the worker may name how many a second all workers together can bear.
    Poll(Poll, Option<f64>),
    /// Ask a worker.
    Query(Box<QueryWorkerRequest>, Asker),
    /// A worker has answered the query with this id.
    Answer(String, Box<RespondQueryTaskCompletedRequest>, oneshot::Sender<bool>),
    /// A client changes how the queue is configured.
    Configure(Box<UpdateTaskQueueConfigRequest>, oneshot::Sender<TaskQueueConfig>),
    /// Describe the queue.
    Describe(oneshot::Sender<Description>),
    /// Its worker has shut down.
    Close,
    /// An offer has ended; the poll comes back if it is still to be served.
    Ended(TaskId, HandOver, Option<Poll>),
    /// A task has rested.
    Rested(TaskId),
    /// A query was on its way to a worker; the poll comes back if it is still to be served.
    Asked(String, QueryHandOver, Option<Poll>),
    /// Work beside the queue panicked, and nobody knows how far it came.
    Broken(Panicked),
}
