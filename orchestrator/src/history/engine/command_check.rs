//! What is wrong with a command before it is looked at closely: it is of another kind than it says, or too large.

use super::command_failure::CommandFailure;
use prost::Message;
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes as A;
use resurgam_api::temporal::common::v1::Payload;
use resurgam_api::temporal::enums::v1::{CommandType as Kind, WorkflowTaskFailedCause as Cause};

/// The cause that a failure of such a command has; nothing for what is not served.
fn cause(kind: Kind) -> Option<Cause> {
    Some(match kind {
        Kind::ScheduleActivityTask => Cause::BadScheduleActivityAttributes,
        Kind::RequestCancelActivityTask => Cause::BadRequestCancelActivityAttributes,
        Kind::StartTimer => Cause::BadStartTimerAttributes,
        Kind::CancelTimer => Cause::BadCancelTimerAttributes,
        Kind::CompleteWorkflowExecution => Cause::BadCompleteWorkflowExecutionAttributes,
        Kind::FailWorkflowExecution => Cause::BadFailWorkflowExecutionAttributes,
        Kind::CancelWorkflowExecution => Cause::BadCancelWorkflowExecutionAttributes,
        Kind::RequestCancelExternalWorkflowExecution => Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
        Kind::ContinueAsNewWorkflowExecution => Cause::BadContinueAsNewAttributes,
        Kind::StartChildWorkflowExecution => Cause::BadStartChildExecutionAttributes,
        Kind::SignalExternalWorkflowExecution => Cause::BadSignalWorkflowExecutionAttributes,
        Kind::UpsertWorkflowSearchAttributes => Cause::BadSearchAttributes,
        Kind::ModifyWorkflowProperties => Cause::BadModifyWorkflowPropertiesAttributes,
        Kind::RecordMarker => Cause::BadRecordMarkerAttributes,
        Kind::ProtocolMessage => Cause::BadUpdateWorkflowExecutionMessage,
        _ => return None,
    })
}

/// The kind of command that has such attributes.
pub(super) fn kind(attributes: &A) -> Option<Kind> {
    Some(match attributes {
        A::ScheduleActivityTaskCommandAttributes(_) => Kind::ScheduleActivityTask,
        A::RequestCancelActivityTaskCommandAttributes(_) => Kind::RequestCancelActivityTask,
        A::StartTimerCommandAttributes(_) => Kind::StartTimer,
        A::CancelTimerCommandAttributes(_) => Kind::CancelTimer,
        A::CompleteWorkflowExecutionCommandAttributes(_) => Kind::CompleteWorkflowExecution,
        A::FailWorkflowExecutionCommandAttributes(_) => Kind::FailWorkflowExecution,
        A::CancelWorkflowExecutionCommandAttributes(_) => Kind::CancelWorkflowExecution,
        A::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => Kind::RequestCancelExternalWorkflowExecution,
        A::ContinueAsNewWorkflowExecutionCommandAttributes(_) => Kind::ContinueAsNewWorkflowExecution,
        A::StartChildWorkflowExecutionCommandAttributes(_) => Kind::StartChildWorkflowExecution,
        A::SignalExternalWorkflowExecutionCommandAttributes(_) => Kind::SignalExternalWorkflowExecution,
        A::UpsertWorkflowSearchAttributesCommandAttributes(_) => Kind::UpsertWorkflowSearchAttributes,
        A::ModifyWorkflowPropertiesCommandAttributes(_) => Kind::ModifyWorkflowProperties,
        A::RecordMarkerCommandAttributes(_) => Kind::RecordMarker,
        A::ProtocolMessageCommandAttributes(_) => Kind::ProtocolMessage,
        _ => return None,
    })
}

/// What is wrong with a command that does not have the attributes of its kind.
pub(super) fn mismatch(command: &Command) -> Option<CommandFailure> {
    let says = command.command_type();
    let cause = cause(says)?;
    let has = command.attributes.as_ref().and_then(kind);
    let message = || format!("{says:?}CommandAttributes is not set on {says:?}Command.");
    (has != Some(says)).then(|| CommandFailure::new(cause, message()))
}

