//! What a schedule asks of the workflows that it starts, and what these tell it: requests, from the state of its run or theirs.
//! The same transfer always makes the same request.

use crate::invariant::broken;
use resurgam_api::internal::{
    Action, RecordActionClosedRequest, RequestCancelRequest, StartWorkflowRequest, Target, TerminateRequest,
};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::schedule::v1::schedule_action;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_schedule::{identity, start as started, stop};
use resurgam_state::State;
use resurgam_state::task::StopActionTransfer;

/// The start with this number; `None`: it is answered, or the schedule is over.
pub(super) fn start(state: &State, namespace: &str, number: i64) -> Option<StartWorkflowRequest> {
    if state.status != WorkflowExecutionStatus::Running as i32 {
        return None;
    }
    let starting = state.schedule.as_ref()?.starting.iter().find(|it| it.start.number == number)?;
    let action = state.definitions.get(&starting.definition).and_then(|it| it.action.as_ref()?.action.as_ref());
    let Some(schedule_action::Action::StartWorkflow(action)) = action else {
        broken!("start {number} of a schedule starts nothing")
    };
    let outcome = state.outcomes.values().next();
    let schedule = WorkflowExecution { workflow_id: state.workflow_id.clone(), run_id: state.run_id.clone() };
    let request = started(starting, action, outcome, namespace, &schedule);
    let own =
        Target { namespace_id: state.namespace_id.clone(), workflow_id: schedule.workflow_id, run_id: schedule.run_id };
    Some(StartWorkflowRequest {
        target: Some(target(state, request.workflow_id.clone())),
        request: Some(request),
        action: starting.exclusive.then_some(Action { schedule: Some(own), number }),
        ..StartWorkflowRequest::default()
    })
}

/// Asks a workflow to cancel; `None`: it has ended.
pub(super) fn cancel(state: &State, namespace: &str, meant: &StopActionTransfer) -> Option<RequestCancelRequest> {
    let (execution, first_execution_run_id) = running(state, meant.number)?;
    Some(RequestCancelRequest {
        target: Some(target(state, execution.workflow_id.clone())),
        request: Some(api::RequestCancelWorkflowExecutionRequest {
            namespace: namespace.to_owned(),
            workflow_execution: Some(execution),
            identity: identity(namespace, &state.workflow_id),
            request_id: format!("{}/{}/cancel", state.run_id, meant.number),
            first_execution_run_id,
            reason: "cancelled by schedule overlap policy".to_owned(),
            ..api::RequestCancelWorkflowExecutionRequest::default()
        }),
        ..RequestCancelRequest::default()
    })
}

/// Terminates a workflow; `None`: it has ended.
pub(super) fn end(state: &State, namespace: &str, meant: &StopActionTransfer) -> Option<TerminateRequest> {
    let (execution, first_execution_run_id) = running(state, meant.number)?;
    Some(TerminateRequest {
        target: Some(target(state, execution.workflow_id.clone())),
        request: Some(api::TerminateWorkflowExecutionRequest {
            namespace: namespace.to_owned(),
            workflow_execution: Some(execution),
            reason: "terminated by schedule overlap policy".to_owned(),
            identity: identity(namespace, &state.workflow_id),
            first_execution_run_id,
            ..api::TerminateWorkflowExecutionRequest::default()
        }),
        ..TerminateRequest::default()
    })
}

/// Tells the schedule that started its chain that this run, the last one, has closed.
pub(super) fn closed(state: &State) -> RecordActionClosedRequest {
    let Some((watcher, close)) = state.watcher.clone().zip(state.close_event.clone()) else {
        broken!("a run without schedule or end is to tell its schedule")
    };
    let WorkflowExecution { workflow_id, run_id } = watcher.schedule;
    RecordActionClosedRequest {
        target: Some(Target { namespace_id: watcher.namespace_id, workflow_id, run_id }),
        number: watcher.number,
        execution: Some(WorkflowExecution {
            workflow_id: state.workflow_id.clone(),
            run_id: state.started.first_execution_run_id.clone(),
        }),
        close: Some(close),
    }
}

fn running(state: &State, number: i64) -> Option<(WorkflowExecution, String)> {
    state.schedule.as_ref()?.running.iter().find(|it| it.number == number).map(stop)
}

/// A workflow of the same namespace, whichever of its runs is the current one.
fn target(state: &State, workflow_id: String) -> Target {
    Target { namespace_id: state.namespace_id.clone(), workflow_id, run_id: String::new() }
}
