//! Children: asked for here and started by a transfer; their ends are in `child_end`. Each message may come twice, late,
//! or before the one that it follows; the pending child decides what is still news.

use super::command_failure::CommandFailure;
use super::task_event::{queue_name, with_kind};
use super::transaction::Transaction;
use super::{marker, retry, span};
use crate::cluster::queue_name::flaw_of_work;
use crate::invariant::broken;
use resurgam_api::temporal::command::v1::StartChildWorkflowExecutionCommandAttributes;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{ParentClosePolicy, WorkflowIdReusePolicy, WorkflowTaskFailedCause as Cause};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::*;
use resurgam_api::temporal::sdk::v1::UserMetadata;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_calendar::CronSchedule;
use resurgam_state::task::{CloseChildTransfer, ReleaseChildTransfer, TransferKind};
use resurgam_state::{Child, EventId};

/// The command, as messages name it.
const COMMAND: &str = "StartChildWorkflowExecutionCommand";

/// Asks for a child.
#[allow(deprecated, reason = "workers may still send it")]
pub(super) fn initiate(
    tx: &mut Transaction<'_, '_>,
    attributes: &StartChildWorkflowExecutionCommandAttributes,
    metadata: Option<&UserMetadata>,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let attributes = checked(tx, attributes)
        .map_err(|message| CommandFailure::new(Cause::BadStartChildExecutionAttributes, message))?;
    let pending = tx.run.state.children.len();
    if pending >= tx.context.limits.pending {
        let message = format!("there are {pending} pending children already");
        return Err(CommandFailure::new(Cause::PendingChildWorkflowsLimitExceeded, message));
    }
    let mut event = tx.event(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(
        StartChildWorkflowExecutionInitiatedEventAttributes {
            namespace: tx.context.namespace.to_owned(),
            namespace_id: tx.run.state.namespace_id.clone(),
            workflow_id: attributes.workflow_id,
            workflow_type: attributes.workflow_type,
            task_queue: attributes.task_queue.map(with_kind),
            input: attributes.input,
            workflow_execution_timeout: attributes.workflow_execution_timeout,
            workflow_run_timeout: attributes.workflow_run_timeout,
            workflow_task_timeout: attributes.workflow_task_timeout,
            parent_close_policy: attributes.parent_close_policy,
            workflow_task_completed_event_id: completed,
            workflow_id_reuse_policy: attributes.workflow_id_reuse_policy,
            retry_policy: attributes.retry_policy,
            cron_schedule: attributes.cron_schedule,
            header: attributes.header,
            control: attributes.control,
            inherit_build_id: attributes.inherit_build_id,
            memo: marker::memo(attributes.memo),
            search_attributes: marker::attributes(attributes.search_attributes),
            priority: attributes.priority,
            ..Default::default()
        },
    ));
    event.user_metadata = metadata.cloned();
    let id = tx.write(event.clone());
    event.event_id = id;
    // As the real server names it: by the run, the event, and its version of failing over.
    let request_id = format!("{}:{id}:0", tx.run.state.run_id);
    let child = Child { initiated: Some(event), request_id, ..Child::default() };
    tx.run.state.children.insert(id, child);
    tx.transfer(TransferKind::StartChild(id));
    Ok(())
}

/// The attributes with their defaults, or what is wrong with them.
fn checked(
    tx: &Transaction<'_, '_>,
    attributes: &StartChildWorkflowExecutionCommandAttributes,
) -> Result<StartChildWorkflowExecutionCommandAttributes, String> {
    let (state, limits) = (&tx.run.state, tx.context.limits);
    let mut it = attributes.clone();
    #[allow(deprecated, reason = "workers still send it")]
    if !it.namespace.is_empty() && it.namespace != tx.context.namespace {
        return Err("children in other namespaces are not supported".to_owned());
    }
    if it.versioning_override.is_some() {
        return Err("versioning overrides are not supported".to_owned());
    }
    let kind = it.workflow_type.as_ref().map_or("", |kind| &kind.name).to_owned();
    let (id, namespace) = (it.workflow_id.clone(), tx.context.namespace);
    let by_type = format!("WorkflowType={kind} Namespace={namespace}");
    let by_both = format!("WorkflowId={id} {by_type}");
    if id.is_empty() {
        return Err(format!("Required field WorkflowId is not set on {COMMAND}. {by_type}"));
    } else if kind.is_empty() {
        return Err(format!(
            "Required field WorkflowType is not set on {COMMAND}. WorkflowId={id} Namespace={namespace}"
        ));
    }
    for (name, what) in [(&id, "WorkflowId"), (&kind, "WorkflowType")] {
        if name.len() > limits.id_bytes {
            return Err(format!("{what} on {COMMAND} exceeds length limit. Length={} {by_both}", name.len()));
        }
    }
    let timeouts = [
        (it.workflow_execution_timeout, "WorkflowExecutionTimeout"),
        (it.workflow_run_timeout, "WorkflowRunTimeout"),
        (it.workflow_task_timeout, "WorkflowTaskTimeout"),
    ];
    for (timeout, what) in timeouts {
        let sound = span::validate(timeout.as_ref());
        sound.map_err(|why| format!("Invalid {what} on {COMMAND}: {why}. {by_both}"))?;
    }
    if let Some(policy) = &it.retry_policy {
        let policy = retry::with_defaults(Some(policy), limits.retry_interval);
        let sound = retry::validate(&policy);
        sound.map_err(|why| format!("invalid WorkflowRetryPolicy on {COMMAND}: {why}. {by_both}"))?;
        it.retry_policy = Some(policy);
    }
    // Refused here, where the worker hears of it: a child that runs at other times, or elsewhere, is another child.
    let sound = CronSchedule::validate(&it.cron_schedule);
    sound.map_err(|why| format!("invalid CronSchedule on {COMMAND}: {why}. {by_both}"))?;
    if it.task_queue.as_ref().is_none_or(|queue| queue.name.is_empty()) {
        it.task_queue = Some(TaskQueue { name: queue_name(state).to_owned(), ..TaskQueue::default() });
    }
    let name = it.task_queue.as_ref().map_or("", |queue| &queue.name);
    if let Some(flaw) = flaw_of_work(name, queue_name(state), limits.id_bytes) {
        return Err(format!("invalid TaskQueue on {COMMAND}: {flaw}. {by_both}"));
    }
    let run_timeout = span::shorter(it.workflow_run_timeout, it.workflow_execution_timeout);
    it.workflow_task_timeout = Some(span::of_task(it.workflow_task_timeout, run_timeout, limits));
    it.workflow_run_timeout = Some(run_timeout);
    it.workflow_execution_timeout = span::cut(it.workflow_execution_timeout);
    if it.parent_close_policy() == ParentClosePolicy::Unspecified {
        it.set_parent_close_policy(ParentClosePolicy::Terminate);
    }
    if it.workflow_id_reuse_policy() == WorkflowIdReusePolicy::Unspecified {
        it.set_workflow_id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate);
    }
    Ok(it)
}

