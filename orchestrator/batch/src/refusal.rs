//! What has to hold of a request for a batch operation. In the order and words of temporalio/temporal 1.31.2,
//! `service/worker/batcher/workflow.go`, where some refusals have the code UNKNOWN.

#![allow(deprecated, reason = "clients may still use old fields")]

use crate::Request;
use resurgam_api::temporal::batch::v1 as batch;
use resurgam_api::temporal::enums::v1::ResetType;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use tonic::Status;

/// One activity type, or all.
const WHICH: &str = "Either activity type must be set, or match all should be set to true";

type Checked = Result<(), Box<Status>>;

fn wrong(message: impl Into<String>) -> Checked {
    Err(Box::new(Status::invalid_argument(message)))
}

/// As by a server that says of a refusal no more than that.
fn refused(message: impl Into<String>) -> Checked {
    Err(Box::new(Status::unknown(message)))
}

/// Checks a request whose namespace is there.
///
/// # Errors
/// INVALID_ARGUMENT or UNKNOWN, and UNIMPLEMENTED for what the pinned server does not know.
pub fn check(request: &Request) -> Checked {
    if !request.target_executions.is_empty() {
        return unserved("executions of other kinds than workflows");
    }
    let selected = !request.visibility_query.is_empty() || !request.executions.is_empty();
    let Some(operation) = request.operation.as_ref().filter(|_| !request.reason.is_empty() && selected) else {
        return wrong("must provide required parameters: BatchType/Reason/Namespace/Query/Executions");
    };
    if request.job_id.is_empty() {
        return wrong("JobId is not set on request.");
    }
    if !request.visibility_query.is_empty() && !request.executions.is_empty() {
        return refused("batch query and executions are mutually exclusive");
    }
    match operation {
        Operation::SignalOperation(it) if it.signal.is_empty() => refused("must provide signal name"),
        Operation::UpdateWorkflowOptionsOperation(it) if it.workflow_execution_options.is_none() => {
            refused("must provide UpdateOptions")
        }
        Operation::UpdateWorkflowOptionsOperation(it) if it.update_mask.is_none() => refused("must provide UpdateMask"),
        Operation::ResetOperation(it) => reset(it),
        Operation::UnpauseActivitiesOperation(it) => {
            use batch::batch_operation_unpause_activities::Activity::{MatchAll, Type};
            match &it.activity {
                None => wrong("activity filter must be set"),
                Some(Type(kind)) => which(!kind.is_empty()),
                Some(MatchAll(all)) => which(*all),
            }
        }
        Operation::ResetActivitiesOperation(it) => {
            use batch::batch_operation_reset_activities::Activity::{MatchAll, Type};
            match &it.activity {
                None => wrong("must provide ActivityType or MatchAll"),
                Some(Type(kind)) => which(!kind.is_empty()),
                Some(MatchAll(all)) => which(*all),
            }
        }
        Operation::UpdateActivityOptionsOperation(it) => options(it),
        Operation::CancelActivitiesOperation(_)
        | Operation::TerminateActivitiesOperation(_)
        | Operation::DeleteActivitiesOperation(_) => unserved("batch operations on activities without a workflow"),
        Operation::SignalOperation(_)
        | Operation::UpdateWorkflowOptionsOperation(_)
        | Operation::TerminationOperation(_)
        | Operation::CancellationOperation(_)
        | Operation::DeletionOperation(_) => Ok(()),
    }
}

fn unserved(what: &str) -> Checked {
    Err(Box::new(Status::unimplemented(format!("{what} are not supported"))))
}

fn which(named: bool) -> Checked {
    if named { Ok(()) } else { wrong(WHICH) }
}

fn reset(asked: &batch::BatchOperationReset) -> Checked {
    match &asked.options {
        Some(options) if options.target.is_none() => wrong("batch reset missing target"),
        Some(_) => Ok(()),
        None => match ResetType::try_from(asked.reset_type) {
            Ok(ResetType::Unspecified) => wrong("unknown batch reset type Unspecified"),
            Ok(_) => Ok(()),
            Err(_) => wrong(format!("unknown batch reset type {}", asked.reset_type)),
        },
    }
}

