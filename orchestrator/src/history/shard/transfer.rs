//! What a transfer asks of others: from its kind and the state of its run to the request that is sent. The same
//! transfer always yields the same request ids, so that doing it twice does no harm. Nothing here sends.

use super::request::TransferCall;
use super::{action, operation};
use crate::history::engine::transaction::timestamp;
use crate::history::engine::{IDENTITY, Run, priority};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{self, Source, TaskKind, TaskQueue, TaskToken};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{ParentClosePolicy as Policy, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::{
    ActivityTaskTransfer, CloseChildTransfer, ReleaseChildTransfer, TransferKind, TransferTask, WorkflowTaskTransfer,
};
use resurgam_state::{EventId, Millis, State};

/// The request to others of `transfer`, given its run; none if there is nothing to do any more. `namespace` names the run's.
pub(super) fn call(transfer: &TransferTask, run: &Run, namespace: &str, now: Millis) -> Option<TransferCall> {
    let state = &run.state;
    let requests = Requests { state, namespace, now };
    let Some(asked) = &transfer.kind else { broken!("a transfer task says nothing") };
    match asked {
        TransferKind::WorkflowTask(task) => requests.workflow_task(task),
        TransferKind::ActivityTask(task) => requests.activity_task(task),
        TransferKind::StartChild(id) => requests.start_child(*id),
        TransferKind::SignalExternal(id) => requests.signal(*id),
        TransferKind::CancelExternal(id) => requests.cancel(*id),
        TransferKind::NotifyParent(_) => requests.notify_parent(),
        TransferKind::CloseChild(close) => requests.close_child(close),
        TransferKind::ReleaseChild(release) => requests.release_child(release),
        TransferKind::StartAction(id) => {
            action::start(state, namespace, *id).map(|it| TransferCall::StartAction(it, *id))
        }
        TransferKind::StopAction(it) if it.terminate => action::end(state, namespace, it).map(TransferCall::Terminate),
        TransferKind::StopAction(it) => action::cancel(state, namespace, it).map(|it| TransferCall::Cancel(it, None)),
        TransferKind::NotifySchedule(_) => Some(TransferCall::ActionClosed(action::closed(state))),
        TransferKind::CountBatch(_) => operation::select(state).map(TransferCall::Count),
        TransferKind::SelectPage(page) => operation::select(state).map(|it| TransferCall::Select(it, *page)),
        TransferKind::Operate(number) => operation::call(state, namespace, *number),
        TransferKind::DeleteHistory(_) => broken!("a run is there whose history is to be deleted"),
    }
}

struct Requests<'a> {
    state: &'a State,
    namespace: &'a str,
    now: Millis,
}

