//! Resets, with histories that are read as a shard reads them.

use super::shard::{Shard, finish, marker, target, timer};
use crate::cluster::Rejection;
use crate::history::engine::{ReadRun, ResetInput, Resetting};
use resurgam_api::internal::ResetRequest;
use resurgam_api::temporal::enums::v1::{ResetReapplyExcludeType as Exclude, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1::ResetWorkflowExecutionRequest;
use resurgam_state::task::{TimerKind, TransferKind};
use std::sync::Arc;

/// Resets a run, with what is asked for read until it is enough. The new run.
fn reset(
    shard: &mut Shard,
    run: &str,
    event: i64,
    edit: impl FnOnce(&mut ResetWorkflowExecutionRequest),
) -> Result<String, Rejection> {
    let mut request = ResetWorkflowExecutionRequest {
        reason: "because".into(),
        request_id: format!("reset of {run} to {event}"),
        workflow_task_finish_event_id: event,
        ..Default::default()
    };
    edit(&mut request);
    let mut read: Vec<ReadRun> = Vec::new();
    loop {
        let request = ResetRequest { target: target(run), request: Some(request.clone()) };
        let input = ResetInput { request, read: Arc::new(read.clone()) };
        match shard.step(input)?.expect("it is answered at once") {
            Resetting::Done(answer) => return Ok(answer.run_id),
            Resetting::Unread(run_id) => {
                assert!(read.iter().all(|run| run.run_id != run_id), "nothing has changed meanwhile");
                let events = shard.histories[&run_id].clone();
                read.push(ReadRun { run_id, events });
            }
        }
    }
}

/// A run with a timer, that has heard one signal before its first workflow task and one after it.
fn decided() -> (Shard, String) {
    let mut shard = Shard::started();
    shard.signal("one").unwrap();
    let task = shard.poll();
    shard.complete(&task, vec![timer("t", 60)]).unwrap();
    shard.signal("two").unwrap();
    let run = shard.current();
    (shard, run)
}

#[test]
fn what_came_from_outside_comes_again_and_decisions_do_not() {
    let (mut shard, base) = decided();
    assert_eq!(shard.names(), "Begin Scheduled Signaled:one Started Completed TimerStarted Signaled:two Scheduled");
    let next = reset(&mut shard, "", 5, |_| {}).unwrap();
    assert_eq!(shard.current(), next);
    assert_eq!(shard.names(), "Begin Scheduled Signaled:one Started TaskFailed:ResetWorkflow Signaled:two Scheduled");
    assert!(shard.names_of(&base).ends_with("Signaled:two Scheduled Terminated"));
    let Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) = &shard.histories[&next][4].attributes else {
        panic!("not the failure")
    };
    assert_eq!((failed.base_run_id.as_str(), failed.new_run_id.as_str()), (&*base, &*next));
    let before = &shard.workflow.runs[&base].state;
    assert_eq!((before.status, before.reset_run.as_str()), (Status::Terminated as i32, &*next));
    assert!(shard.state().timers.is_empty());
    let task = shard.poll();
    shard.complete(&task, vec![finish()]).unwrap();
    assert!(shard.names().ends_with("Scheduled Started Completed Completed"));
}

#[test]
fn what_is_excluded_does_not_come_again() {
    let (mut shard, _) = decided();
    reset(&mut shard, "", 5, |it| it.reset_reapply_exclude_types = vec![Exclude::Signal.into()]).unwrap();
    assert_eq!(shard.names(), "Begin Scheduled Signaled:one Started TaskFailed:ResetWorkflow Scheduled");
}

#[test]
fn what_is_pending_at_the_point_stays_pending_and_is_ordered_again() {
    let (mut shard, _) = decided();
    let task = shard.poll();
    shard.complete(&task, vec![marker()]).unwrap();
    let due = shard.state().timers["t"].due;
    let next = reset(&mut shard, "", 10, |_| {}).unwrap();
    assert!(shard.names().ends_with("Signaled:two Scheduled Started TaskFailed:ResetWorkflow Scheduled"));
    assert_eq!(shard.state().timers["t"].due, due);
    let ordered = |it: &&resurgam_state::task::TimerTask| it.run.run_id == next;
    assert!(shard.timers.iter().filter(ordered).any(|it| it.kind == Some(TimerKind::UserTimer(6)) && it.due == due));
    shard.pass(60_000);
    assert!(shard.names().ends_with("TimerFired"));
}

#[test]
fn a_closed_run_is_reset_and_the_current_one_ends() {
    let (mut shard, base) = decided();
    let task = shard.poll();
    shard.complete(&task, vec![finish()]).unwrap();
    let second = reset(&mut shard, &base, 5, |_| {}).unwrap();
    let third = reset(&mut shard, &base, 4, |_| {}).unwrap();
    assert_eq!(shard.current(), third);
    assert!(shard.names_of(&second).ends_with("Terminated"));
    assert_eq!(shard.workflow.runs[&base].state.reset_run, third);
    assert_eq!(
        shard.names(),
        "Begin Scheduled Signaled:one Started TaskFailed:ResetWorkflow Signaled:two Scheduled",
        "a task that was not started is"
    );
}

#[test]
fn a_task_that_has_failed_before_is_a_first_attempt_again() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    shard.signal("one").unwrap();
    let base = shard.current();
    assert_eq!(shard.names(), "Begin Scheduled Started TaskFailed:Unspecified Signaled:one");
    let after = reset(&mut shard, &base, 5, |_| {}).unwrap();
    let failed = "Begin Scheduled Started TaskFailed:Unspecified Signaled:one Scheduled";
    assert_eq!(shard.names(), failed, "the attempt that would follow has no events");
    assert_eq!(shard.names_of(&after), failed);
    shard.poll();
    reset(&mut shard, &after, 7, |_| {}).unwrap();
    assert!(shard.names().ends_with("Signaled:one Scheduled Started TaskFailed:ResetWorkflow Scheduled"));
}

#[test]
fn a_repeated_reset_is_the_same_one() {
    let (mut shard, base) = decided();
    let next = reset(&mut shard, &base, 5, |_| {}).unwrap();
    assert_eq!(reset(&mut shard, &base, 5, |_| {}), Ok(next.clone()));
    assert_eq!(shard.current(), next);
}

#[test]
fn a_point_that_is_none_is_refused() {
    let (mut shard, base) = decided();
    for (event, why) in [
        (1, "Workflow task finish ID must be > 1"),
        (9, "Workflow task finish ID must be > 1"),
        (2, "must be at the boundary"),
        (6, "must be at the boundary"),
        (7, "Can only reset workflow to event ID in range"),
    ] {
        let refused = reset(&mut shard, "", event, |_| {}).unwrap_err();
        assert!(matches!(&refused, Rejection::InvalidArgument(it) if it.contains(why)), "{event}: {refused}");
    }
    assert_eq!(shard.current(), base);
    let offered = |it: &&resurgam_state::task::TransferTask| matches!(it.kind, Some(TransferKind::WorkflowTask(_)));
    assert_eq!(shard.transfers.iter().filter(offered).count(), 2, "nothing was done");
}
