//! The mutable state of one run: all that has to be known to decide what the next input does to it, without reading
//! its history. It is stored as a row of the run and one for each of its [`Parts`], written in the same commit as whatever
//! decided them.
//!
//! Field numbers are a storage format: they are never reused. Times are milliseconds since 1970 by the owner's clock.

use crate::attached::AttachedRequest;
use crate::entity::{Activity, Admission, Child, EventId, External, Millis, Sticky, Tail, Timer, Update, WorkflowTask};
use crate::indexed::Indexed;
use crate::parts::{Part, Parts};
use resurgam_api::temporal::common::v1::{Payload, WorkerVersionStamp, WorkflowExecution};
use resurgam_api::temporal::history::v1::{HistoryEvent, WorkflowExecutionStartedEventAttributes};
use resurgam_api::temporal::schedule::v1::Schedule as Definition;
use resurgam_api::temporal::sdk::v1::UserMetadata;
use resurgam_api::temporal::workflow::v1::ResetPointInfo;
use resurgam_api::temporal::workflowservice::v1::StartBatchOperationRequest;
use resurgam_batch::{Batch, Item};
use resurgam_schedule::{LastOutcome, Schedule, Watcher};

/// Which run of a workflow id is the current one. One row per workflow id.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Current {
    /// Run id of the current run.
    #[prost(string, tag = "1")]
    pub run_id: String,
    /// Its status, a `temporal.api.enums.v1.WorkflowExecutionStatus`.
    #[prost(int32, tag = "2")]
    pub status: i32,
    /// Request ids that started this run, or were attached to it.
    #[prost(string, repeated, tag = "3")]
    pub request_ids: Vec<String>,
    /// When the run started.
    #[prost(int64, tag = "4")]
    pub start_time: Millis,
}

