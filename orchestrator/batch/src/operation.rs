//! What a batch operation does, by what its request says: its kind, who asks for it, and which workflows it is about.

#![allow(deprecated, reason = "the pinned server knows no other kinds")]

use crate::{Batch, Request};
use resurgam_api::temporal::batch::v1::batch_operation_unpause_activities as unpause;
use resurgam_api::temporal::common::v1::{Payload, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{
    BatchOperationState as State, BatchOperationType as Type, IndexedValueType, WorkflowExecutionStatus as Status,
};
use resurgam_api::temporal::workflowservice::v1::DescribeBatchOperationResponse;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use resurgam_visibility::value;

/// Only what runs can take it.
const RUNNING: &str = "ExecutionStatus='Running'";

/// A kind of batch operation.
struct Kind<'a> {
    number: Type,
    /// What the memo of its run calls it.
    name: &'static str,
    identity: &'a str,
    /// Only workflows that run are of interest.
    of_running: bool,
}

fn kind(request: &Request) -> Option<Kind<'_>> {
    let of = |number, name, identity, of_running| Some(Kind { number, name, identity, of_running });
    match request.operation.as_ref()? {
        Operation::TerminationOperation(it) => of(Type::Terminate, "terminate", &it.identity, true),
        Operation::SignalOperation(it) => of(Type::Signal, "signal", &it.identity, true),
        Operation::CancellationOperation(it) => of(Type::Cancel, "cancel", &it.identity, true),
        Operation::DeletionOperation(it) => of(Type::Delete, "delete", &it.identity, false),
        Operation::ResetOperation(it) => of(Type::Reset, "reset", &it.identity, false),
        Operation::UpdateWorkflowOptionsOperation(it) => {
            of(Type::UpdateExecutionOptions, "update_options", &it.identity, true)
        }
        Operation::UnpauseActivitiesOperation(it) => {
            of(Type::UnpauseActivity, "unpause_activities", &it.identity, true)
        }
        Operation::ResetActivitiesOperation(it) => of(Type::ResetActivity, "reset_activities", &it.identity, true),
        Operation::UpdateActivityOptionsOperation(it) => {
            of(Type::UpdateActivityOptions, "update_activity_options", &it.identity, true)
        }
        Operation::CancelActivitiesOperation(_)
        | Operation::TerminateActivitiesOperation(_)
        | Operation::DeleteActivitiesOperation(_) => None,
    }
}

/// Who asks for it.
#[must_use]
pub fn identity(request: &Request) -> &str {
    kind(request).map_or("", |kind| kind.identity)
}

/// The question to the list of workflows that is meant; `None`: the request names workflows.
#[must_use]
pub fn query(request: &Request) -> Option<String> {
    if request.visibility_query.is_empty() {
        return None;
    }
    let mut query = format!("({})", request.visibility_query);
    if let Some(Operation::UnpauseActivitiesOperation(it)) = &request.operation {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
        match &it.activity {
            Some(unpause::Activity::Type(kind)) => {
                let paused = format!("TemporalPauseInfo = 'property:activityType={}'", quoted(kind));
                query = format!("{query} AND ({paused})");
            }
            Some(unpause::Activity::MatchAll(_)) | None => {
                query = format!("{query} AND (TemporalPauseInfo IS NOT NULL)");
            }
        }
    }
    let of_running = kind(request).is_some_and(|kind| kind.of_running);
    Some(if of_running { format!("{query} AND ({RUNNING})") } else { query })
}

fn text(text: &str) -> Payload {
    let mut payload = value::keyword(text, IndexedValueType::Keyword);
    payload.metadata.remove("type");
    payload
}

/// What the memo of its run says of it when it begins.
#[must_use]
pub fn reason(request: &Request) -> [(String, Payload); 2] {
    let name = kind(request).map_or("", |kind| kind.name);
    [("batch_operation_type".to_owned(), text(name)), ("batch_operation_reason".to_owned(), text(&request.reason))]
}

impl Batch {
    /// What the memo of its run says of it when it is done.
    #[must_use]
    pub fn stats(&self) -> (String, Payload) {
        let data = format!(r#"{{"NumSuccess":{},"NumFailure":{}}}"#, self.complete, self.failed).into_bytes();
        ("batch_operation_stats".to_owned(), Payload { data, ..text("") })
    }
}

/// What is said of it to who asks, but for the times: so much of a run with this status.
#[must_use]
pub fn shown(
    batch: &Batch,
    request: &Request,
    execution: &WorkflowExecution,
    status: Status,
) -> DescribeBatchOperationResponse {
    let state = state(status);
    // What was done before it was stopped nobody is told, as by Temporal.
    let (total, complete, failed) = match state {
        State::Completed => (batch.complete + batch.failed, batch.complete, batch.failed),
        State::Running => (batch.total, batch.complete, batch.failed),
        State::Failed | State::Unspecified => (0, 0, 0),
    };
    DescribeBatchOperationResponse {
        operation_type: kind(request).map_or(Type::Unspecified, |kind| kind.number).into(),
        job_id: execution.workflow_id.clone(),
        state: state.into(),
        total_operation_count: total,
        complete_operation_count: complete,
        failure_operation_count: failed,
        identity: identity(request).to_owned(),
        reason: request.reason.clone(),
        ..DescribeBatchOperationResponse::default()
    }
}

/// What the status of its run says of it.
#[must_use]
pub fn state(status: Status) -> State {
    match status {
        Status::Running => State::Running,
        Status::Completed => State::Completed,
        _ => State::Failed,
    }
}
