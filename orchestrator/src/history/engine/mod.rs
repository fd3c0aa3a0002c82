//! The history engine: what one input does to one workflow. Pure: no I/O, no clock, no chance but what the context gives.
//!
//! The shard loads a [`Workflow`], applies an [`Input`] to a copy, and commits the [`Effects`]; only then it adopts the
//! copy and sends the answers. A [`Rejection`] is an answer too, computed from state that may not be committed yet, and
//! waits in the same way. Nothing here knows that commits can fail.

pub mod activity;
mod activity_command;
mod activity_options;
mod activity_outcome;
pub mod attempt;
mod batch;
mod batch_step;
mod buffer;
mod build_id;
mod cancel;
mod check_run;
pub mod child;
mod child_end;
mod claim;
mod close;
pub mod command;
mod command_check;
mod command_failure;
mod complete;
mod completion_check;
mod delete;
pub mod describe;
mod duty;
pub mod external;
mod fail;
mod handout;
mod input;
mod limits;
mod marker;
pub mod message;
mod new_run;
pub mod priority;
mod problem;
mod query;
mod reapply;
mod rebuild;
mod release;
mod required;
mod reset;
pub mod retention;
pub mod retry;
mod run;
mod saved;
mod schedule;
mod schedule_step;
pub mod signal;
pub mod span;
mod speculative;
mod start;
mod start_check;
mod stepped;
mod sticky;
mod successor;
mod system;
pub mod task;
mod task_event;
mod timer_task;
pub mod transaction;
mod transfer_result;
pub mod update;
mod update_with_start;
pub mod user_timer;
mod waiter;
mod workflow_options;

pub use check_run::check;
#[cfg(test)]
pub use input::Applied;
pub use input::{Input, Reply};
pub use limits::Limits;
pub(crate) use query::WAITING as WAITING_QUERIES;
pub(crate) use reset::{ReadRun, ResetInput, Resetting};
pub(crate) use start::StartedWorkflow;
pub use stepped::step;
pub(crate) use task_event::unwritten;
pub use transfer_result::TransferResult;
pub use update::UpdateInput;
pub(crate) use update_with_start::{MultiRefused, UpdateWithStartInput};
pub use waiter::{Delivery, Waiter};

#[cfg(test)]
mod attempt_tests;
#[cfg(test)]
mod child_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod update_tests;

use resurgam_api::internal::TaskToken;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::query::v1::WorkflowQuery;
use resurgam_api::temporal::update::v1::Request as UpdateMessage;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::{TimerTask, TransferTask};
use resurgam_state::{Current, EventId, Millis, State, Tail};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::{Builder, Uuid};

/// Who acts where no client does: the identity in events that the history service causes by itself.
pub(crate) const IDENTITY: &str = "history-service";

/// What a shard knows of a workflow id while it works on it. The run that an input is about is loaded, the current one
/// too; older runs are not.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// Which run is current; none: the id was never used.
    pub current: Option<Current>,
    /// Runs by run id.
    pub runs: BTreeMap<String, Run>,
}

/// A run as its owner holds it.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What is stored.
    pub state: State,
    /// What is only in memory. When the owner forgets the run it is gone, and whoever waits for something in it is told UNAVAILABLE.
    pub volatile: Volatile,
    /// Bytes of its rows and their keys: what it takes in memory, as far as that is counted. Who writes and reads them keeps it.
    pub bytes: usize,
}

/// The part of a run that is never stored.
#[derive(Clone, Debug, Default)]
pub struct Volatile {
    /// Updates that are not completed: admitted, sent to a worker, or accepted and waited for. In order of arrival.
    pub updates: Vec<PendingUpdate>,
    /// Queries that wait for the next workflow task, by an id of ours.
    pub queries: BTreeMap<String, PendingQuery>,
    /// A worker tried to close the run while there were events that it had not seen. Until it has seen those, no further ones are accepted.
    pub closing: bool,
}

/// An update on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingUpdate {
    /// The request; its `meta.update_id` is set.
    pub request: Arc<UpdateMessage>,
    /// The started event id of the workflow task that it was sent with; 0: not sent.
    pub sent: EventId,
    /// It is accepted (its event is in the history).
    pub accepted: bool,
    /// Who waits, and for which stage (`UpdateWorkflowExecutionLifecycleStage`).
    pub waiters: Vec<(Waiter<api::UpdateWorkflowExecutionResponse>, i32)>,
}

