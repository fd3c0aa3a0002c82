//! Signals and cancel requests to other workflows: asked for here, sent by a transfer under a request id that stays the
//! same, and answered once.

use super::command_failure::CommandFailure;
use super::transaction::Transaction;
use crate::invariant::broken;
use resurgam_api::temporal::command::v1::{
    RequestCancelExternalWorkflowExecutionCommandAttributes, SignalExternalWorkflowExecutionCommandAttributes,
};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause as Cause;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::*;
use resurgam_state::task::TransferKind;
use resurgam_state::{EventId, External};
use uuid::Uuid;

/// Asks for a signal to another workflow.
#[allow(deprecated, reason = "workers still send the namespace")]
pub(super) fn signal(
    tx: &mut Transaction<'_, '_>,
    attributes: &SignalExternalWorkflowExecutionCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let execution = attributes.execution.clone().unwrap_or_default();
    let bad = |message| CommandFailure::new(Cause::BadSignalWorkflowExecutionAttributes, message);
    if attributes.execution.is_none() {
        return Err(bad("Execution is not set on SignalExternalWorkflowExecutionCommand.".to_owned()));
    }
    check(tx, "SignalExternalWorkflowExecutionCommand", &attributes.namespace, &execution).map_err(bad)?;
    if attributes.signal_name.is_empty() {
        let WorkflowExecution { workflow_id, run_id } = &execution;
        let namespace = tx.context.namespace;
        return Err(bad(format!(
            "SignalName is not set on SignalExternalWorkflowExecutionCommand. WorkflowId={workflow_id} \
             Namespace={namespace} RunId={run_id}"
        )));
    }
    full(tx, tx.run.state.signals.len(), Cause::PendingSignalsLimitExceeded)?;
    let event = Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(
        SignalExternalWorkflowExecutionInitiatedEventAttributes {
            workflow_task_completed_event_id: completed,
            namespace: attributes.namespace.clone(),
            namespace_id: tx.run.state.namespace_id.clone(),
            workflow_execution: Some(execution),
            signal_name: attributes.signal_name.clone(),
            input: attributes.input.clone(),
            control: attributes.control.clone(),
            child_workflow_only: attributes.child_workflow_only,
            header: attributes.header.clone(),
        },
    );
    let (id, pending) = initiate(tx, event);
    tx.run.state.signals.insert(id, pending);
    tx.transfer(TransferKind::SignalExternal(id));
    Ok(())
}

/// Asks for the cancellation of another workflow.
#[allow(deprecated, reason = "workers still send the namespace")]
pub(super) fn cancel(
    tx: &mut Transaction<'_, '_>,
    attributes: &RequestCancelExternalWorkflowExecutionCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let execution =
        WorkflowExecution { workflow_id: attributes.workflow_id.clone(), run_id: attributes.run_id.clone() };
    check(tx, "RequestCancelExternalWorkflowExecutionCommand", &attributes.namespace, &execution)
        .map_err(|message| CommandFailure::new(Cause::BadRequestCancelExternalWorkflowExecutionAttributes, message))?;
    full(tx, tx.run.state.cancels.len(), Cause::PendingRequestCancelLimitExceeded)?;
    let event = Attributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(
        RequestCancelExternalWorkflowExecutionInitiatedEventAttributes {
            workflow_task_completed_event_id: completed,
            namespace: attributes.namespace.clone(),
            namespace_id: tx.run.state.namespace_id.clone(),
            workflow_execution: Some(execution),
            control: attributes.control.clone(),
            child_workflow_only: attributes.child_workflow_only,
            reason: attributes.reason.clone(),
        },
    );
    let (id, pending) = initiate(tx, event);
    tx.run.state.cancels.insert(id, pending);
    tx.transfer(TransferKind::CancelExternal(id));
    Ok(())
}

