//! Which workflows evidence speaks of.

use resurgam_formats::evidence::Evidence;
use resurgam_formats::recording::{Call, TaskId};
use std::collections::BTreeSet;

/// The workflow id that a call is about.
#[must_use]
pub fn workflow_of<'a>(call: &'a Call, evidence: &'a Evidence) -> Option<&'a str> {
    let of_task = |task: &TaskId| Some(evidence.tasks.get(task)?.task.workflow_id.as_str());
    match call {
        Call::Client { workflow_id, .. } | Call::PollUpdate { workflow_id, .. } => Some(workflow_id),
        // It is about two of them, and not about what becomes of either.
        Call::Misuse { .. } => None,
        Call::CompleteWorkflowTask { task, .. }
        | Call::FailWorkflowTask { task }
        | Call::AnswerQuery { task }
        | Call::Heartbeat { task }
        | Call::EndActivity { task, .. } => of_task(task),
    }
}

/// Every workflow id in the evidence, sorted.
#[must_use]
pub fn workflows(evidence: &Evidence) -> BTreeSet<&str> {
    let runs = evidence.runs.iter().map(|run| run.workflow_id.as_str());
    let tasks = evidence.tasks.values().map(|handed| handed.task.workflow_id.as_str());
    let calls = evidence.operations.values().filter_map(|operation| workflow_of(&operation.call, evidence));
    runs.chain(tasks).chain(calls).collect()
}
