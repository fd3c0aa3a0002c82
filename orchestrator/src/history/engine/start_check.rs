//! What has to hold of a request to start a workflow before it is asked who has the workflow id.

#![allow(deprecated, reason = "clients may still use TERMINATE_IF_RUNNING")]

use super::{Context, retry, span};
use crate::cluster::Rejection;
use resurgam_api::temporal::enums::v1::{WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_calendar::CronSchedule;
use resurgam_state::Millis;

/// The policies that are meant, if they go together.
pub(super) fn policies(reuse: Reuse, conflict: Conflict, default: Conflict) -> Result<(Reuse, Conflict), Rejection> {
    let clash = |reuse: Reuse, conflict: Conflict| {
        Err(Rejection::InvalidArgument(format!(
            "Invalid WorkflowIDReusePolicy: {} cannot be used together with a WorkflowIDConflictPolicy {}.",
            reuse.as_str_name(),
            conflict.as_str_name()
        )))
    };
    match (reuse, conflict) {
        (Reuse::TerminateIfRunning, Conflict::Unspecified) => Ok((Reuse::AllowDuplicate, Conflict::TerminateExisting)),
        (Reuse::TerminateIfRunning, _) | (Reuse::RejectDuplicate, Conflict::TerminateExisting) => {
            clash(reuse, conflict)
        }
        (Reuse::Unspecified, conflict) => policies(Reuse::AllowDuplicate, conflict, default),
        (reuse, Conflict::Unspecified) => Ok((reuse, default)),
        given => Ok(given),
    }
}

/// Whether it is a cron schedule by which there is a next time, or none at all.
fn schedule(text: &str, now: Millis) -> Result<(), &'static str> {
    if !text.is_empty() && CronSchedule::parse(text)?.wait(now, now).is_none() {
        return Err("invalid CronSchedule, no time can be found to satisfy the schedule");
    }
    Ok(())
}

/// What has to hold of a start whatever is there already.
pub(super) fn validate(request: &api::StartWorkflowExecutionRequest, context: &Context<'_>) -> Result<(), Rejection> {
    let invalid = |message: &str| Err(Rejection::InvalidArgument(message.to_owned()));
    let kind = request.workflow_type.as_ref().map_or("", |kind| &kind.name);
    let queue = request.task_queue.as_ref().map_or("", |queue| &queue.name);
    let names = [&request.workflow_id, kind, queue, &request.request_id];
    let spans = [
        ("WorkflowExecutionTimeoutSeconds", &request.workflow_execution_timeout),
        ("WorkflowRunTimeoutSeconds", &request.workflow_run_timeout),
        ("WorkflowTaskTimeoutSeconds", &request.workflow_task_timeout),
        ("WorkflowStartDelaySeconds", &request.workflow_start_delay),
    ];
    let unsound = |(name, span): &(&str, &Option<_>)| {
        let why = span::validate(span.as_ref()).err()?;
        Some(format!("An invalid {name} is set on request. cause: {why}"))
    };
    if request.workflow_id.is_empty() {
        invalid("WorkflowId is not set on request.")
    } else if kind.is_empty() {
        invalid("WorkflowType is not set on request.")
    } else if queue.is_empty() {
        invalid("TaskQueue is not set on request.")
    } else if names.iter().any(|name| name.len() > context.limits.id_bytes) {
        invalid("An id or name on request exceeds length limit.")
    } else if let Some(unsound) = spans.iter().find_map(unsound) {
        invalid(&unsound)
    } else if !request.cron_schedule.is_empty() && request.workflow_start_delay.is_some() {
        invalid("CronSchedule and WorkflowStartDelay may not be used together.")
    } else if let Err(why) = schedule(&request.cron_schedule, context.now) {
        invalid(why)
    } else if let Some(policy) = &request.retry_policy {
        let policy = retry::with_defaults(Some(policy), context.limits.retry_interval);
        retry::validate(&policy).map_err(Rejection::InvalidArgument)
    } else {
        Ok(())
    }
}