impl Requests<'_> {
    fn execution(&self) -> WorkflowExecution {
        WorkflowExecution { workflow_id: self.state.workflow_id.clone(), run_id: self.state.run_id.clone() }
    }

    fn source(&self, initiated_event_id: EventId) -> Option<Source> {
        Some(Source {
            namespace_id: self.state.namespace_id.clone(),
            namespace: self.namespace.to_owned(),
            execution: Some(self.execution()),
            initiated_event_id,
        })
    }

    fn token(&self, scheduled_event_id: EventId, attempt: i32) -> TaskToken {
        TaskToken {
            namespace_id: self.state.namespace_id.clone(),
            workflow_id: self.state.workflow_id.clone(),
            run_id: self.state.run_id.clone(),
            scheduled_event_id,
            attempt,
            ..TaskToken::default()
        }
    }

    fn queue(&self, name: &str, kind: TaskKind, sticky: bool) -> Option<TaskQueue> {
        let namespace_id = self.state.namespace_id.clone();
        Some(TaskQueue { namespace_id, name: name.to_owned(), kind: kind as i32, sticky })
    }

    fn workflow_task(&self, transfer: &WorkflowTaskTransfer) -> Option<TransferCall> {
        let task = self.state.workflow_task.as_ref()?;
        let meant = task.scheduled_event_id == transfer.scheduled_event_id && task.attempt == transfer.attempt;
        if !meant || task.started_event_id != 0 {
            return None;
        }
        let request = internal::AddTaskRequest {
            task_queue: self.queue(&transfer.task_queue, TaskKind::Workflow, transfer.sticky),
            task: Some(self.token(transfer.scheduled_event_id, transfer.attempt)),
            expires: None,
            created: Some(timestamp(self.now)),
        };
        Some(TransferCall::AddTask(request, transfer.sticky.then_some(transfer.scheduled_event_id)))
    }

    fn activity_task(&self, transfer: &ActivityTaskTransfer) -> Option<TransferCall> {
        let activity = self.state.activities.get(&transfer.scheduled_event_id)?;
        if activity.attempt != transfer.attempt || activity.started != 0 {
            return None;
        }
        let limit = activity.schedule_to_start;
        let mut task = self.token(transfer.scheduled_event_id, transfer.attempt);
        task.activity_id.clone_from(&activity.activity_id);
        let request = internal::AddTaskRequest {
            task_queue: self.queue(&transfer.task_queue, TaskKind::Activity, false),
            task: Some(task),
            expires: (limit > 0).then(|| timestamp(activity.scheduled + limit)),
            created: Some(timestamp(self.now)),
        };
        Some(TransferCall::AddTask(request, None))
    }

    fn start_child(&self, id: EventId) -> Option<TransferCall> {
        let child = self.state.children.get(&id).filter(|child| child.started_event_id == 0)?;
        let asked = attributes(&child.initiated).clone();
        let Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(it) = asked else {
            broken!("child {id} was never asked for")
        };
        // A parent that has closed meanwhile starts only what it leaves to itself.
        (self.state.status == Status::Running as i32 || it.parent_close_policy() == Policy::Abandon).then_some(())?;
        let child_id = WorkflowExecution { workflow_id: it.workflow_id.clone(), run_id: String::new() };
        let target = target(it.namespace_id, Some(child_id));
        let request = api::StartWorkflowExecutionRequest {
            namespace: it.namespace,
            workflow_id: it.workflow_id,
            workflow_type: it.workflow_type,
            task_queue: it.task_queue,
            input: it.input,
            workflow_execution_timeout: it.workflow_execution_timeout,
            workflow_run_timeout: it.workflow_run_timeout,
            workflow_task_timeout: it.workflow_task_timeout,
            request_id: child.request_id.clone(),
            workflow_id_reuse_policy: it.workflow_id_reuse_policy,
            // The conflict policy is the usual one, or what the reuse policy implies.
            retry_policy: it.retry_policy,
            cron_schedule: it.cron_schedule,
            memo: it.memo,
            search_attributes: it.search_attributes,
            header: it.header,
            user_metadata: child.initiated.as_ref().and_then(|event| event.user_metadata.clone()),
            priority: priority::merge(self.state.started.priority.as_ref(), it.priority.as_ref()),
            ..api::StartWorkflowExecutionRequest::default()
        };
        let request = internal::StartWorkflowRequest {
            target,
            request: Some(request),
            parent: self.source(id),
            root: self.state.root.clone().or_else(|| Some(self.execution())),
            action: None,
        };
        Some(TransferCall::Start(request, id))
    }

    fn signal(&self, id: EventId) -> Option<TransferCall> {
        let signal = self.state.signals.get(&id)?;
        let Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(it) = attributes(&signal.initiated)
        else {
            broken!("signal {id} was never asked for")
        };
        let it = it.clone();
        let target = target(it.namespace_id, it.workflow_execution.clone());
        let request = api::SignalWorkflowExecutionRequest {
            namespace: it.namespace,
            workflow_execution: it.workflow_execution,
            signal_name: it.signal_name,
            input: it.input,
            request_id: signal.request_id.clone(),
            header: it.header,
            identity: IDENTITY.to_owned(),
            ..api::SignalWorkflowExecutionRequest::default()
        };
        let request = internal::SignalRequest {
            target,
            request: Some(request),
            source: self.source(id),
            child_only: it.child_workflow_only,
        };
        Some(TransferCall::Signal(request, id))
    }

    fn cancel(&self, id: EventId) -> Option<TransferCall> {
        let cancel = self.state.cancels.get(&id)?;
        let Attributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(it) =
            attributes(&cancel.initiated)
        else {
            broken!("cancel request {id} was never asked for")
        };
        let it = it.clone();
        let target = target(it.namespace_id, it.workflow_execution.clone());
        let request = api::RequestCancelWorkflowExecutionRequest {
            namespace: it.namespace,
            workflow_execution: it.workflow_execution,
            request_id: cancel.request_id.clone(),
            reason: it.reason,
            identity: IDENTITY.to_owned(),
            ..api::RequestCancelWorkflowExecutionRequest::default()
        };
        let request = internal::RequestCancelRequest {
            target,
            request: Some(request),
            source: self.source(id),
            child_only: it.child_workflow_only,
        };
        Some(TransferCall::Cancel(request, Some(id)))
    }

    fn notify_parent(&self) -> Option<TransferCall> {
        let started = &self.state.started;
        let told = started.parent_workflow_execution.clone().zip(self.state.close_event.clone());
        let Some((parent, close)) = told else { broken!("a run without parent or end is to tell its parent") };
        Some(TransferCall::ChildClosed(internal::RecordChildClosedRequest {
            target: target(started.parent_workflow_namespace_id.clone(), Some(parent)),
            initiated_event_id: started.parent_initiated_event_id,
            child: Some(self.execution()),
            close: Some(close),
        }))
    }

    /// The child is the chain that began with the run that was started: whichever of its runs is the current one by now.
    fn close_child(&self, transfer: &CloseChildTransfer) -> Option<TransferCall> {
        let source = self.source(transfer.initiated_event_id);
        let Some(child) = transfer.child.clone() else { broken!("a parent close policy is to be applied to nobody") };
        let current = WorkflowExecution { workflow_id: child.workflow_id.clone(), run_id: String::new() };
        let (execution, first_execution_run_id) =
            if planted(Bug::ParentCloseOfFirstRun) { (child, String::new()) } else { (current, child.run_id) };
        let workflow_execution = Some(execution);
        let target = target(transfer.namespace_id.clone(), workflow_execution.clone());
        let Ok(policy) = Policy::try_from(transfer.policy) else {
            broken!("parent close policy {} is to be applied", transfer.policy)
        };
        match policy {
            Policy::Terminate => Some(TransferCall::Terminate(internal::TerminateRequest {
                target,
                request: Some(api::TerminateWorkflowExecutionRequest {
                    workflow_execution,
                    first_execution_run_id,
                    reason: "by parent close policy".to_owned(),
                    identity: IDENTITY.to_owned(),
                    ..api::TerminateWorkflowExecutionRequest::default()
                }),
                child_only: true,
                source,
            })),
            Policy::RequestCancel => {
                let request = api::RequestCancelWorkflowExecutionRequest {
                    workflow_execution,
                    first_execution_run_id,
                    request_id: format!("{}/{}", self.state.run_id, transfer.initiated_event_id),
                    identity: IDENTITY.to_owned(),
                    ..api::RequestCancelWorkflowExecutionRequest::default()
                };
                let request =
                    internal::RequestCancelRequest { target, request: Some(request), source, child_only: true };
                Some(TransferCall::Cancel(request, None))
            }
            Policy::Abandon | Policy::Unspecified => None,
        }
    }

    fn release_child(&self, transfer: &ReleaseChildTransfer) -> Option<TransferCall> {
        Some(TransferCall::Release(internal::ScheduleFirstWorkflowTaskRequest {
            target: target(transfer.namespace_id.clone(), transfer.child.clone()),
            parent: self.source(transfer.initiated_event_id),
        }))
    }
}

fn attributes(event: &Option<HistoryEvent>) -> &Attributes {
    let said = event.as_ref().and_then(|event| event.attributes.as_ref());
    said.unwrap_or_else(|| broken!("what is pending has no event that asked for it"))
}

/// A workflow, or one run of it, as the one that a call is about.
fn target(namespace_id: String, execution: Option<WorkflowExecution>) -> Option<internal::Target> {
    let WorkflowExecution { workflow_id, run_id } = execution?;
    Some(internal::Target { namespace_id, workflow_id, run_id })
}
