//! What transfers ask of others, and what their runs hear of the answers.

use crate::history::engine::{Run, TransferResult};
use crate::history::shard::request::TransferCall;
use crate::history::shard::transfer;
use crate::history::shard::{Added, Dispatcher, dispatch};
use crate::log::Backoff;
use crate::testing::World;
use async_trait::async_trait;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::{Priority, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{
    CancelExternalWorkflowExecutionFailedCause as CancelFailed, ParentClosePolicy,
    SignalExternalWorkflowExecutionFailedCause as SignalFailed, StartChildWorkflowExecutionFailedCause as StartFailed,
    WorkflowExecutionStatus,
};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::*;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_batch::{ATTEMPTS, Call, Outcome, Selected, Selection};
use resurgam_state::task::{
    ActivityTaskTransfer, CloseChildTransfer, ReleaseChildTransfer, RunKey, TransferKind, TransferTask,
    WorkflowTaskTransfer,
};
use resurgam_state::{Activity, Child, External, State, WorkflowTask};
use std::collections::VecDeque;
use std::sync::Mutex;
use tonic::{Code, Status};

fn execution(workflow_id: &str, run_id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: run_id.to_owned() }
}

fn event(attributes: Attributes) -> Option<HistoryEvent> {
    Some(HistoryEvent { attributes: Some(attributes), ..HistoryEvent::default() })
}

/// A run with something pending of each kind.
fn run() -> Run {
    let child = event(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(
        StartChildWorkflowExecutionInitiatedEventAttributes {
            namespace_id: "n".into(),
            workflow_id: "child".into(),
            ..Default::default()
        },
    ));
    let signal = event(Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(
        SignalExternalWorkflowExecutionInitiatedEventAttributes {
            namespace_id: "n".into(),
            workflow_execution: Some(execution("other", "")),
            signal_name: "go".into(),
            child_workflow_only: true,
            ..Default::default()
        },
    ));
    let cancel = event(Attributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(
        RequestCancelExternalWorkflowExecutionInitiatedEventAttributes {
            namespace_id: "n".into(),
            workflow_execution: Some(execution("other", "")),
            ..Default::default()
        },
    ));
    let mut state = State {
        namespace_id: "n".into(),
        workflow_id: "w".into(),
        run_id: "r".into(),
        status: WorkflowExecutionStatus::Running as i32,
        workflow_task: Some(WorkflowTask { scheduled_event_id: 2, attempt: 1, ..Default::default() }),
        ..State::default()
    };
    state.activities.insert(5, Activity { attempt: 2, scheduled: 100, schedule_to_start: 50, ..Default::default() });
    state.children.insert(6, Child { initiated: child.clone(), request_id: "c".into(), ..Default::default() });
    let started = Child { initiated: child, run_id: "cr".into(), started_event_id: 9, request_id: "d".into() };
    state.children.insert(7, started);
    state.signals.insert(8, External { initiated: signal, request_id: "s".into() });
    state.cancels.insert(9, External { initiated: cancel, request_id: "x".into() });
    Run { state, ..Run::default() }
}

fn call(run: &Run, kind: TransferKind) -> Option<TransferCall> {
    let key = RunKey { namespace_id: "n".into(), workflow_id: "w".into(), run_id: "r".into() };
    transfer::call(&TransferTask { run: key, kind: Some(kind) }, run, "default", 1000)
}

fn workflow_task(scheduled_event_id: i64, attempt: i32) -> TransferKind {
    TransferKind::WorkflowTask(WorkflowTaskTransfer {
        scheduled_event_id,
        task_queue: "q".into(),
        sticky: false,
        attempt,
    })
}

fn activity_task(attempt: i32) -> TransferKind {
    TransferKind::ActivityTask(ActivityTaskTransfer { scheduled_event_id: 5, task_queue: "q".into(), attempt })
}

/// The parent need not know the child any more.
fn release() -> TransferKind {
    TransferKind::ReleaseChild(ReleaseChildTransfer {
        child: Some(execution("child", "cr")),
        namespace_id: "n".into(),
        initiated_event_id: 7,
    })
}