/// A query on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingQuery {
    /// What is asked.
    pub query: WorkflowQuery,
    /// Who waits for the answer.
    pub waiter: Waiter<QueryAnswer>,
    /// It went out with the workflow task of this started event id; 0: not yet.
    pub sent: EventId,
}

/// A part of a history: events `from..next` of the chain that ends at `tail`, then `appended` ones that are in no
/// history (transient and speculative workflow tasks).
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Run id of the run.
    pub run_id: String,
    /// Id of the first event.
    pub from: EventId,
    /// A history node that begins at the first of these events or shortly before; `None`: reading starts at the beginning.
    pub at: Option<Tail>,
    /// One past the last event.
    pub next: EventId,
    /// The last node of the history, as this step leaves it.
    pub tail: Option<Tail>,
    /// Events that are shown, but not stored.
    pub appended: Vec<HistoryEvent>,
}

/// A workflow task, or a query, on its way to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Handout {
    /// What the worker gets, but for the history.
    pub poll: api::PollWorkflowTaskQueueResponse,
    /// The history that goes with it.
    pub history: Slice,
}

/// What becomes of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryAnswer {
    /// A worker has answered, or nobody has to be asked.
    Answered(api::QueryWorkflowResponse),
    /// No workflow task is pending: a worker can be asked through matching.
    AskWorker(Box<DirectQuery>),
}

/// A query that goes to a worker by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectQuery {
    /// The run that is asked.
    pub task: TaskToken,
    /// What the worker gets.
    pub handout: Handout,
    /// The sticky queue, to be tried first.
    pub sticky: Option<String>,
    /// The normal queue.
    pub queue: String,
    /// What is asked.
    pub query: WorkflowQuery,
}

/// What a worker is answered that has completed a workflow task.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedTask {
    /// The response, but for the next task.
    pub response: api::RespondWorkflowTaskCompletedResponse,
    /// The next workflow task, if it was asked for.
    pub next: Option<Handout>,
}

/// What an input did.
#[derive(Debug, Default)]
pub struct Effects {
    /// The current-run row, if it changed.
    pub current: Option<Current>,
    /// New events by run, in order; a run whose state changed without an event has an empty list.
    pub runs: Vec<(String, Vec<HistoryEvent>)>,
    /// The run whose rows are deleted, with all its parts; the current-run row too, if none is the current one then.
    pub removed: Option<String>,
    /// New transfer tasks.
    pub transfers: Vec<TransferTask>,
    /// New timer tasks.
    pub timers: Vec<TimerTask>,
    /// Answers to those who have waited, for after the commit.
    pub answers: Vec<Delivery>,
}

/// What a step may use of the world.
pub struct Context<'a> {
    /// The owner's clock.
    pub now: Millis,
    /// Id of this transaction, never used before in this shard by any owner, and larger than all before; below 2^47.
    pub transaction: i64,
    /// Name of the namespace, which some events carry.
    pub namespace: &'a str,
    /// How long the namespace keeps closed runs; `None`: that is not known here, for now.
    pub retention: Option<Millis>,
    /// Where fresh ids come from.
    pub ids: &'a mut dyn Ids,
    /// Limits and defaults.
    pub limits: &'a Limits,
}

impl Context<'_> {
    /// The id of a new run: a UUID of version 7, which is ordered by the time of the start.
    pub(crate) fn run_id(&mut self) -> String {
        let drawn = self.ids.uuid();
        // What is no UUID is an id all the same.
        let Ok(random) = Uuid::parse_str(&drawn) else { return drawn };
        let drawn: [u8; 10] = std::array::from_fn(|place| random.as_bytes()[place + 6]);
        Builder::from_unix_timestamp_millis(u64::try_from(self.now).unwrap_or_default(), &drawn).into_uuid().to_string()
    }
}

/// A source of ids that nobody else draws.
pub trait Ids: Send {
    /// A fresh UUID, as text.
    fn uuid(&mut self) -> String;
}
