//! What a batch operation asks of one workflow. The same workflow of the same operation is always asked with the same request
//! id, so that it takes it once, however often it is asked.

#![allow(deprecated, reason = "clients may still use old fields")]

use crate::{Item, Request, identity, query};
use resurgam_api::internal::{self, Target};
use resurgam_api::temporal::batch::v1 as batch;
use resurgam_api::temporal::common::v1::reset_options;
use resurgam_api::temporal::enums::v1::ResetType;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use uuid::Uuid;

/// What is asked of a workflow.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "moved once")]
pub enum Call {
    /// It is terminated.
    Terminate(internal::TerminateRequest),
    /// It gets a signal.
    Signal(internal::SignalRequest),
    /// It is asked to cancel.
    Cancel(internal::RequestCancelRequest),
    /// It is deleted.
    Delete(internal::DeleteRequest),
    /// It is reset.
    Reset(ResetCall),
    /// Its options are changed.
    Options(internal::UpdateWorkflowOptionsRequest),
    /// Its activities go on.
    UnpauseActivities(internal::UnpauseActivityRequest),
    /// Its activities begin again.
    ResetActivities(internal::ResetActivityRequest),
    /// The options of its activities are changed.
    ActivityOptions(internal::UpdateActivityOptionsRequest),
}

/// A reset, once it is known to which event.
#[derive(Clone, Debug, PartialEq)]
pub struct ResetCall {
    /// All but the event.
    pub request: internal::ResetRequest,
    /// Where that is.
    pub point: ResetPoint,
    /// One that was reset already, perhaps by this operation, is not to be reset again.
    pub once: bool,
}

/// The place of a history to which it is reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetPoint {
    /// The end of the first workflow task.
    First,
    /// The end of the last workflow task.
    Last,
    /// This event.
    Event(i64),
    /// The first workflow task that this build has completed.
    Build {
        /// The id of the build.
        id: String,
        /// Not in an earlier run of the chain.
        current_run_only: bool,
    },
}

