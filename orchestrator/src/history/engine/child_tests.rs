//! Tests of children as their parent sees them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::child::*;
use super::child_end::closed;
use super::fixture::Fixture;
use crate::cluster::Rejection;
use resurgam_api::internal::{RecordChildClosedRequest, RecordChildClosedResponse};
use resurgam_api::temporal::command::v1::StartChildWorkflowExecutionCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes as Command;
use resurgam_api::temporal::common::v1::{RetryPolicy, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{ParentClosePolicy, WorkflowTaskFailedCause as Cause};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::*;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_state::EventId;
use resurgam_state::task::TransferKind;

const ID: EventId = 6;

fn call(set: impl FnOnce(&mut StartChildWorkflowExecutionCommandAttributes)) -> Command {
    let mut it = StartChildWorkflowExecutionCommandAttributes {
        workflow_id: "c".into(),
        workflow_type: Some(WorkflowType { name: "t".into() }),
        ..Default::default()
    };
    set(&mut it);
    Command::StartChildWorkflowExecutionCommandAttributes(it)
}

fn asked(set: impl FnOnce(&mut StartChildWorkflowExecutionCommandAttributes)) -> Fixture {
    let mut run = Fixture::new();
    run.run.state.started.task_queue = Some(TaskQueue { name: "q".into(), ..TaskQueue::default() });
    run.commands(vec![call(set)]).unwrap();
    assert_eq!(run.take(), ["WorkflowTaskCompleted", "StartChildWorkflowExecutionInitiated"]);
    assert_eq!(run.transfers.pop(), Some(TransferKind::StartChild(ID)));
    run
}

fn execution(run_id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: "c".into(), run_id: run_id.into() }
}

fn tell(run: &mut Fixture, close: Attributes) -> Result<RecordChildClosedResponse, Rejection> {
    let request = RecordChildClosedRequest {
        initiated_event_id: ID,
        child: Some(execution("last")),
        close: Some(HistoryEvent { attributes: Some(close), ..HistoryEvent::default() }),
        ..RecordChildClosedRequest::default()
    };
    run.step(|tx| closed(tx, request))
}

fn completed() -> Attributes {
    Attributes::WorkflowExecutionCompletedEventAttributes(WorkflowExecutionCompletedEventAttributes::default())
}

#[test]
fn a_child_starts_once_is_released_and_ends_once() {
    let mut run = asked(|_| {});
    assert_eq!(run.run.state.children[&ID].request_id, format!("{}:{ID}:0", run.run.state.run_id));
    run.step(|tx| started(tx, ID, Ok(execution("first"))));
    assert!(matches!(&run.transfers[..], [TransferKind::ReleaseChild(it)] if it.child == Some(execution("first"))));
    run.step(|tx| started(tx, ID, Ok(execution("first"))));
    run.step(|tx| started(tx, ID, Err(1)));
    assert_eq!(run.take(), ["ChildWorkflowExecutionStarted"]);
    assert!(run.woken);
    assert_eq!(tell(&mut run, completed()), Ok(RecordChildClosedResponse::default()));
    let Some(Attributes::ChildWorkflowExecutionCompletedEventAttributes(end)) = &run.events[0].attributes else {
        panic!()
    };
    assert_eq!((end.initiated_event_id, end.started_event_id), (ID, 7));
    assert_eq!(end.workflow_execution, Some(execution("last")));
    assert!(matches!(tell(&mut run, completed()), Err(Rejection::NotFound(_))));
    assert_eq!(run.take().len(), 1);
}

