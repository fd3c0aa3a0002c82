//! What happened to a run after the point to which it is reset, and happens to its successor at once: signals, updates and
//! what its children did. Everything else that happened is forgotten with the decisions that it followed.

use super::rebuild::ended_child;
use super::transaction::Transaction;
use super::workflow_options;
use crate::invariant::broken;
use resurgam_api::temporal::enums::v1::{
    ResetReapplyExcludeType as Exclude, ResetReapplyType, UpdateAdmittedEventOrigin,
};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    HistoryEvent, StartChildWorkflowExecutionFailedEventAttributes, WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionUpdateAdmittedEventAttributes,
};
use resurgam_api::temporal::update::v1::Request;
use resurgam_api::temporal::workflowservice::v1::ResetWorkflowExecutionRequest;
use resurgam_state::attached::attach;
use resurgam_state::{Admission, EventId};

/// What does not happen again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Excluded {
    signals: bool,
    updates: bool,
    /// Nothing happens again, not even what children did.
    pub(super) everything: bool,
}

impl Excluded {
    /// As a client wishes it.
    #[allow(deprecated, reason = "clients may still say what is to happen again")]
    pub(super) fn of(request: &ResetWorkflowExecutionRequest) -> Self {
        let has = |kind: Exclude| request.reset_reapply_exclude_types.contains(&kind.into());
        let only_signals = request.reset_reapply_type() == ResetReapplyType::Signal;
        let none = request.reset_reapply_type() == ResetReapplyType::None;
        let signals = none || has(Exclude::Signal);
        let updates = none || only_signals || has(Exclude::Update);
        let everything = signals && updates && has(Exclude::Nexus) && has(Exclude::CancelRequest);
        Self { signals, updates, everything }
    }
}

/// Lets an event happen to the run, if it is one of those that do.
pub(super) fn event(tx: &mut Transaction<'_, '_>, event: &HistoryEvent, excluded: Excluded) {
    use Attributes as A;
    match &event.attributes {
        Some(A::WorkflowExecutionSignaledEventAttributes(it)) if !excluded.signals => {
            // Neither who sent it nor under which id is repeated, as in Temporal.
            let mut again =
                tx.event(A::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
                    signal_name: it.signal_name.clone(),
                    input: it.input.clone(),
                    identity: it.identity.clone(),
                    header: it.header.clone(),
                    ..Default::default()
                }));
            again.links.clone_from(&event.links);
            tx.run.state.signal_count += 1;
            tx.write(again);
        }
        Some(A::WorkflowExecutionUpdateAdmittedEventAttributes(it)) if !excluded.updates => {
            admit(tx, it.request.clone(), it.origin());
        }
        Some(A::WorkflowExecutionUpdateAcceptedEventAttributes(it)) if !excluded.updates => {
            // Without its request it follows an event that has it.
            if let Some(request) = &it.accepted_request {
                admit(tx, Some(request.clone()), UpdateAdmittedEventOrigin::Reapply);
            }
        }
        Some(A::WorkflowExecutionOptionsUpdatedEventAttributes(it)) => {
            let mut again = tx.event(A::WorkflowExecutionOptionsUpdatedEventAttributes(it.clone()));
            again.links.clone_from(&event.links);
            workflow_options::apply(&mut tx.run.state, it.priority.as_ref());
            let id = tx.write(again);
            attach(&mut tx.run.state.requests, &it.attached_request_id, event.event_type(), Some(id));
        }
        Some(A::ChildWorkflowExecutionStartedEventAttributes(it)) => {
            let initiated = it.initiated_event_id;
            if tx.run.state.children.get(&initiated).is_some_and(|child| child.started_event_id == 0) {
                let started = tx.command_event(A::ChildWorkflowExecutionStartedEventAttributes(it.clone()));
                if let Some(child) = tx.run.state.children.get_mut(&initiated) {
                    child.started_event_id = started;
                    let Some(execution) = &it.workflow_execution else {
                        broken!("event {} starts no child", event.event_id)
                    };
                    child.run_id.clone_from(&execution.run_id);
                }
            }
        }
        Some(other) => {
            if let Some(initiated) = ended_child(other)
                && let Some(child) = tx.run.state.children.remove(&initiated)
            {
                tx.command_event(end_of(other, child.started_event_id));
            }
        }
        None => {}
    }
}

/// An update stands in the history from now on, until a worker answers it.
fn admit(tx: &mut Transaction<'_, '_>, request: Option<Request>, origin: UpdateAdmittedEventOrigin) {
    let Some(meta) = request.as_ref().and_then(|request| request.meta.as_ref()) else {
        broken!("an update that a history has names itself nowhere")
    };
    let name = meta.update_id.clone();
    let event = WorkflowExecutionUpdateAdmittedEventAttributes { request: request.clone(), origin: origin.into() };
    let event_id = tx.command_event(Attributes::WorkflowExecutionUpdateAdmittedEventAttributes(event));
    tx.run.state.admitted.insert(name, Admission { event_id, request });
}

/// The event with which a child of the old run ended, for the new run, in which the event of its start has the id `started`.
#[allow(deprecated, reason = "workers may still send it")]
fn end_of(end: &Attributes, started: EventId) -> Attributes {
    use Attributes as A;
    let mut end = end.clone();
    match &mut end {
        A::ChildWorkflowExecutionCompletedEventAttributes(it) => it.started_event_id = started,
        A::ChildWorkflowExecutionFailedEventAttributes(it) => it.started_event_id = started,
        A::ChildWorkflowExecutionCanceledEventAttributes(it) => it.started_event_id = started,
        A::ChildWorkflowExecutionTimedOutEventAttributes(it) => it.started_event_id = started,
        A::ChildWorkflowExecutionTerminatedEventAttributes(it) => it.started_event_id = started,
        A::StartChildWorkflowExecutionFailedEventAttributes(it) => {
            // As in Temporal, only these fields are copied.
            *it = StartChildWorkflowExecutionFailedEventAttributes {
                workflow_id: it.workflow_id.clone(),
                workflow_type: it.workflow_type.clone(),
                cause: it.cause,
                control: it.control.clone(),
                initiated_event_id: it.initiated_event_id,
                ..Default::default()
            };
        }
        _ => {}
    }
    end
}