fn options(asked: &batch::BatchOperationUpdateActivityOptions) -> Checked {
    use batch::batch_operation_update_activity_options::Activity::{MatchAll, Type};
    match (&asked.activity_options, asked.restore_original) {
        (Some(_), true) => return wrong("cannot set both activity options and restore original"),
        (None, false) => return wrong("Either activity type must be set, or restore original should be set to true"),
        // Each workflow would refuse what follows.
        (Some(_), false) if asked.update_mask.is_none() => return wrong("UpdateMask is not provided"),
        (Some(_), false) | (None, true) => {}
    }
    match &asked.activity {
        None => wrong("Either Activity.Id or Activity.Type should be set on request."),
        Some(Type(kind)) => which(!kind.is_empty()),
        Some(MatchAll(all)) => which(*all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::common::v1::{ResetOptions, WorkflowExecution};
    use tonic::Code;

    fn said(change: impl FnOnce(&mut Request)) -> String {
        let mut request = Request {
            namespace: "n".into(),
            job_id: "j".into(),
            reason: "r".into(),
            visibility_query: "q".into(),
            operation: Some(Operation::TerminationOperation(batch::BatchOperationTermination::default())),
            ..Request::default()
        };
        change(&mut request);
        match check(&request) {
            Ok(()) => String::new(),
            Err(status) if status.code() == Code::InvalidArgument => status.message().to_owned(),
            Err(status) => format!("{:?}: {}", status.code(), status.message()),
        }
    }

    fn of(operation: Operation) -> String {
        said(|request| request.operation = Some(operation))
    }

    #[test]
    fn what_is_missing_is_said_as_by_the_real_server() {
        const PARAMETERS: &str = "must provide required parameters: BatchType/Reason/Namespace/Query/Executions";
        assert_eq!(said(|_| ()), "");
        assert_eq!(said(|it| it.operation = None), PARAMETERS);
        assert_eq!(said(|it| it.reason.clear()), PARAMETERS);
        assert_eq!(said(|it| it.visibility_query.clear()), PARAMETERS);
        assert_eq!(said(|it| it.job_id.clear()), "JobId is not set on request.");
        let both = said(|it| it.executions.push(WorkflowExecution::default()));
        assert_eq!(both, "Unknown: batch query and executions are mutually exclusive");
        assert_eq!(of(Operation::SignalOperation(Default::default())), "Unknown: must provide signal name");
        let options = of(Operation::UpdateWorkflowOptionsOperation(Default::default()));
        assert_eq!(options, "Unknown: must provide UpdateOptions");
        let unserved = of(Operation::DeleteActivitiesOperation(Default::default()));
        assert_eq!(unserved, "Unimplemented: batch operations on activities without a workflow are not supported");
    }

    #[test]
    fn a_reset_says_where_to() {
        let reset = |reset| of(Operation::ResetOperation(reset));
        let mut asked = batch::BatchOperationReset::default();
        assert_eq!(reset(asked.clone()), "unknown batch reset type Unspecified");
        asked.reset_type = 17;
        assert_eq!(reset(asked.clone()), "unknown batch reset type 17");
        asked.reset_type = 2;
        assert_eq!(reset(asked.clone()), "");
        asked.options = Some(ResetOptions::default());
        assert_eq!(reset(asked), "batch reset missing target");
    }

    #[test]
    fn activities_are_those_of_a_type_or_all() {
        use batch::batch_operation_unpause_activities::Activity;
        let unpause = |activity| {
            of(Operation::UnpauseActivitiesOperation(batch::BatchOperationUnpauseActivities {
                activity,
                ..Default::default()
            }))
        };
        assert_eq!(unpause(None), "activity filter must be set");
        assert_eq!(unpause(Some(Activity::Type(String::new()))), WHICH);
        assert_eq!(unpause(Some(Activity::MatchAll(false))), WHICH);
        assert_eq!(unpause(Some(Activity::MatchAll(true))), "");
        let reset = of(Operation::ResetActivitiesOperation(Default::default()));
        assert_eq!(reset, "must provide ActivityType or MatchAll");
        let options = of(Operation::UpdateActivityOptionsOperation(Default::default()));
        assert_eq!(options, "Either activity type must be set, or restore original should be set to true");
    }
}