#[test]
fn every_end_has_its_event() {
    use Attributes as A;
    let ends = [
        (A::WorkflowExecutionFailedEventAttributes(Default::default()), "ChildWorkflowExecutionFailed"),
        (A::WorkflowExecutionCanceledEventAttributes(Default::default()), "ChildWorkflowExecutionCanceled"),
        (A::WorkflowExecutionTimedOutEventAttributes(Default::default()), "ChildWorkflowExecutionTimedOut"),
        (A::WorkflowExecutionTerminatedEventAttributes(Default::default()), "ChildWorkflowExecutionTerminated"),
    ];
    for (close, event) in ends {
        let mut run = asked(|_| {});
        run.step(|tx| started(tx, ID, Ok(execution("first"))));
        run.take();
        tell(&mut run, close).unwrap();
        assert_eq!(run.take(), [event]);
    }
    let mut run = asked(|_| {});
    run.step(|tx| started(tx, ID, Ok(execution("first"))));
    let continued = A::WorkflowExecutionContinuedAsNewEventAttributes(Default::default());
    assert!(matches!(tell(&mut run, continued), Err(Rejection::InvalidArgument(_))));
    assert!(run.run.state.children.contains_key(&ID));
}

#[test]
fn an_end_that_overtakes_the_start_brings_it_along() {
    let mut run = asked(|_| {});
    tell(&mut run, completed()).unwrap();
    assert_eq!(run.take(), ["ChildWorkflowExecutionStarted", "ChildWorkflowExecutionCompleted"]);
    run.step(|tx| started(tx, ID, Ok(execution("first"))));
    assert!(run.take().is_empty());
    let mut run = asked(|_| {});
    run.busy(true);
    tell(&mut run, completed()).unwrap();
    assert_eq!(run.buffered(), ["ChildWorkflowExecutionStarted", "ChildWorkflowExecutionCompleted"]);
}

#[test]
fn a_start_can_fail() {
    let mut run = asked(|_| {});
    run.step(|tx| started(tx, ID, Err(1)));
    let Some(Attributes::StartChildWorkflowExecutionFailedEventAttributes(it)) = &run.events[0].attributes else {
        panic!()
    };
    assert_eq!((it.initiated_event_id, it.cause), (ID, 1));
    assert!(run.woken && run.run.state.children.is_empty());
}

#[test]
fn a_closed_parent_does_its_duty_to_a_late_child() {
    for (policy, abandoned) in [(ParentClosePolicy::RequestCancel, false), (ParentClosePolicy::Abandon, true)] {
        let mut run = asked(|it| it.set_parent_close_policy(policy));
        assert_eq!(close_policy(ID, &run.run.state.children[&ID]).is_none(), abandoned);
        run.run.state.status = 2;
        run.step(|tx| started(tx, ID, Ok(execution("first"))));
        assert!(run.take().is_empty() && !run.woken);
        match &run.transfers[..] {
            [TransferKind::ReleaseChild(it)] => assert!(abandoned && it.initiated_event_id == ID),
            [TransferKind::CloseChild(transfer)] => {
                assert!(!abandoned && transfer.child == Some(execution("first")) && transfer.policy == policy as i32);
            }
            other => panic!("{other:?}"),
        }
    }
    let run = asked(|_| {});
    let close = close_policy(ID, &run.run.state.children[&ID]).unwrap();
    assert_eq!(close.policy, ParentClosePolicy::Terminate as i32);
}

#[test]
fn bad_children_are_refused() {
    let refused = |set: fn(&mut StartChildWorkflowExecutionCommandAttributes)| {
        let mut run = asked(|_| {});
        run.commands(vec![call(set)]).unwrap_err().cause
    };
    let bad = Cause::BadStartChildExecutionAttributes;
    assert_eq!(refused(|it| it.workflow_id.clear()), bad);
    assert_eq!(refused(|it| it.workflow_type = None), bad);
    assert_eq!(refused(|it| it.workflow_id = "c".repeat(1001)), bad);
    assert_eq!(refused(|it| it.workflow_run_timeout = Some(super::span::duration(-5))), bad);
    assert_eq!(refused(|it| it.retry_policy = Some(RetryPolicy { maximum_attempts: -1, ..Default::default() })), bad);
    let mut run = asked(|_| {});
    run.limits.pending = 1;
    assert_eq!(run.commands(vec![call(|_| {})]).unwrap_err().cause, Cause::PendingChildWorkflowsLimitExceeded);
}
