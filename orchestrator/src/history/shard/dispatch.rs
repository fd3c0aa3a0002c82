//! Doing a transfer: the request goes out again and again until somebody gives a definite answer, which becomes an input of
//! the run that asked. At least once; that nothing happens twice is the receiver's care, by request ids.

use super::request::TransferCall;
use crate::history::engine::TransferResult;
use crate::invariant::broken;
use crate::log::{Backoff, Error};
use async_trait::async_trait;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{
    CancelExternalWorkflowExecutionFailedCause as CancelFailed,
    SignalExternalWorkflowExecutionFailedCause as SignalFailed, StartChildWorkflowExecutionFailedCause as StartFailed,
};
use resurgam_api::temporal::workflowservice::v1::StartWorkflowExecutionResponse;
use resurgam_batch::{ATTEMPTS, Call, Outcome, Selected, Selection};
use resurgam_state::Millis;
use tonic::{Code, Status};

/// What became of an offered task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is durable there, or needed no more.
    Taken,
    /// The sticky queue has no worker.
    NoStickyWorker,
}

/// The rest of the cluster, as a shard calls it. An error is the callee's status: `UNAVAILABLE` and its like are tried
/// again, others are definite.
#[async_trait]
pub trait Dispatcher: Send + Sync + 'static {
    /// The name of a namespace, read if it is not known here. `NOT_FOUND`: there is none with this id.
    async fn namespace(&self, namespace_id: &str) -> Result<String, Status>;
    /// How long a namespace keeps closed runs, in milliseconds; `None`: it is not known here.
    fn retention(&self, namespace_id: &str) -> Option<Millis>;
    /// To matching: takes over a task.
    async fn add_task(&self, request: internal::AddTaskRequest) -> Result<Added, Status>;
    /// To a shard: starts a child.
    async fn start_workflow(
        &self,
        request: internal::StartWorkflowRequest,
    ) -> Result<StartWorkflowExecutionResponse, Status>;
    /// To a shard: signals.
    async fn signal(&self, request: internal::SignalRequest) -> Result<(), Status>;
    /// To a shard: asks to cancel.
    async fn request_cancel(&self, request: internal::RequestCancelRequest) -> Result<(), Status>;
    /// To a shard: terminates.
    async fn terminate(&self, request: internal::TerminateRequest) -> Result<(), Status>;
    /// To a child's shard: it may have its first workflow task.
    async fn schedule_first_workflow_task(
        &self,
        request: internal::ScheduleFirstWorkflowTaskRequest,
    ) -> Result<(), Status>;
    /// To a parent's shard: the last run of a child closed.
    async fn record_child_closed(&self, request: internal::RecordChildClosedRequest) -> Result<(), Status>;
    /// To a schedule's shard: the last run of what it has started closed.
    async fn record_action_closed(&self, request: internal::RecordActionClosedRequest) -> Result<(), Status>;
    /// How many workflows a batch operation is about.
    async fn count(&self, selection: Selection) -> Result<i64, Status>;
    /// Some of them.
    async fn select(&self, selection: Selection) -> Result<Selected, Status>;
    /// To the shard of one of them: what the batch operation says.
    async fn operate(&self, call: Call) -> Result<(), Status>;
}

/// The name that events show of a namespace.
///
/// # Errors
/// [`Error::Unavailable`] if it cannot be read now.
pub(super) async fn shown_name(dispatcher: &dyn Dispatcher, namespace_id: &str) -> Result<String, Error> {
    match dispatcher.namespace(namespace_id).await {
        // It has no workflow either: the step refuses, and no event shows this.
        Err(problem) if problem.code() == Code::NotFound => Ok(namespace_id.to_owned()),
        known => known.map_err(|problem| Error::Unavailable(problem.message().to_owned())),
    }
}

/// Makes `call` until it has a definite answer; returns what the run `run_id` has to hear of it.
pub(super) async fn carry_out(
    dispatcher: &dyn Dispatcher,
    mut backoff: Backoff,
    run_id: String,
    call: TransferCall,
) -> Option<TransferResult> {
    let mut attempts = 0;
    loop {
        match attempt(dispatcher, &run_id, call.clone()).await {
            Ok(result) => return result,
            Err(status) => tracing::debug!(run_id, code = ?status.code(), "a transfer has to wait"),
        }
        attempts += 1;
        if let TransferCall::Operate(_, number) = &call
            && attempts >= ATTEMPTS
        {
            return Some(TransferResult::Operated(run_id, *number, Outcome::Refused));
        }
        backoff.wait().await;
    }
}