/// The attributes of the Initiated event.
pub(super) fn asked(child: &Child) -> StartChildWorkflowExecutionInitiatedEventAttributes {
    match child.initiated.as_ref().and_then(|event| event.attributes.as_ref()) {
        Some(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(it)) => it.clone(),
        _ => broken!("a child is pending that was never asked for"),
    }
}

/// The start of a child was answered. A parent that has closed meanwhile does to it what it does to its other children,
/// or lets it go on alone: otherwise it would wait for its parent for ever.
pub fn started(tx: &mut Transaction<'_, '_>, initiated: EventId, answer: Result<WorkflowExecution, i32>) {
    let open = tx.require_open().is_ok();
    let Some(child) = tx.run.state.children.get_mut(&initiated).filter(|child| child.run_id.is_empty()) else { return };
    match answer {
        Ok(execution) if open => {
            let release = release(initiated, child, &execution);
            begin(tx, initiated, execution);
            tx.transfer(release);
        }
        Ok(execution) => {
            child.run_id = execution.run_id.clone();
            let transfer = close_policy(initiated, child).map(TransferKind::CloseChild);
            let transfer = transfer.unwrap_or_else(|| release(initiated, child, &execution));
            tx.transfer(transfer);
        }
        Err(_) if !open => {}
        Err(cause) => {
            let asked = asked(child);
            tx.run.state.children.remove(&initiated);
            tx.add(Attributes::StartChildWorkflowExecutionFailedEventAttributes(
                StartChildWorkflowExecutionFailedEventAttributes {
                    namespace: asked.namespace,
                    namespace_id: asked.namespace_id,
                    workflow_id: asked.workflow_id,
                    workflow_type: asked.workflow_type,
                    cause,
                    initiated_event_id: initiated,
                    ..Default::default()
                },
            ));
            tx.wake();
        }
    }
}

/// Writes that a child started.
pub(super) fn begin(tx: &mut Transaction<'_, '_>, initiated: EventId, execution: WorkflowExecution) {
    let Some(child) = tx.run.state.children.get_mut(&initiated) else {
        broken!("child {initiated} starts, and is not pending")
    };
    let asked = asked(child);
    child.run_id.clone_from(&execution.run_id);
    let event = tx.add(Attributes::ChildWorkflowExecutionStartedEventAttributes(
        ChildWorkflowExecutionStartedEventAttributes {
            namespace: asked.namespace,
            namespace_id: asked.namespace_id,
            initiated_event_id: initiated,
            workflow_execution: Some(execution),
            workflow_type: asked.workflow_type,
            header: asked.header,
        },
    ));
    if let Some(child) = tx.run.state.children.get_mut(&initiated) {
        // It has no id while it waits.
        child.started_event_id = event.unwrap_or(0);
    }
    tx.wake();
}

fn release(initiated_event_id: EventId, child: &Child, execution: &WorkflowExecution) -> TransferKind {
    let asked = asked(child);
    TransferKind::ReleaseChild(ReleaseChildTransfer {
        child: Some(WorkflowExecution { workflow_id: asked.workflow_id, run_id: execution.run_id.clone() }),
        namespace_id: asked.namespace_id,
        initiated_event_id,
    })
}

/// What the end of a parent does to this child; none if it is let alone.
pub(super) fn close_policy(initiated_event_id: EventId, child: &Child) -> Option<CloseChildTransfer> {
    let asked = asked(child);
    (asked.parent_close_policy() != ParentClosePolicy::Abandon).then(|| CloseChildTransfer {
        child: Some(WorkflowExecution { workflow_id: asked.workflow_id.clone(), run_id: child.run_id.clone() }),
        policy: asked.parent_close_policy,
        initiated_event_id,
        namespace_id: asked.namespace_id.clone(),
    })
}