fn check(tx: &Transaction<'_, '_>, command: &str, namespace: &str, to: &WorkflowExecution) -> Result<(), String> {
    let here = tx.context.namespace;
    let WorkflowExecution { workflow_id, run_id } = to;
    if !namespace.is_empty() && namespace != here {
        Err("workflows in other namespaces cannot be reached".to_owned())
    } else if workflow_id.is_empty() {
        Err(format!("WorkflowId is not set on {command}. Namespace={here} RunId={run_id}"))
    } else if workflow_id.len() > tx.context.limits.id_bytes {
        let (length, limit) = (workflow_id.len(), tx.context.limits.id_bytes);
        Err(format!("WorkflowId on {command} exceeds length limit. Length={length} Limit={limit}"))
    } else if !run_id.is_empty() && Uuid::parse_str(run_id).is_err() {
        Err(format!("Invalid RunId set on {command}. WorkflowId={workflow_id} RunId={run_id} Namespace={here}"))
    } else {
        Ok(())
    }
}

fn full(tx: &Transaction<'_, '_>, pending: usize, cause: Cause) -> Result<(), CommandFailure> {
    if pending < tx.context.limits.pending {
        return Ok(());
    }
    Err(CommandFailure::new(cause, format!("{pending} of these are pending already")))
}

/// Writes the Initiated event; what has to be remembered of it.
fn initiate(tx: &mut Transaction<'_, '_>, attributes: Attributes) -> (EventId, External) {
    let mut event = tx.event(attributes);
    event.event_id = tx.write(event.clone());
    (event.event_id, External { initiated: Some(event), request_id: tx.context.ids.uuid() })
}

/// A signal was answered; the error is a `SignalExternalWorkflowExecutionFailedCause`. Only the first answer counts.
pub(crate) fn signaled(tx: &mut Transaction<'_, '_>, initiated: EventId, answer: Result<(), i32>) {
    let pending = tx.require_open().ok().and_then(|()| tx.run.state.signals.remove(&initiated));
    let Some(pending) = pending else { return };
    let Some(Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(asked)) = attributes(pending) else {
        broken!("signal {initiated} was never asked for")
    };
    let (namespace_id, workflow_execution) = (asked.namespace_id, asked.workflow_execution);
    let namespace = tx.context.namespace.to_owned();
    tx.add(match answer {
        Ok(()) => Attributes::ExternalWorkflowExecutionSignaledEventAttributes(
            ExternalWorkflowExecutionSignaledEventAttributes {
                initiated_event_id: initiated,
                namespace,
                namespace_id,
                workflow_execution,
                ..Default::default()
            },
        ),
        Err(cause) => Attributes::SignalExternalWorkflowExecutionFailedEventAttributes(
            SignalExternalWorkflowExecutionFailedEventAttributes {
                cause,
                namespace,
                namespace_id,
                workflow_execution,
                initiated_event_id: initiated,
                ..Default::default()
            },
        ),
    });
    tx.wake();
}

/// A cancel request was answered; the error is a `CancelExternalWorkflowExecutionFailedCause`. Only the first answer
/// counts.
pub(super) fn canceled(tx: &mut Transaction<'_, '_>, initiated: EventId, answer: Result<(), i32>) {
    let pending = tx.require_open().ok().and_then(|()| tx.run.state.cancels.remove(&initiated));
    let Some(pending) = pending else { return };
    let Some(Attributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(asked)) = attributes(pending)
    else {
        broken!("cancel request {initiated} was never asked for")
    };
    let (namespace_id, workflow_execution) = (asked.namespace_id, asked.workflow_execution);
    let namespace = tx.context.namespace.to_owned();
    tx.add(match answer {
        Ok(()) => Attributes::ExternalWorkflowExecutionCancelRequestedEventAttributes(
            ExternalWorkflowExecutionCancelRequestedEventAttributes {
                initiated_event_id: initiated,
                namespace,
                namespace_id,
                workflow_execution,
            },
        ),
        Err(cause) => Attributes::RequestCancelExternalWorkflowExecutionFailedEventAttributes(
            RequestCancelExternalWorkflowExecutionFailedEventAttributes {
                cause,
                namespace,
                namespace_id,
                workflow_execution,
                initiated_event_id: initiated,
                ..Default::default()
            },
        ),
    });
    tx.wake();
}

