//! Activities, children and messages to others, together with the workflow tasks around them.

use super::shard::{Shard, finish, marker, target};
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;
use crate::history::engine::span::duration;
use resurgam_api::internal::{self, TaskToken};
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::command::v1::{
    RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes,
    SignalExternalWorkflowExecutionCommandAttributes, StartChildWorkflowExecutionCommandAttributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{ParentClosePolicy, WorkflowTaskFailedCause};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{HistoryEvent, WorkflowExecutionTerminatedEventAttributes};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_state::task::TransferKind;

/// The event of the first command of the first workflow task.
const FIRST: i64 = 5;

fn activity(id: &str) -> Decided {
    Decided::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: id.into(),
        activity_type: Some(ActivityType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
        start_to_close_timeout: Some(duration(1000)),
        ..Default::default()
    })
}

fn child(policy: ParentClosePolicy) -> Decided {
    Decided::StartChildWorkflowExecutionCommandAttributes(StartChildWorkflowExecutionCommandAttributes {
        workflow_id: "c".into(),
        workflow_type: Some(WorkflowType { name: "t".into() }),
        parent_close_policy: policy.into(),
        ..Default::default()
    })
}

/// A run whose first workflow task decided this.
fn decided(commands: Vec<Decided>) -> Shard {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.complete(&task, commands).unwrap();
    shard
}

fn token(shard: &Shard, scheduled_event_id: i64) -> Option<TaskToken> {
    Some(TaskToken { run_id: shard.current(), scheduled_event_id, attempt: 1, ..TaskToken::default() })
}

fn start(shard: &mut Shard, id: i64) -> Result<(), Rejection> {
    let task = token(shard, id);
    let request_id = "x".into();
    shard.step(internal::RecordActivityTaskStartedRequest { task, request_id, ..Default::default() }).map(drop)
}

fn complete(shard: &mut Shard, id: i64) -> Result<(), Rejection> {
    let task = token(shard, id);
    shard.step(internal::CompleteActivityRequest { task, request: Some(Default::default()) }).map(drop)
}

/// The last event of the history.
fn last(shard: &Shard) -> &Attributes {
    shard.histories[&shard.current()].last().unwrap().attributes.as_ref().unwrap()
}

fn child_closed(shard: &mut Shard) -> Result<(), Rejection> {
    let close = WorkflowExecutionTerminatedEventAttributes::default();
    let attributes = Some(Attributes::WorkflowExecutionTerminatedEventAttributes(close));
    let run = shard.current();
    shard
        .step(internal::RecordChildClosedRequest {
            target: target(&run),
            initiated_event_id: FIRST,
            child: Some(WorkflowExecution { workflow_id: "c".into(), run_id: "x".into() }),
            close: Some(HistoryEvent { attributes, ..HistoryEvent::default() }),
        })
        .map(drop)
}

fn child_started(shard: &mut Shard) {
    let execution = WorkflowExecution { workflow_id: "c".into(), run_id: "x".into() };
    shard.step(TransferResult::ChildStarted(shard.current(), FIRST, Ok(execution))).unwrap();
}

#[test]
fn the_end_of_an_activity_wakes_the_worker() {
    let mut shard = decided(vec![activity("a")]);
    assert!(shard.transfers.iter().any(|it| matches!(it.kind, Some(TransferKind::ActivityTask(_)))));
    start(&mut shard, FIRST).unwrap();
    complete(&mut shard, FIRST).unwrap();
    let names = "Begin Scheduled Started Completed ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted";
    assert_eq!(shard.names(), format!("{names} Scheduled"));
    assert!(matches!(complete(&mut shard, FIRST), Err(Rejection::NotFound(_))));
}

#[test]
fn ends_that_had_to_wait_come_last_and_name_their_start() {
    let mut shard = decided(vec![activity("a"), activity("b")]);
    shard.signal("s").unwrap();
    start(&mut shard, FIRST).unwrap();
    let task = shard.poll();
    complete(&mut shard, FIRST).unwrap();
    shard.signal("t").unwrap();
    shard.complete(&task, vec![marker()]).unwrap();
    let tail = "Completed MarkerRecorded ActivityTaskStarted Signaled:t ActivityTaskCompleted Scheduled";
    assert!(shard.names().ends_with(tail), "{}", shard.names());
    let history = &shard.histories[&shard.current()];
    let [started, _, completed, _] = &history[history.len() - 4..] else { panic!() };
    let Some(Attributes::ActivityTaskCompletedEventAttributes(end)) = &completed.attributes else { panic!() };
    assert_eq!(end.started_event_id, started.event_id);
}

