//! What no worker may say with the answer to a workflow task, whatever the run is like.

use super::command;
use crate::cluster::Rejection;
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::enums::v1::{CommandType, WorkerVersioningMode};
use resurgam_api::temporal::workflowservice::v1 as api;

/// Whether a command closes the run.
pub(super) fn closes(command: &Command) -> bool {
    matches!(
        command.command_type(),
        CommandType::CompleteWorkflowExecution
            | CommandType::FailWorkflowExecution
            | CommandType::CancelWorkflowExecution
            | CommandType::ContinueAsNewWorkflowExecution
    )
}

/// Refuses what no worker may say: unknown commands, and others behind the one that closes the run.
pub(super) fn validate(answer: &api::RespondWorkflowTaskCompletedRequest) -> Result<(), Rejection> {
    let commands = &answer.commands;
    let versioned = answer
        .deployment_options
        .as_ref()
        .is_some_and(|it| it.worker_versioning_mode() == WorkerVersioningMode::Versioned);
    #[allow(deprecated, reason = "workers may still say their deployment so")]
    let said_otherwise = answer.deployment.is_some();
    if answer.versioning_behavior != 0 && !versioned && !said_otherwise {
        let message =
            "versioning behavior cannot be specified without deployment options being set with versioned mode";
        return Err(Rejection::InvalidArgument(message.to_owned()));
    }
    let mut closed = None;
    for command in commands {
        if command.command_type() == CommandType::Unspecified {
            return Err(Rejection::InvalidArgument("Unknown command type.".to_owned()));
        }
        if let Some(closed) = closed {
            let names: Vec<_> = commands.iter().map(|it| command::command_name(it.command_type())).collect();
            return Err(Rejection::InvalidArgument(format!(
                "invalid command sequence: [{}], command {closed} must be the last command.",
                names.join(", ")
            )));
        }
        closed = closes(command).then(|| command::command_name(command.command_type()));
    }
    Ok(())
}