fn attributes(pending: External) -> Option<Attributes> {
    pending.initiated.and_then(|event| event.attributes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use resurgam_api::temporal::command::v1::command::Attributes as Command;

    const ID: EventId = 6;

    fn signalling(set: fn(&mut SignalExternalWorkflowExecutionCommandAttributes)) -> Command {
        let execution = Some(WorkflowExecution { workflow_id: "x".into(), ..Default::default() });
        let mut it = SignalExternalWorkflowExecutionCommandAttributes {
            execution,
            signal_name: "s".into(),
            ..Default::default()
        };
        set(&mut it);
        Command::SignalExternalWorkflowExecutionCommandAttributes(it)
    }

    fn cancelling(workflow_id: &str, run_id: &str) -> Command {
        Command::RequestCancelExternalWorkflowExecutionCommandAttributes(
            RequestCancelExternalWorkflowExecutionCommandAttributes {
                workflow_id: workflow_id.into(),
                run_id: run_id.into(),
                ..Default::default()
            },
        )
    }

    #[test]
    fn a_signal_has_one_answer() {
        for (answer, event) in
            [(Ok(()), "ExternalWorkflowExecutionSignaled"), (Err(1), "SignalExternalWorkflowExecutionFailed")]
        {
            let mut run = Fixture::new();
            run.commands(vec![signalling(|_| {})]).unwrap();
            assert_eq!(run.take(), ["WorkflowTaskCompleted", "SignalExternalWorkflowExecutionInitiated"]);
            assert_eq!(run.transfers, [TransferKind::SignalExternal(ID)]);
            assert!(!run.run.state.signals[&ID].request_id.is_empty());
            run.step(|tx| signaled(tx, ID, answer));
            run.step(|tx| signaled(tx, ID, Ok(())));
            assert_eq!(run.take(), [event]);
            assert!(run.woken);
        }
    }

    #[test]
    fn a_cancel_request_has_one_answer() {
        for (answer, event) in [
            (Ok(()), "ExternalWorkflowExecutionCancelRequested"),
            (Err(1), "RequestCancelExternalWorkflowExecutionFailed"),
        ] {
            let mut run = Fixture::new();
            run.commands(vec![cancelling("x", "")]).unwrap();
            assert_eq!(run.take(), ["WorkflowTaskCompleted", "RequestCancelExternalWorkflowExecutionInitiated"]);
            assert_eq!(run.transfers, [TransferKind::CancelExternal(ID)]);
            run.busy(true);
            run.step(|tx| canceled(tx, ID, answer));
            run.step(|tx| canceled(tx, ID, Ok(())));
            assert!(run.take().is_empty());
            assert_eq!(run.buffered(), [event]);
        }
    }

    #[test]
    fn a_closed_run_hears_nothing() {
        let mut run = Fixture::new();
        run.commands(vec![signalling(|_| {}), cancelling("x", "")]).unwrap();
        run.take();
        run.run.state.status = 2;
        run.step(|tx| signaled(tx, ID, Ok(())));
        run.step(|tx| canceled(tx, ID + 1, Ok(())));
        assert!(run.take().is_empty() && !run.woken);
    }

    #[test]
    fn bad_ones_are_refused() {
        let refused = |command| Fixture::new().commands(vec![command]).unwrap_err().cause;
        assert_eq!(refused(signalling(|it| it.signal_name.clear())), Cause::BadSignalWorkflowExecutionAttributes);
        assert_eq!(refused(signalling(|it| it.execution = None)), Cause::BadSignalWorkflowExecutionAttributes);
        let bad = Cause::BadRequestCancelExternalWorkflowExecutionAttributes;
        assert_eq!(refused(cancelling("", "")), bad);
        assert_eq!(refused(cancelling("x", "not a run")), bad);
        let mut run = Fixture::new();
        run.limits.pending = 1;
        let twice = vec![cancelling("x", ""), cancelling("x", "")];
        assert_eq!(run.commands(twice).unwrap_err().cause, Cause::PendingRequestCancelLimitExceeded);
        let mut run = Fixture::new();
        run.limits.pending = 1;
        let twice = vec![signalling(|_| {}), signalling(|_| {})];
        assert_eq!(run.commands(twice).unwrap_err().cause, Cause::PendingSignalsLimitExceeded);
    }
}