#[test]
fn tasks_that_are_not_meant_any_more_are_dropped() {
    let mut run = run();
    assert!(call(&run, workflow_task(2, 1)).is_some());
    assert!(call(&run, workflow_task(2, 2)).is_none());
    assert!(call(&run, workflow_task(3, 1)).is_none());
    let Some(TransferCall::AddTask(task, None)) = call(&run, activity_task(2)) else { panic!("no task") };
    assert_eq!(task.expires.map(|time| (time.seconds, time.nanos)), Some((0, 150_000_000)));
    assert!(call(&run, activity_task(1)).is_none());
    for id in [6, 7] {
        assert_eq!(call(&run, TransferKind::StartChild(id)).is_some(), id == 6, "one is started already");
    }
    assert!(call(&run, TransferKind::SignalExternal(9)).is_none());
    assert!(call(&run, TransferKind::CancelExternal(8)).is_none());
    run.state.workflow_task.as_mut().unwrap().started_event_id = 3;
    run.state.activities.get_mut(&5).unwrap().started = 1;
    assert!(call(&run, workflow_task(2, 1)).is_none());
    assert!(call(&run, activity_task(2)).is_none());
    run.state.status = WorkflowExecutionStatus::Completed as i32;
    assert!(call(&run, TransferKind::StartChild(6)).is_none(), "its parent would close it");
    let initiated = run.state.children.get_mut(&6).and_then(|child| child.initiated.as_mut()).unwrap();
    if let Some(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(it)) = &mut initiated.attributes {
        it.set_parent_close_policy(ParentClosePolicy::Abandon);
    }
    assert!(call(&run, TransferKind::StartChild(6)).is_some(), "it is left to itself");
}

#[test]
fn tasks_that_cannot_be_are_not_dropped_as_if_they_could() {
    let strange = |what: &str, kind: TransferKind, change: fn(&mut State)| {
        let mut run = run();
        change(&mut run.state);
        let said = std::panic::catch_unwind(|| call(&run, kind)).expect_err(what);
        assert!(said.downcast_ref::<String>().is_some_and(|said| said.contains(what)), "{what}");
    };
    strange("without parent or end", TransferKind::NotifyParent(true), |_| {});
    let child = Some(execution("child", "cr"));
    let close = CloseChildTransfer { policy: 77, child, ..CloseChildTransfer::default() };
    strange("parent close policy 77", TransferKind::CloseChild(close), |_| {});
    strange("no event that asked for it", TransferKind::StartChild(6), |state| {
        state.children.change(|child| child.initiated = None);
    });
    strange("signal 8 was never asked for", TransferKind::SignalExternal(8), |state| {
        state.signals = std::mem::take(&mut state.cancels);
        state.signals = state.signals.values().map(|it| (8, it.clone())).collect();
    });
}

#[test]
fn requests_to_others_say_who_asks() {
    let mut run = run();
    run.state.started.priority = Some(Priority { priority_key: 4, ..Priority::default() });
    let Some(TransferCall::Start(start, 6)) = call(&run, TransferKind::StartChild(6)) else { panic!("no start") };
    let request = start.request.unwrap();
    assert_eq!((request.workflow_id.as_str(), request.request_id.as_str()), ("child", "c"));
    assert_eq!(request.priority.unwrap().priority_key, 4, "its parent's, since it has none of its own");
    assert_eq!(request.workflow_id_conflict_policy, 0, "a child may terminate whoever has its id, by its reuse policy");
    let parent = start.parent.unwrap();
    assert_eq!((parent.namespace.as_str(), parent.initiated_event_id), ("default", 6));
    assert_eq!((parent.execution, start.root), (Some(execution("w", "r")), Some(execution("w", "r"))));
    let Some(TransferCall::Release(release)) = call(&run, release()) else { panic!("no release") };
    assert_eq!(release.target.unwrap().run_id, "cr");
    let Some(TransferCall::Signal(signal, 8)) = call(&run, TransferKind::SignalExternal(8)) else {
        panic!("no signal")
    };
    assert!(signal.child_only && signal.request.unwrap().request_id == "s");

    run.state.started.parent_workflow_execution = Some(execution("p", "pr"));
    run.state.started.parent_initiated_event_id = 4;
    run.state.close_event = Some(HistoryEvent::default());
    let Some(TransferCall::ChildClosed(closed)) = call(&run, TransferKind::NotifyParent(true)) else {
        panic!("no notice")
    };
    assert_eq!((closed.target.unwrap().run_id.as_str(), closed.initiated_event_id), ("pr", 4));

    let close = |policy: ParentClosePolicy| {
        let child = Some(execution("child", "cr"));
        let namespace_id = "n".to_owned();
        let transfer = CloseChildTransfer { child, policy: policy as i32, initiated_event_id: 7, namespace_id };
        call(&run, TransferKind::CloseChild(transfer))
    };
    // Not the run that was started, but the chain that began with it: it may have continued as new.
    let (current, first) = (Some(execution("child", "")), "cr");
    let Some(TransferCall::Terminate(it)) = close(ParentClosePolicy::Terminate) else { panic!("no termination") };
    let request = it.request.unwrap();
    assert!(it.child_only && request.workflow_execution == current && request.first_execution_run_id == first);
    let Some(TransferCall::Cancel(it, None)) = close(ParentClosePolicy::RequestCancel) else {
        panic!("no cancel request")
    };
    let request = it.request.unwrap();
    assert!(it.child_only && request.workflow_execution == current && request.first_execution_run_id == first);
    assert_eq!(close(ParentClosePolicy::Abandon), None);
}

