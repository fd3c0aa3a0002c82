//! Commands of a worker that leave the run open: each is checked, then written as the event that stands for it. The
//! commands that close a run, and the order in which everything is taken, are the completion's business.

use super::command_failure::CommandFailure;
use super::transaction::Transaction;
use super::{activity, child, external, marker, user_timer};
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::enums::v1::{CommandType, WorkflowTaskFailedCause};
use resurgam_api::temporal::history::v1::history_event;
use resurgam_state::EventId;

/// Applies a command of the workflow task that the event `completed` completed. Events of the buffered classes that it
/// causes wait behind the events of all commands, so the buffer has to be flushed after the last one.
///
/// `PROTOCOL_MESSAGE` commands need their messages and are not for here, nor are those that close the run.
///
/// # Errors
/// The command can never be applied; it has changed nothing.
pub fn apply(tx: &mut Transaction<'_, '_>, command: &Command, completed: EventId) -> Result<(), CommandFailure> {
    use Attributes as A;
    let first = tx.events.len();
    let identity = identity(tx, completed);
    match &command.attributes {
        Some(A::ScheduleActivityTaskCommandAttributes(it)) => activity::schedule(tx, it, completed)?,
        Some(A::RequestCancelActivityTaskCommandAttributes(it)) => {
            activity::request_cancel(tx, it, completed, &identity)?;
        }
        Some(A::StartTimerCommandAttributes(it)) => user_timer::start(tx, it, completed)?,
        Some(A::CancelTimerCommandAttributes(it)) => user_timer::cancel(tx, it, completed, &identity)?,
        Some(A::RecordMarkerCommandAttributes(it)) => marker::record(tx, it, completed)?,
        Some(A::UpsertWorkflowSearchAttributesCommandAttributes(it)) => marker::upsert(tx, it, completed)?,
        Some(A::ModifyWorkflowPropertiesCommandAttributes(it)) => marker::modify(tx, it, completed)?,
        Some(A::StartChildWorkflowExecutionCommandAttributes(it)) => {
            child::initiate(tx, it, command.user_metadata.as_ref(), completed)?;
        }
        Some(A::SignalExternalWorkflowExecutionCommandAttributes(it)) => external::signal(tx, it, completed)?,
        Some(A::RequestCancelExternalWorkflowExecutionCommandAttributes(it)) => external::cancel(tx, it, completed)?,
        _ => {
            let message = format!("command {:?} is not supported", command.command_type());
            return Err(CommandFailure::new(WorkflowTaskFailedCause::FeatureDisabled, message));
        }
    }
    if let Some(event) = tx.events.get_mut(first) {
        event.user_metadata.clone_from(&command.user_metadata);
    }
    Ok(())
}

/// Who completed the workflow task.
fn identity(tx: &Transaction<'_, '_>, completed: EventId) -> String {
    let event = tx.events.iter().rev().find(|event| event.event_id == completed);
    match event.and_then(|event| event.attributes.as_ref()) {
        Some(history_event::Attributes::WorkflowTaskCompletedEventAttributes(it)) => it.identity.clone(),
        _ => String::new(),
    }
}

/// What a command is called in words for people, as by Temporal's Go types: `ScheduleActivityTask`.
pub(super) fn command_name(command: CommandType) -> String {
    let words = command.as_str_name().trim_start_matches("COMMAND_TYPE_").split('_');
    words.flat_map(|word| [word[..1].to_owned(), word[1..].to_lowercase()]).collect()
}