/// What is wrong with a command that carries more than `most` bytes: there is no use in trying it again.
pub(super) fn oversized(command: &Command, most: usize) -> Option<CommandFailure> {
    fn of<M: Message>(part: Option<&M>) -> usize {
        part.map_or(0, Message::encoded_len)
    }
    fn all<'a>(fields: impl Iterator<Item = (&'a String, &'a Payload)>) -> usize {
        fields.map(|(name, payload)| name.len() + payload.data.len()).sum()
    }
    let (size, what) = match command.attributes.as_ref()? {
        A::ScheduleActivityTaskCommandAttributes(it) => (of(it.input.as_ref()), ".Input"),
        A::CompleteWorkflowExecutionCommandAttributes(it) => (of(it.result.as_ref()), ".Result"),
        A::FailWorkflowExecutionCommandAttributes(it) => (of(it.failure.as_ref()), ".Failure"),
        A::RecordMarkerCommandAttributes(it) => {
            (it.details.iter().map(|(name, it)| name.len() + it.encoded_len()).sum(), ".Details")
        }
        A::ContinueAsNewWorkflowExecutionCommandAttributes(it) if of(it.input.as_ref()) > most => {
            (of(it.input.as_ref()), ". Input")
        }
        A::ContinueAsNewWorkflowExecutionCommandAttributes(it) => (of(it.memo.as_ref()), ". Memo"),
        A::StartChildWorkflowExecutionCommandAttributes(it) if of(it.input.as_ref()) > most => {
            (of(it.input.as_ref()), ". Input")
        }
        A::StartChildWorkflowExecutionCommandAttributes(it) => (of(it.memo.as_ref()), ".Memo"),
        A::SignalExternalWorkflowExecutionCommandAttributes(it) => (of(it.input.as_ref()), ".Input"),
        A::UpsertWorkflowSearchAttributesCommandAttributes(it) => {
            (it.search_attributes.iter().map(|it| all(it.indexed_fields.iter())).sum(), "")
        }
        A::ModifyWorkflowPropertiesCommandAttributes(it) => {
            (it.upserted_memo.iter().map(|it| all(it.fields.iter())).sum(), "")
        }
        _ => return None,
    };
    let kind = command.command_type();
    let cause = cause(kind).filter(|_| size > most)?;
    Some(CommandFailure::new(cause, format!("{kind:?}CommandAttributes{what} exceeds size limit.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::command::v1::{CancelTimerCommandAttributes, ScheduleActivityTaskCommandAttributes};
    use resurgam_api::temporal::common::v1::Payloads;

    #[test]
    fn a_command_has_the_attributes_of_its_kind() {
        let attributes = Some(A::CancelTimerCommandAttributes(CancelTimerCommandAttributes::default()));
        let of = |kind: Kind, attributes| Command { command_type: kind.into(), attributes, ..Command::default() };
        assert_eq!(mismatch(&of(Kind::CancelTimer, attributes.clone())), None);
        let wrong = mismatch(&of(Kind::StartTimer, attributes)).expect("it starts nothing");
        let said = "BadStartTimerAttributes: StartTimerCommandAttributes is not set on StartTimerCommand.";
        assert_eq!((wrong.cause, wrong.message.as_str()), (Cause::BadStartTimerAttributes, said));
        assert!(mismatch(&of(Kind::RecordMarker, None)).is_some());
        assert!(mismatch(&of(Kind::ScheduleNexusOperation, None)).is_none(), "that is refused by its name");
    }

    #[test]
    fn what_a_command_carries_may_be_too_large() {
        let with = |bytes| {
            let payload = Payload { data: vec![7; bytes], ..Payload::default() };
            let input = Some(Payloads { payloads: vec![payload] });
            let attributes = ScheduleActivityTaskCommandAttributes { input, ..Default::default() };
            let attributes = Some(A::ScheduleActivityTaskCommandAttributes(attributes));
            Command { command_type: Kind::ScheduleActivityTask.into(), attributes, ..Command::default() }
        };
        assert_eq!(oversized(&with(50), 100), None);
        let said = "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes.Input exceeds size limit.";
        assert_eq!(oversized(&with(200), 100).map(|it| it.message), Some(said.to_owned()));
    }
}