/// Answers every call with the next status, and then well.
struct Scripted(Mutex<VecDeque<Status>>);

impl Scripted {
    fn next(&self) -> Result<(), Status> {
        self.0.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Dispatcher for Scripted {
    async fn namespace(&self, _: &str) -> Result<String, Status> {
        Ok("default".to_owned())
    }

    fn retention(&self, _: &str) -> Option<i64> {
        None
    }

    async fn add_task(&self, _: internal::AddTaskRequest) -> Result<Added, Status> {
        self.next().map(|()| Added::Taken)
    }

    async fn start_workflow(
        &self,
        _: internal::StartWorkflowRequest,
    ) -> Result<api::StartWorkflowExecutionResponse, Status> {
        self.next().map(|()| api::StartWorkflowExecutionResponse { run_id: "new".into(), ..Default::default() })
    }

    async fn signal(&self, _: internal::SignalRequest) -> Result<(), Status> {
        self.next()
    }

    async fn request_cancel(&self, _: internal::RequestCancelRequest) -> Result<(), Status> {
        self.next()
    }

    async fn terminate(&self, _: internal::TerminateRequest) -> Result<(), Status> {
        self.next()
    }

    async fn schedule_first_workflow_task(&self, _: internal::ScheduleFirstWorkflowTaskRequest) -> Result<(), Status> {
        self.next()
    }

    async fn record_child_closed(&self, _: internal::RecordChildClosedRequest) -> Result<(), Status> {
        self.next()
    }

    async fn record_action_closed(&self, _: internal::RecordActionClosedRequest) -> Result<(), Status> {
        self.next()
    }

    async fn count(&self, _: Selection) -> Result<i64, Status> {
        self.next().map(|()| 7)
    }

    async fn select(&self, _: Selection) -> Result<Selected, Status> {
        self.next().map(|()| Selected::default())
    }

    async fn operate(&self, _: Call) -> Result<(), Status> {
        self.next()
    }
}

/// What the run hears, and how many statuses were used up.
async fn outcome(kind: TransferKind, statuses: &[(Code, &str)]) -> (Option<TransferResult>, usize) {
    let statuses: VecDeque<_> = statuses.iter().map(|(code, message)| Status::new(*code, *message)).collect();
    let (count, dispatcher) = (statuses.len(), Scripted(Mutex::new(statuses)));
    let call = call(&run(), kind).unwrap();
    let heard = dispatch::carry_out(&dispatcher, Backoff::new(World::new(1)), "r".into(), call).await;
    let left = dispatcher.0.lock().unwrap().len();
    (heard, count - left)
}

#[tokio::test(start_paused = true)]
async fn only_definite_answers_end_a_transfer() {
    let waits = [
        (Code::Unavailable, ""),
        (Code::DeadlineExceeded, ""),
        (Code::Cancelled, ""),
        (Code::Unknown, ""),
        (Code::Internal, ""),
        (Code::ResourceExhausted, ""),
        (Code::Aborted, ""),
    ];
    let (heard, used) = outcome(TransferKind::StartChild(6), &waits).await;
    assert!(
        matches!(heard, Some(TransferResult::ChildStarted(_, 6, Ok(started))) if started == execution("child", "new"))
    );
    assert_eq!(used, waits.len());
    for transfer in [workflow_task(2, 1), release()] {
        let (heard, used) = outcome(transfer, &waits).await;
        assert!(heard.is_none() && used == waits.len());
    }
    let refused = [(Code::InvalidArgument, ""), (Code::Unavailable, "")];
    let (heard, used) = outcome(release(), &refused).await;
    assert!(heard.is_none() && used == 1);
    let (heard, used) = outcome(workflow_task(2, 1), &refused).await;
    assert!(heard.is_none() && used == 2, "nobody else would offer the task again");
}

#[tokio::test(start_paused = true)]
async fn refusals_have_causes() {
    const EXISTS: i32 = StartFailed::WorkflowAlreadyExists as i32;
    let (heard, _) = outcome(TransferKind::StartChild(6), &[(Code::AlreadyExists, "")]).await;
    assert!(matches!(heard, Some(TransferResult::ChildStarted(_, 6, Err(EXISTS)))));
    const UNKNOWN: i32 = SignalFailed::ExternalWorkflowExecutionNotFound as i32;
    let (heard, _) =
        outcome(TransferKind::SignalExternal(8), &[(Code::Unavailable, ""), (Code::NotFound, "gone")]).await;
    assert!(matches!(heard, Some(TransferResult::ExternalSignaled(_, 8, Err(UNKNOWN)))));
    const NOWHERE: i32 = SignalFailed::NamespaceNotFound as i32;
    let nowhere = [(Code::NotFound, "Namespace x is not found.")];
    let (heard, _) = outcome(TransferKind::SignalExternal(8), &nowhere).await;
    assert!(matches!(heard, Some(TransferResult::ExternalSignaled(_, 8, Err(NOWHERE)))));
    const GONE: i32 = CancelFailed::ExternalWorkflowExecutionNotFound as i32;
    let (heard, _) = outcome(TransferKind::CancelExternal(9), &[(Code::NotFound, "gone")]).await;
    assert!(matches!(heard, Some(TransferResult::ExternalCanceled(_, 9, Err(GONE)))));
    assert!(matches!(
        outcome(TransferKind::CancelExternal(9), &[]).await.0,
        Some(TransferResult::ExternalCanceled(_, 9, Ok(())))
    ));
}

/// What comes of the workflow with the number 3 of a batch operation, which is found once more or not.
async fn operated(late: bool, statuses: &[(Code, &str)]) -> (Option<TransferResult>, usize) {
    let statuses: VecDeque<_> = statuses.iter().map(|(code, message)| Status::new(*code, *message)).collect();
    let (count, dispatcher) = (statuses.len(), Scripted(Mutex::new(statuses)));
    let call = Call::Delete(internal::DeleteRequest { once: late, ..Default::default() });
    let call = TransferCall::Operate(Some(Box::new(call)), 3);
    let heard = dispatch::carry_out(&dispatcher, Backoff::new(World::new(1)), "r".into(), call).await;
    let left = dispatcher.0.lock().unwrap().len();
    (heard, count - left)
}

#[tokio::test(start_paused = true)]
async fn a_workflow_of_a_batch_operation_is_asked_until_it_answers_and_not_for_ever() {
    let heard = |outcome, used| (Some(TransferResult::Operated("r".into(), 3, outcome)), used);
    assert_eq!(operated(false, &[]).await, heard(Outcome::Done, 0));
    assert_eq!(operated(false, &[(Code::Unavailable, ""), (Code::NotFound, "")]).await, heard(Outcome::Done, 2));
    assert_eq!(operated(true, &[(Code::NotFound, "")]).await, heard(Outcome::Seen, 1));
    assert_eq!(operated(false, &[(Code::InvalidArgument, ""); 2]).await, heard(Outcome::Refused, 1));
    assert_eq!(operated(false, &[(Code::Unavailable, ""); 60]).await, heard(Outcome::Refused, ATTEMPTS));
}
