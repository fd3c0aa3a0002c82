//! What requests may ask for and do not get. A field that changes what a request means is refused, never passed over: a
//! workflow that was to be called back must not silently be called by nobody.
//!
//! Passed over by right, because the contract leaves them to the server: eager activities (a task that
//! does not come with the answer comes through its queue, as with Temporal unless it is configured otherwise), priorities and fairness (hints
//! for the order of tasks of different workflows; they are kept, inherited and shown), build ids of workers that do not
//! route by them, hints to pollers, heartbeats of workers, and everything about deployments that only matters to workers
//! of a deployment version, since such workers are refused.

use super::validate::Checked;
use resurgam_api::temporal::common::v1::WorkerVersionCapabilities;
use resurgam_api::temporal::deployment::v1::WorkerDeploymentOptions;
use resurgam_api::temporal::enums::v1::{ArchivalState, NamespaceState, TaskQueueType, WorkerVersioningMode};
use resurgam_api::temporal::update;
use resurgam_api::temporal::workflow::v1::{NewWorkflowExecutionInfo, WorkflowExecutionOptions};
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::Status;

/// Refuses the first feature that is asked for.
fn none(asked: &[(bool, &str)]) -> Checked {
    match asked.iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Box::new(Status::unimplemented(format!("{what} are not supported")))),
        None => Ok(()),
    }
}

/// What a start may not ask for.
///
/// # Errors
/// UNIMPLEMENTED, as for all of these.
pub fn start(request: &api::StartWorkflowExecutionRequest) -> Checked {
    let conflict = request.on_conflict_options.unwrap_or_default();
    none(&[
        (!request.completion_callbacks.is_empty() || conflict.attach_completion_callbacks, "completion callbacks"),
        (request.versioning_override.is_some(), "versioning overrides"),
        (request.time_skipping_config.is_some(), "workflows that skip time"),
    ])
}

/// A workflow that a schedule starts.
///
/// # Errors
/// See [`start`].
pub(crate) fn scheduled(action: &NewWorkflowExecutionInfo) -> Checked {
    none(&[(action.versioning_override.is_some(), "versioning overrides")])
}

/// A signal that may start a workflow.
///
/// # Errors
/// See [`start`].
pub fn signal_with_start(request: &api::SignalWithStartWorkflowExecutionRequest) -> Checked {
    none(&[
        (request.versioning_override.is_some(), "versioning overrides"),
        (request.time_skipping_config.is_some(), "workflows that skip time"),
    ])
}

/// What a reset may not ask for.
///
/// # Errors
/// See [`start`].
pub fn reset(request: &api::ResetWorkflowExecutionRequest) -> Checked {
    none(&[(!request.post_reset_operations.is_empty(), "operations after a reset")])
}

/// A change of the options of a workflow.
///
/// # Errors
/// See [`start`].
pub(crate) fn workflow_options(options: &WorkflowExecutionOptions) -> Checked {
    none(&[
        (options.versioning_override.is_some(), "versioning overrides"),
        (options.time_skipping_config.is_some(), "workflows that skip time"),
    ])
}

/// What an update may not ask for.
///
/// # Errors
/// See [`start`].
pub fn update(request: &update::v1::Request) -> Checked {
    none(&[(!request.completion_callbacks.is_empty(), "completion callbacks")])
}

/// A poll of a worker for workflow tasks.
///
/// # Errors
/// See [`start`].
pub(crate) fn workflow_poll(request: &api::PollWorkflowTaskQueueRequest) -> Checked {
    #[allow(deprecated, reason = "workers may still use it")]
    versions(request.worker_version_capabilities.as_ref(), request.deployment_options.as_ref())
}

/// A poll of a worker for activity tasks.
///
/// # Errors
/// See [`start`].
pub(crate) fn activity_poll(request: &api::PollActivityTaskQueueRequest) -> Checked {
    #[allow(deprecated, reason = "workers may still use it")]
    versions(request.worker_version_capabilities.as_ref(), request.deployment_options.as_ref())
}

/// A worker that wants only tasks of its version would get those of others as well.
fn versions(capabilities: Option<&WorkerVersionCapabilities>, options: Option<&WorkerDeploymentOptions>) -> Checked {
    let by_id = capabilities.is_some_and(|capabilities| capabilities.use_versioning);
    let by_deployment = options.is_some_and(|it| it.worker_versioning_mode() == WorkerVersioningMode::Versioned);
    none(&[(by_id || by_deployment, "versioned workers")])
}

/// The answer to a workflow task.
///
/// # Errors
/// See [`start`].
pub fn completion(request: &api::RespondWorkflowTaskCompletedRequest) -> Checked {
    none(&[(request.intermediate_page || request.page_number != 0, "completions in several pages")])
}

