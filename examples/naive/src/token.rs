//! A task token is readable: event id and workflow id.

use resurgam_node::prelude::*;
use temporal::common::v1::WorkflowExecution;
use tonic::Status;

/// The token of a task.
pub(crate) fn token(workflow_id: &str, event_id: i64) -> Vec<u8> {
    format!("{event_id} {workflow_id}").into_bytes()
}

/// The workflow and the event that a token names.
pub(crate) fn named(token: &[u8]) -> Result<(WorkflowExecution, i64), Status> {
    let wrong = || Status::invalid_argument("Invalid TaskToken.");
    let text = std::str::from_utf8(token).map_err(|_| wrong())?;
    let (event_id, workflow_id) = text.split_once(' ').ok_or_else(wrong)?;
    let execution = WorkflowExecution { workflow_id: workflow_id.into(), run_id: String::new() };
    Ok((execution, event_id.parse().map_err(|_| wrong())?))
}