/// The definite answer to one attempt, or a status that is none.
async fn attempt(
    dispatcher: &dyn Dispatcher,
    run_id: &str,
    call: TransferCall,
) -> Result<Option<TransferResult>, Status> {
    let run_id = run_id.to_owned();
    Ok(match call {
        // No refusal ends this: nobody else would ever offer the task again.
        TransferCall::AddTask(request, sticky) => match (dispatcher.add_task(request).await?, sticky) {
            (Added::NoStickyWorker, Some(scheduled)) => Some(TransferResult::StickyUnavailable(run_id, scheduled)),
            _ => None,
        },
        TransferCall::Start(request, id) => {
            let Some(workflow_id) = request.request.as_ref().map(|request| request.workflow_id.clone()) else {
                broken!("a child is to be started without a request")
            };
            let answer = definite(dispatcher.start_workflow(request).await)?;
            let answer = answer
                .map(|started| WorkflowExecution { workflow_id, run_id: started.run_id })
                .map_err(|status| start_failed(&status) as i32);
            Some(TransferResult::ChildStarted(run_id, id, answer))
        }
        TransferCall::Signal(request, id) => {
            let answer = definite(dispatcher.signal(request).await)?;
            Some(TransferResult::ExternalSignaled(run_id, id, answer.map_err(|status| signal_failed(&status) as i32)))
        }
        TransferCall::Cancel(request, id) => {
            let answer = definite(dispatcher.request_cancel(request).await)?;
            let answer = answer.map_err(|status| cancel_failed(&status) as i32);
            id.map(|id| TransferResult::ExternalCanceled(run_id, id, answer))
        }
        TransferCall::Terminate(request) => definite(dispatcher.terminate(request).await)?.map_or(None, |()| None),
        TransferCall::Release(request) => {
            definite(dispatcher.schedule_first_workflow_task(request).await)?.map_or(None, |()| None)
        }
        TransferCall::ChildClosed(request) => {
            definite(dispatcher.record_child_closed(request).await)?.map_or(None, |()| None)
        }
        TransferCall::StartAction(request, number) => {
            let Some(workflow_id) = request.request.as_ref().map(|request| request.workflow_id.clone()) else {
                broken!("a schedule is to start nothing")
            };
            let answer = definite(dispatcher.start_workflow(request).await)?.ok();
            let started = answer.map(|started| WorkflowExecution { workflow_id, run_id: started.run_id });
            Some(TransferResult::ActionStarted(run_id, number, started))
        }
        TransferCall::ActionClosed(request) => {
            definite(dispatcher.record_action_closed(request).await)?.map_or(None, |()| None)
        }
        TransferCall::Count(selection) => {
            let count = definite(dispatcher.count(selection).await)?;
            Some(TransferResult::BatchCounted(run_id, count.map_err(|status| status.message().to_owned())))
        }
        TransferCall::Select(selection, page) => {
            let selected = definite(dispatcher.select(selection).await)?;
            Some(TransferResult::PageSelected(run_id, page, selected.map_err(|status| status.message().to_owned())))
        }
        TransferCall::Operate(None, number) => Some(TransferResult::Operated(run_id, number, Outcome::Refused)),
        TransferCall::Operate(Some(call), number) => {
            let repeated = call.is_repeated();
            let outcome = match definite(dispatcher.operate(*call).await)? {
                Ok(()) => Outcome::Done,
                Err(status) if status.code() == Code::NotFound && repeated => Outcome::Seen,
                // It is not there any more, or has ended.
                Err(status) if status.code() == Code::NotFound => Outcome::Done,
                Err(_) => Outcome::Refused,
            };
            Some(TransferResult::Operated(run_id, number, outcome))
        }
    })
}

/// Tells answers from statuses that leave everything open.
fn definite<T>(answer: Result<T, Status>) -> Result<Result<T, Status>, Status> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(status) => match status.code() {
            Code::NotFound
            | Code::AlreadyExists
            | Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::PermissionDenied
            | Code::Unimplemented
            | Code::OutOfRange => Ok(Err(status)),
            _ => Err(status),
        },
    }
}

fn names_namespace(status: &Status) -> bool {
    status.message().starts_with("Namespace ")
}

fn start_failed(status: &Status) -> StartFailed {
    match status.code() {
        Code::AlreadyExists => StartFailed::WorkflowAlreadyExists,
        Code::NotFound => StartFailed::NamespaceNotFound,
        _ => StartFailed::Unspecified,
    }
}

fn signal_failed(status: &Status) -> SignalFailed {
    match status.code() {
        Code::NotFound if names_namespace(status) => SignalFailed::NamespaceNotFound,
        Code::NotFound => SignalFailed::ExternalWorkflowExecutionNotFound,
        Code::InvalidArgument => SignalFailed::SignalCountLimitExceeded,
        _ => SignalFailed::Unspecified,
    }
}

fn cancel_failed(status: &Status) -> CancelFailed {
    match status.code() {
        Code::NotFound if names_namespace(status) => CancelFailed::NamespaceNotFound,
        Code::NotFound => CancelFailed::ExternalWorkflowExecutionNotFound,
        _ => CancelFailed::Unspecified,
    }
}