/// What is asked of the workflow `item`, which has this number, by the operation whose run is `batch`, in its namespace with
/// this name; `None`: what was named is no workflow.
#[must_use]
pub fn call(request: &Request, number: i64, item: &Item, batch: &Target, namespace: &str) -> Option<Call> {
    let execution = item.execution.clone();
    let named = !execution.workflow_id.is_empty();
    let run = execution.run_id.is_empty() || Uuid::parse_str(&execution.run_id).is_ok();
    if !(named && run) {
        return None;
    }
    let target = Some(Target {
        namespace_id: batch.namespace_id.clone(),
        workflow_id: execution.workflow_id.clone(),
        run_id: execution.run_id.clone(),
    });
    let namespace = namespace.to_owned();
    let identity = identity(request).to_owned();
    // Whoever is named more than once gets it more than once, and a run that is found more than once does not.
    let request_id = match query(request) {
        Some(_) => format!("{}/{}", batch.run_id, execution.run_id),
        None => format!("{}/{number}", batch.run_id),
    };
    let workflow_execution = Some(execution.clone());
    let execution = Some(execution);
    Some(match request.operation.clone()? {
        Operation::TerminationOperation(it) => Call::Terminate(internal::TerminateRequest {
            target,
            request: Some(api::TerminateWorkflowExecutionRequest {
                namespace,
                workflow_execution,
                reason: request.reason.clone(),
                details: it.details,
                identity,
                ..Default::default()
            }),
            ..Default::default()
        }),
        Operation::SignalOperation(it) => Call::Signal(internal::SignalRequest {
            target,
            request: Some(api::SignalWorkflowExecutionRequest {
                namespace,
                workflow_execution,
                signal_name: it.signal,
                input: it.input,
                header: it.header,
                identity,
                request_id,
                ..Default::default()
            }),
            ..Default::default()
        }),
        Operation::CancellationOperation(_) => Call::Cancel(internal::RequestCancelRequest {
            target,
            request: Some(api::RequestCancelWorkflowExecutionRequest {
                namespace,
                workflow_execution,
                identity,
                request_id,
                ..Default::default()
            }),
            ..Default::default()
        }),
        Operation::DeletionOperation(_) => Call::Delete(internal::DeleteRequest {
            target,
            request: Some(api::DeleteWorkflowExecutionRequest { namespace, workflow_execution }),
            once: item.late,
        }),
        Operation::ResetOperation(it) => {
            let point = point(&it)?;
            let (reapply, excluded) = match it.options {
                Some(options) => (options.reset_reapply_type, options.reset_reapply_exclude_types),
                None => (it.reset_reapply_type, Vec::new()),
            };
            let request = Some(api::ResetWorkflowExecutionRequest {
                namespace,
                workflow_execution,
                reason: request.reason.clone(),
                request_id,
                reset_reapply_type: reapply,
                reset_reapply_exclude_types: excluded,
                post_reset_operations: it.post_reset_operations,
                identity,
                ..Default::default()
            });
            Call::Reset(ResetCall { request: internal::ResetRequest { target, request }, point, once: item.late })
        }
        Operation::UpdateWorkflowOptionsOperation(it) => Call::Options(internal::UpdateWorkflowOptionsRequest {
            target,
            request: Some(api::UpdateWorkflowExecutionOptionsRequest {
                namespace,
                workflow_execution,
                workflow_execution_options: it.workflow_execution_options,
                update_mask: it.update_mask,
                identity,
            }),
        }),
        Operation::UnpauseActivitiesOperation(it) => {
            use api::unpause_activity_request::Activity;
            use batch::batch_operation_unpause_activities::Activity as Asked;
            Call::UnpauseActivities(internal::UnpauseActivityRequest {
                target,
                request: Some(api::UnpauseActivityRequest {
                    namespace,
                    execution,
                    identity,
                    activity: Some(match it.activity? {
                        Asked::Type(kind) => Activity::Type(kind),
                        Asked::MatchAll(all) => Activity::UnpauseAll(all),
                    }),
                    reset_attempts: it.reset_attempts,
                    reset_heartbeat: it.reset_heartbeat,
                    jitter: it.jitter,
                }),
            })
        }
        Operation::ResetActivitiesOperation(it) => {
            use api::reset_activity_request::Activity;
            use batch::batch_operation_reset_activities::Activity as Asked;
            Call::ResetActivities(internal::ResetActivityRequest {
                target,
                request: Some(api::ResetActivityRequest {
                    namespace,
                    execution,
                    identity,
                    activity: Some(match it.activity? {
                        Asked::Type(kind) => Activity::Type(kind),
                        Asked::MatchAll(all) => Activity::MatchAll(all),
                    }),
                    reset_heartbeat: it.reset_heartbeat,
                    keep_paused: it.keep_paused,
                    jitter: it.jitter,
                    restore_original_options: it.restore_original_options,
                }),
            })
        }
        Operation::UpdateActivityOptionsOperation(it) => {
            use api::update_activity_options_request::Activity;
            use batch::batch_operation_update_activity_options::Activity as Asked;
            Call::ActivityOptions(internal::UpdateActivityOptionsRequest {
                target,
                request: Some(api::UpdateActivityOptionsRequest {
                    namespace,
                    execution,
                    identity,
                    activity: Some(match it.activity? {
                        Asked::Type(kind) => Activity::Type(kind),
                        Asked::MatchAll(all) => Activity::MatchAll(all),
                    }),
                    activity_options: it.activity_options,
                    update_mask: it.update_mask.filter(|_| !it.restore_original),
                    restore_original: it.restore_original,
                }),
            })
        }
        Operation::CancelActivitiesOperation(_)
        | Operation::TerminateActivitiesOperation(_)
        | Operation::DeleteActivitiesOperation(_) => return None,
    })
}

impl Call {
    /// What was done to the workflow before is not to be done again, and not to be counted again.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        match self {
            Self::Delete(it) => it.once,
            Self::Reset(it) => it.once,
            Self::Terminate(_)
            | Self::Signal(_)
            | Self::Cancel(_)
            | Self::Options(_)
            | Self::UnpauseActivities(_)
            | Self::ResetActivities(_)
            | Self::ActivityOptions(_) => false,
        }
    }
}

fn point(asked: &batch::BatchOperationReset) -> Option<ResetPoint> {
    use reset_options::Target as To;
    match &asked.options {
        Some(options) => Some(match options.target.clone()? {
            To::FirstWorkflowTask(_) => ResetPoint::First,
            To::LastWorkflowTask(_) => ResetPoint::Last,
            To::WorkflowTaskId(event) => ResetPoint::Event(event),
            To::BuildId(id) => ResetPoint::Build { id, current_run_only: options.current_run_only },
        }),
        None => match asked.reset_type() {
            ResetType::FirstWorkflowTask => Some(ResetPoint::First),
            ResetType::LastWorkflowTask => Some(ResetPoint::Last),
            ResetType::Unspecified => None,
        },
    }
}