/// A change of how a task queue is configured.
///
/// # Errors
/// See [`start`].
pub(crate) fn queue_configuration(request: &api::UpdateTaskQueueConfigRequest) -> Checked {
    let weights =
        !request.set_fairness_weight_overrides.is_empty() || !request.unset_fairness_weight_overrides.is_empty();
    let kinds = [TaskQueueType::Workflow, TaskQueueType::Activity];
    none(&[
        (request.update_fairness_key_rate_limit_default.is_some(), "rate limits of fairness keys"),
        (weights, "weights of fairness keys"),
        (
            !kinds.contains(&request.task_queue_type()),
            "configurations of other queues than those of workflows and activities",
        ),
    ])
}

/// A new namespace.
///
/// # Errors
/// See [`start`].
pub fn namespace(request: &api::RegisterNamespaceRequest) -> Checked {
    let archival = [request.history_archival_state(), request.visibility_archival_state()];
    none(&[
        (request.is_global_namespace, "global namespaces"),
        (archival.contains(&ArchivalState::Enabled), "archives"),
    ])
}

/// A change of a namespace.
///
/// # Errors
/// See [`start`].
pub(crate) fn namespace_update(request: &api::UpdateNamespaceRequest) -> Checked {
    let config = request.config.as_ref();
    let deleted = request.update_info.as_ref().is_some_and(|info| info.state() == NamespaceState::Deleted);
    none(&[
        (deleted, "deleted namespaces"),
        (config.is_some_and(|it| it.bad_binaries.is_some()), "bad binaries"),
        (config.is_some_and(|it| !it.custom_search_attribute_aliases.is_empty()), "other names of search attributes"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::common::v1::Callback;
    use resurgam_api::temporal::workflow::v1::{OnConflictOptions, VersioningOverride};
    use tonic::Code;

    fn refused(checked: Checked) -> String {
        let status = checked.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        status.message().to_owned()
    }

    #[test]
    fn what_would_change_the_meaning_is_refused() {
        let plain = api::StartWorkflowExecutionRequest { request_eager_execution: true, ..Default::default() };
        assert!(start(&plain).is_ok(), "an eager start may be any other");
        let callback =
            api::StartWorkflowExecutionRequest { completion_callbacks: vec![Callback::default()], ..plain.clone() };
        assert_eq!(refused(start(&callback)), "completion callbacks are not supported");
        let attach = OnConflictOptions { attach_request_id: true, ..OnConflictOptions::default() };
        let joined = api::StartWorkflowExecutionRequest { on_conflict_options: Some(attach), ..plain.clone() };
        assert!(start(&joined).is_ok());
        let attach = OnConflictOptions { attach_completion_callbacks: true, ..attach };
        let joined = api::StartWorkflowExecutionRequest { on_conflict_options: Some(attach), ..plain.clone() };
        assert_eq!(refused(start(&joined)), "completion callbacks are not supported");
        let pinned = Some(VersioningOverride::default());
        let pinned = api::StartWorkflowExecutionRequest { versioning_override: pinned, ..plain };
        assert_eq!(refused(start(&pinned)), "versioning overrides are not supported");
        let pinned = Some(VersioningOverride::default());
        let pinned = api::SignalWithStartWorkflowExecutionRequest { versioning_override: pinned, ..Default::default() };
        assert_eq!(refused(signal_with_start(&pinned)), "versioning overrides are not supported");
        let called = update::v1::Request { completion_callbacks: vec![Callback::default()], ..Default::default() };
        assert_eq!(refused(update(&called)), "completion callbacks are not supported");
        let page = api::RespondWorkflowTaskCompletedRequest { intermediate_page: true, ..Default::default() };
        assert_eq!(refused(completion(&page)), "completions in several pages are not supported");
        let global = api::RegisterNamespaceRequest { is_global_namespace: true, ..Default::default() };
        assert_eq!(refused(namespace(&global)), "global namespaces are not supported");
    }

    #[test]
    #[allow(deprecated, reason = "workers may still use it")]
    fn a_worker_that_would_get_too_much_is_refused() {
        let mode = |mode: WorkerVersioningMode| {
            let options = WorkerDeploymentOptions { worker_versioning_mode: mode.into(), ..Default::default() };
            api::PollWorkflowTaskQueueRequest { deployment_options: Some(options), ..Default::default() }
        };
        assert!(workflow_poll(&mode(WorkerVersioningMode::Unversioned)).is_ok());
        let all = "versioned workers are not supported";
        assert_eq!(refused(workflow_poll(&mode(WorkerVersioningMode::Versioned))), all);
        let by_id = |use_versioning| {
            let capabilities = WorkerVersionCapabilities { use_versioning, ..WorkerVersionCapabilities::default() };
            api::PollActivityTaskQueueRequest { worker_version_capabilities: Some(capabilities), ..Default::default() }
        };
        assert!(activity_poll(&by_id(false)).is_ok());
        assert_eq!(refused(activity_poll(&by_id(true))), all);
    }
}
