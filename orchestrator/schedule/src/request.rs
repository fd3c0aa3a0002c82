//! What a schedule asks of the workflows that it starts: that they start, cancel, or are terminated. The same start always makes
//! the same request.

use crate::PREFIX;
use crate::stored::{LastOutcome, Running, Starting};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{IndexedValueType, ScheduleOverlapPolicy, WorkflowIdReusePolicy};
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_calendar::Millis;
use resurgam_calendar::second;
use resurgam_visibility::value;

/// Who starts workflows for a schedule.
pub fn identity(namespace: &str, workflow_id: &str) -> String {
    format!("temporal-scheduler-{namespace}-{}", schedule_id(workflow_id))
}

fn schedule_id(workflow_id: &str) -> &str {
    workflow_id.strip_prefix(PREFIX).unwrap_or(workflow_id)
}

/// The workflow id of a start: that of the action with the nominal time.
fn workflow_id(action: &NewWorkflowExecutionInfo, nominal: Millis) -> String {
    format!("{}-{}", action.workflow_id, second(nominal))
}

/// The request of a start, for the schedule of this run.
pub fn start(
    starting: &Starting,
    action: &NewWorkflowExecutionInfo,
    outcome: Option<&LastOutcome>,
    namespace: &str,
    schedule: &WorkflowExecution,
) -> api::StartWorkflowExecutionRequest {
    let start = &starting.start;
    let alone = start.overlap() != ScheduleOverlapPolicy::AllowAll;
    let outcome = outcome.filter(|_| alone).cloned().unwrap_or_default();
    let reuse =
        if start.manual { WorkflowIdReusePolicy::AllowDuplicate } else { WorkflowIdReusePolicy::RejectDuplicate };
    let mut search_attributes = action.search_attributes.clone().unwrap_or_default();
    let own = [
        ("TemporalScheduledStartTime", second(start.nominal), IndexedValueType::Datetime),
        ("TemporalScheduledById", schedule_id(&schedule.workflow_id).to_owned(), IndexedValueType::Keyword),
    ];
    let own = own.map(|(name, text, kind)| (name.to_owned(), value::keyword(&text, kind)));
    search_attributes.indexed_fields.extend(own);
    api::StartWorkflowExecutionRequest {
        namespace: namespace.to_owned(),
        workflow_id: workflow_id(action, start.nominal),
        workflow_type: action.workflow_type.clone(),
        task_queue: action.task_queue.clone(),
        input: action.input.clone(),
        workflow_execution_timeout: action.workflow_execution_timeout,
        workflow_run_timeout: action.workflow_run_timeout,
        workflow_task_timeout: action.workflow_task_timeout,
        identity: identity(namespace, &schedule.workflow_id),
        request_id: format!("{}/{}/{}", schedule.run_id, start.number, start.nominal),
        workflow_id_reuse_policy: reuse.into(),
        retry_policy: action.retry_policy.clone(),
        memo: action.memo.clone(),
        search_attributes: Some(search_attributes),
        header: action.header.clone(),
        last_completion_result: outcome.result,
        continued_failure: outcome.failure,
        user_metadata: action.user_metadata.clone(),
        priority: action.priority.clone(),
        ..api::StartWorkflowExecutionRequest::default()
    }
}

/// Which workflow is to end: the chain that began with the run that was started, whichever of its runs is the current one.
pub fn stop(running: &Running) -> (WorkflowExecution, String) {
    let WorkflowExecution { workflow_id, run_id } = running.execution.clone();
    (WorkflowExecution { workflow_id, run_id: String::new() }, run_id)
}