/// The mutable state of one run.
#[derive(Clone, PartialEq, prost::Message)]
pub struct State {
    /// Id of the namespace.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// Its workflow id.
    #[prost(string, tag = "2")]
    pub workflow_id: String,
    /// Its run id.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// Its status, a `temporal.api.enums.v1.WorkflowExecutionStatus`.
    #[prost(int32, tag = "4")]
    pub status: i32,
    /// The id that the next event gets.
    #[prost(int64, tag = "5")]
    pub next_event_id: EventId,
    /// The last history node: first event id in it and the transaction that wrote it. Readers follow its predecessors.
    #[prost(message, optional, tag = "6")]
    pub tail: Option<Tail>,
    /// The attributes of the first event: what continue-as-new, retry and description need of the start.
    #[prost(message, required, tag = "7")]
    pub started: Part<WorkflowExecutionStartedEventAttributes>,
    /// When the run started.
    #[prost(int64, tag = "8")]
    pub start_time: Millis,
    /// When the first workflow task may be scheduled, if there was a back-off; 0 without.
    #[prost(int64, tag = "9")]
    pub first_task_at: Millis,
    /// When it closed; 0 while open.
    #[prost(int64, tag = "10")]
    pub close_time: Millis,
    /// The pending workflow task.
    #[prost(message, optional, tag = "11")]
    pub workflow_task: Option<WorkflowTask>,
    /// `started_event_id` of the last completed workflow task; 0 if none.
    #[prost(int64, tag = "12")]
    pub previous_started_event_id: EventId,
    /// The attempt that the next workflow task gets, from 1: raised by failures and timeouts.
    #[prost(int32, tag = "13")]
    pub next_attempt: i32,
    /// Where the next workflow task goes first.
    #[prost(message, optional, tag = "14")]
    pub sticky: Option<Sticky>,
    /// Events that wait for the started workflow task to end, in order of arrival; without ids.
    #[prost(message, required, tag = "15")]
    pub buffered: Parts<i64, HistoryEvent>,
    /// Pending activities by scheduled event id, and by activity id.
    #[prost(message, required, tag = "16")]
    pub activities: Indexed<EventId, Activity>,
    /// Pending timers by timer id, and by started event id.
    #[prost(message, required, tag = "17")]
    pub timers: Indexed<String, Timer>,
    /// Pending children by initiated event id.
    #[prost(message, required, tag = "18")]
    pub children: Parts<EventId, Child>,
    /// Pending signals to other workflows by initiated event id.
    #[prost(message, required, tag = "19")]
    pub signals: Parts<EventId, External>,
    /// Pending cancel requests to other workflows by initiated event id.
    #[prost(message, required, tag = "20")]
    pub cancels: Parts<EventId, External>,
    /// Request ids of signals that arrived.
    #[prost(message, required, tag = "21")]
    pub signal_requests: Parts<String, ()>,
    /// A cancel request arrived, with this request id.
    #[prost(string, optional, tag = "22")]
    pub cancel_request: Option<String>,
    /// Updates that were accepted, by update id.
    #[prost(message, required, tag = "23")]
    pub updates: Parts<String, Update>,
    /// Memo as upserted since the start.
    #[prost(message, required, tag = "24")]
    pub memo: Parts<String, Payload>,
    /// Search attributes as upserted since the start.
    #[prost(message, required, tag = "25")]
    pub search_attributes: Parts<String, Payload>,
    /// The run that follows this one, once it closed by continue-as-new or retry.
    #[prost(string, tag = "26")]
    pub successor: String,
    /// Bytes of all history nodes.
    #[prost(int64, tag = "27")]
    pub history_size: i64,
    /// A child waits for its parent before its first workflow task.
    #[prost(bool, tag = "28")]
    pub awaits_parent: bool,
    /// The close event, for waiters and for the parent.
    #[prost(message, optional, tag = "29")]
    pub close_event: Option<HistoryEvent>,
    /// Default workflow task timeout.
    #[prost(int64, tag = "30")]
    pub task_timeout: Millis,
    /// When the run times out; 0: never.
    #[prost(int64, tag = "31")]
    pub run_expires: Millis,
    /// When the chain of runs times out; 0: never.
    #[prost(int64, tag = "32")]
    pub execution_expires: Millis,
    /// Signals that arrived.
    #[prost(int64, tag = "33")]
    pub signal_count: i64,
    /// Root of the tree of children.
    #[prost(message, optional, tag = "34")]
    pub root: Option<WorkflowExecution>,
    /// Highest transaction id that wrote this row; orders states of a run.
    #[prost(int64, tag = "35")]
    pub transaction: i64,
    /// Completed workflow tasks.
    #[prost(int64, tag = "36")]
    pub completed_tasks: i64,
    /// What the user says about the run, as it stands with its first event.
    #[prost(message, optional, tag = "37")]
    pub metadata: Option<UserMetadata>,
    /// A history node that was the last one not later than when the event `previous_started_event_id` was written. From there on the history
    /// is read for a worker that knows all before that event.
    #[prost(message, optional, tag = "38")]
    pub previous_started_after: Option<Tail>,
    /// How many of the accepted updates have ended.
    #[prost(int64, tag = "39")]
    pub completed_updates: i64,
    /// How often the run has changed.
    #[prost(int64, tag = "40")]
    pub transitions: i64,
    /// A client has deleted it: it goes as soon as it can.
    #[prost(bool, tag = "41")]
    pub deleted: bool,
    /// Updates that came with the history of another run and wait for a worker, by update id.
    #[prost(message, required, tag = "42")]
    pub admitted: Parts<String, Admission>,
    /// The run that a reset has made of this one. It has taken over the children, and is told how they end.
    #[prost(string, tag = "43")]
    pub reset_run: String,
    /// When the first event was written, if that was in another run; 0: when this run started.
    #[prost(int64, tag = "44")]
    pub original_start: Millis,
    /// Points to which the run can be reset: for each build the first workflow task that it completed, in this run and in those before.
    #[prost(message, repeated, tag = "45")]
    pub reset_points: Vec<ResetPointInfo>,
    /// Requests that made it or were attached to it, and the events that say so.
    #[prost(message, repeated, tag = "46")]
    pub requests: Vec<AttachedRequest>,
    /// The version of the worker that completed the last workflow task.
    #[prost(message, optional, tag = "47")]
    pub last_worker: Option<WorkerVersionStamp>,
    /// The deployment of that worker.
    #[prost(string, tag = "48")]
    pub worker_deployment: String,
    /// Workflow tasks that have failed since one was completed.
    #[prost(int32, tag = "49")]
    pub failures: i32,
    /// The workflow task that nobody had taken when the run was closed: it is still shown.
    #[prost(message, optional, tag = "50")]
    pub left_task: Option<WorkflowTask>,
    /// What it is at, if it is a schedule: its decisions are then made by no worker.
    #[prost(message, optional, tag = "51")]
    pub schedule: Option<Schedule>,
    /// Of a schedule: its definition, and those by which workflows are being started, each under its key.
    #[prost(message, required, tag = "52")]
    pub definitions: Parts<i64, Definition>,
    /// Of a schedule: what the last workflow came to, under the number of its start.
    #[prost(message, required, tag = "53")]
    pub outcomes: Parts<i64, LastOutcome>,
    /// The schedule that started its chain and waits for the end.
    #[prost(message, optional, tag = "54")]
    pub watcher: Option<Watcher>,
    /// What it is at, if it is a batch operation: its decisions are then made by no worker.
    #[prost(message, optional, tag = "55")]
    pub batch: Option<Batch>,
    /// Of a batch operation: what was asked for, under [`State::REQUEST`].
    #[prost(message, required, tag = "56")]
    pub batch_requests: Parts<i64, StartBatchOperationRequest>,
    /// Of a batch operation: workflows that it has selected and is not done with, by their numbers.
    #[prost(message, required, tag = "57")]
    pub batch_items: Parts<i64, Item>,
}

impl State {
    /// The key of the request of a batch operation.
    pub const REQUEST: i64 = 1;

    /// It is a workflow of the system: no worker decides for it.
    #[must_use]
    pub fn decides_for_itself(&self) -> bool {
        self.schedule.is_some() || self.batch.is_some()
    }

    /// Two states of one run, each without the parts in which they do not differ.
    #[must_use]
    pub fn apart(before: &Self, after: &Self) -> (Self, Self) {
        let (mut old, mut new) = (before.clone(), after.clone());
        (old.buffered, new.buffered) = before.buffered.apart(&after.buffered);
        (old.activities, new.activities) = before.activities.apart(&after.activities);
        (old.timers, new.timers) = before.timers.apart(&after.timers);
        (old.children, new.children) = before.children.apart(&after.children);
        (old.signals, new.signals) = before.signals.apart(&after.signals);
        (old.cancels, new.cancels) = before.cancels.apart(&after.cancels);
        (old.signal_requests, new.signal_requests) = before.signal_requests.apart(&after.signal_requests);
        (old.updates, new.updates) = before.updates.apart(&after.updates);
        (old.admitted, new.admitted) = before.admitted.apart(&after.admitted);
        (old.memo, new.memo) = before.memo.apart(&after.memo);
        (old.definitions, new.definitions) = before.definitions.apart(&after.definitions);
        (old.outcomes, new.outcomes) = before.outcomes.apart(&after.outcomes);
        (old.batch_requests, new.batch_requests) = before.batch_requests.apart(&after.batch_requests);
        (old.batch_items, new.batch_items) = before.batch_items.apart(&after.batch_items);
        (old.search_attributes, new.search_attributes) = before.search_attributes.apart(&after.search_attributes);
        (old, new)
    }
}