#[test]
fn a_cancelled_unstarted_activity_ends_behind_the_commands_and_brings_a_task() {
    let mut shard = decided(vec![activity("a")]);
    shard.signal("s").unwrap();
    let task = shard.poll();
    let cancel = RequestCancelActivityTaskCommandAttributes { scheduled_event_id: FIRST };
    shard.complete(&task, vec![Decided::RequestCancelActivityTaskCommandAttributes(cancel), marker()]).unwrap();
    let tail = "Completed ActivityTaskCancelRequested MarkerRecorded ActivityTaskCanceled Scheduled";
    assert!(shard.names().ends_with(tail), "{}", shard.names());
}

#[test]
fn a_bad_command_undoes_its_whole_completion() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let cancel = RequestCancelActivityTaskCommandAttributes { scheduled_event_id: 77 };
    let bad = Decided::RequestCancelActivityTaskCommandAttributes(cancel);
    shard.complete(&task, vec![activity("a"), bad]).unwrap_err();
    let cause = WorkflowTaskFailedCause::BadRequestCancelActivityAttributes;
    assert_eq!(shard.names(), format!("Begin Scheduled Started TaskFailed:{cause:?}"));
    assert!(shard.state().activities.is_empty());
    assert!(!shard.transfers.iter().any(|it| matches!(it.kind, Some(TransferKind::ActivityTask(_)))));
}

#[test]
fn a_child_that_ends_early_is_told_in_order() {
    let mut shard = decided(vec![child(ParentClosePolicy::Terminate)]);
    shard.signal("s").unwrap();
    let task = shard.poll();
    child_closed(&mut shard).unwrap();
    child_started(&mut shard);
    shard.complete(&task, vec![]).unwrap();
    let tail = "Completed ChildStarted ChildTerminated Scheduled";
    let names = shard.names().replace("ChildWorkflow", "Child");
    assert!(names.replace("ChildExecution", "Child").ends_with(tail), "{names}");
    let history = &shard.histories[&shard.current()];
    let [started, ended, _] = &history[history.len() - 3..] else { panic!() };
    let Some(Attributes::ChildWorkflowExecutionTerminatedEventAttributes(end)) = &ended.attributes else { panic!() };
    assert_eq!((end.initiated_event_id, end.started_event_id), (FIRST, started.event_id));
    assert!(matches!(child_closed(&mut shard), Err(Rejection::NotFound(_))));
}

#[test]
fn a_child_that_starts_after_its_parent_closed_is_not_forgotten() {
    for policy in [ParentClosePolicy::Terminate, ParentClosePolicy::Abandon] {
        let mut shard = decided(vec![child(policy), finish()]);
        let names = shard.names();
        let before = shard.transfers.len();
        child_started(&mut shard);
        assert_eq!(shard.names(), names);
        let [transfer] = &shard.transfers[before..] else { panic!() };
        let abandoned = policy == ParentClosePolicy::Abandon;
        assert_eq!(matches!(transfer.kind, Some(TransferKind::ReleaseChild(_))), abandoned);
        assert_eq!(matches!(transfer.kind, Some(TransferKind::CloseChild(_))), !abandoned);
    }
}

#[test]
fn an_answer_from_another_workflow_wakes_the_worker() {
    let mut shard = decided(vec![Decided::SignalExternalWorkflowExecutionCommandAttributes(
        SignalExternalWorkflowExecutionCommandAttributes {
            execution: Some(WorkflowExecution { workflow_id: "x".into(), ..Default::default() }),
            signal_name: "s".into(),
            ..Default::default()
        },
    )]);
    let run = shard.current();
    shard.step(TransferResult::ExternalSignaled(run.clone(), FIRST, Ok(()))).unwrap();
    shard.step(TransferResult::ExternalSignaled(run, FIRST, Err(1))).unwrap();
    assert!(matches!(last(&shard), Attributes::WorkflowTaskScheduledEventAttributes(_)));
    assert_eq!(shard.names().matches("ExternalSignaled").count(), 1, "{}", shard.names());
}

#[test]
fn a_description_counts_what_is_written() {
    let mut shard = decided(vec![activity("a")]);
    let described = shard.step(internal::DescribeRequest { target: target(""), request: None }).unwrap().unwrap();
    assert_eq!(described.workflow_execution_info.unwrap().history_length, 5);
    assert_eq!(described.pending_activities.len(), 1);
}
