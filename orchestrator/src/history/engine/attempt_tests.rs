//! Tests of activities from scheduling to end.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::activity_outcome::*;
use super::attempt;
use super::command_failure::CommandFailure;
use super::fixture::Fixture;
use super::span::duration;
use crate::cluster::Rejection;
use resurgam_api::internal::*;
use resurgam_api::temporal::command::v1::command::Attributes as Command;
use resurgam_api::temporal::command::v1::{
    RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, Payload, Payloads, RetryPolicy};
use resurgam_api::temporal::enums::v1::{RetryState, TimeoutType, WorkflowTaskFailedCause as Cause};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::*;
use resurgam_state::task::TransferKind;
use resurgam_state::{EventId, Millis};

/// The Scheduled event of the first activity of a fixture.
const ID: EventId = 6;

fn call(set: impl FnOnce(&mut ScheduleActivityTaskCommandAttributes)) -> Command {
    let mut attributes = ScheduleActivityTaskCommandAttributes {
        activity_id: "a".into(),
        activity_type: Some(ActivityType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "q".into(), ..TaskQueue::default() }),
        start_to_close_timeout: Some(duration(1000)),
        ..Default::default()
    };
    set(&mut attributes);
    Command::ScheduleActivityTaskCommandAttributes(attributes)
}

fn cancelling(scheduled_event_id: EventId) -> Command {
    Command::RequestCancelActivityTaskCommandAttributes(RequestCancelActivityTaskCommandAttributes {
        scheduled_event_id,
    })
}

/// A run with one pending activity, its first attempt given to matching.
fn scheduled(set: impl FnOnce(&mut ScheduleActivityTaskCommandAttributes)) -> Fixture {
    let mut run = Fixture::new();
    run.commands(vec![call(set)]).unwrap();
    assert_eq!(run.take(), ["WorkflowTaskCompleted", "ActivityTaskScheduled"]);
    assert!(matches!(&run.transfers[..], [TransferKind::ActivityTask(transfer)] if transfer.attempt == 1));
    run
}

fn token(attempt: i32) -> Option<TaskToken> {
    Some(TaskToken { scheduled_event_id: ID, attempt, ..TaskToken::default() })
}

fn complete_one(run: &mut Fixture, attempt: i32) -> Result<(), Rejection> {
    run.step(|tx| complete(tx, CompleteActivityRequest { task: token(attempt), request: Some(Default::default()) }))
}

fn fail_one(run: &mut Fixture, attempt: i32) -> Result<(), Rejection> {
    let request = RespondActivityTaskFailedRequest { failure: Some(Failure::default()), ..Default::default() };
    run.step(|tx| fail(tx, FailActivityRequest { task: token(attempt), request: Some(request) }))
}

fn beat(run: &mut Fixture, attempt: i32, detail: &[u8]) -> Result<RecordActivityTaskHeartbeatResponse, Rejection> {
    let details = Some(payloads(detail));
    let request = RecordActivityTaskHeartbeatRequest { details, ..Default::default() };
    run.step(|tx| attempt::heartbeat(tx, HeartbeatRequest { task: token(attempt), request: Some(request) }))
}

fn payloads(data: &[u8]) -> Payloads {
    Payloads { payloads: vec![Payload { data: data.to_vec(), ..Payload::default() }] }
}

/// Kind of timeout and retry state of the last event.
fn timed_out(run: &Fixture) -> (TimeoutType, RetryState) {
    let Some(Attributes::ActivityTaskTimedOutEventAttributes(it)) = &run.events.last().unwrap().attributes else {
        panic!("{:?}", run.events)
    };
    let Some(FailureInfo::TimeoutFailureInfo(info)) = &it.failure.as_ref().unwrap().failure_info else { panic!() };
    (info.timeout_type(), it.retry_state())
}

#[allow(clippy::needless_pass_by_value, reason = "as it reads best")]
fn gone<T>(result: Result<T, Rejection>) -> bool {
    matches!(result, Err(Rejection::NotFound(_)))
}

#[test]
fn a_start_is_written_with_the_end_and_has_its_own_time() {
    let mut run = scheduled(|_| {});
    run.now = 10_300;
    let task = run.start(ID, 1, "s").unwrap();
    assert_eq!((task.attempt, task.activity_id.as_str()), (1, "a"));
    assert!(run.take().is_empty());
    run.now = 10_700;
    assert_eq!(complete_one(&mut run, 1), Ok(()));
    assert!(run.woken && run.run.state.activities.is_empty());
    assert_eq!(run.events[0].event_time.unwrap().nanos, 300_000_000);
    let Some(Attributes::ActivityTaskCompletedEventAttributes(end)) = &run.events[1].attributes else { panic!() };
    assert_eq!(end.started_event_id, run.events[0].event_id);
    assert_eq!(run.take(), ["ActivityTaskStarted", "ActivityTaskCompleted"]);
    assert!(gone(complete_one(&mut run, 1)));
    run.until(100_000);
    assert!(run.take().is_empty());
}

#[test]
fn one_request_starts_an_attempt() {
    let mut run = scheduled(|_| {});
    let first = run.start(ID, 1, "s").unwrap();
    run.now += 5;
    assert_eq!(run.start(ID, 1, "s").unwrap(), first);
    assert_eq!(run.start(ID, 1, "other"), Err(Rejection::TaskAlreadyStarted));
    assert!(gone(run.start(ID, 2, "s")) && gone(run.start(99, 1, "s")));
    fail_one(&mut run, 1).unwrap();
    assert!(gone(run.start(ID, 1, "s")));
}

#[test]
fn failures_are_retried_up_to_the_maximum() {
    let mut run = scheduled(|it| it.retry_policy = Some(RetryPolicy { maximum_attempts: 3, ..RetryPolicy::default() }));
    for (attempt, wait) in [(1, 1000), (2, 2000)] {
        run.start(ID, attempt, "s").unwrap();
        fail_one(&mut run, attempt).unwrap();
        assert!(run.take().is_empty() && !run.woken);
        assert!(gone(fail_one(&mut run, attempt)));
        assert!(gone(complete_one(&mut run, attempt + 1))); // not started yet
        let (offered, now) = (run.transfers.len(), run.now);
        run.until(now + wait - 1);
        assert_eq!(run.transfers.len(), offered);
        run.until(now + wait);
        assert_eq!(run.transfers.len(), offered + 1);
    }
    run.start(ID, 3, "s").unwrap();
    fail_one(&mut run, 3).unwrap();
    let Some(Attributes::ActivityTaskStartedEventAttributes(start)) = &run.events[0].attributes else { panic!() };
    assert!(start.attempt == 3 && start.last_failure.is_some());
    let Some(Attributes::ActivityTaskFailedEventAttributes(end)) = &run.events[1].attributes else { panic!() };
    assert_eq!(end.retry_state(), RetryState::MaximumAttemptsReached);
    assert!(run.woken);
}

#[test]
fn no_attempt_begins_after_the_deadline_of_the_whole() {
    let mut run = scheduled(|it| it.schedule_to_close_timeout = Some(duration(2500)));
    run.start(ID, 1, "s").unwrap();
    fail_one(&mut run, 1).unwrap();
    run.until(11_000);
    run.start(ID, 2, "s").unwrap();
    fail_one(&mut run, 2).unwrap(); // the next one would begin 3 s after the first
    let Some(Attributes::ActivityTaskFailedEventAttributes(end)) = &run.events[1].attributes else { panic!() };
    assert_eq!(end.retry_state(), RetryState::Timeout);
}

#[test]
fn start_to_close_is_retried_and_ends_as_what_it_is() {
    let mut run = scheduled(|it| it.retry_policy = Some(RetryPolicy { maximum_attempts: 2, ..RetryPolicy::default() }));
    run.start(ID, 1, "s").unwrap();
    run.until(10_999);
    assert_eq!(run.run.state.activities[&ID].attempt, 1);
    run.until(11_000);
    assert_eq!(run.run.state.activities[&ID].attempt, 2);
    run.until(12_500);
    run.start(ID, 2, "s").unwrap();
    run.until(13_500);
    assert_eq!(timed_out(&run), (TimeoutType::StartToClose, RetryState::MaximumAttemptsReached));
    assert_eq!(run.take(), ["ActivityTaskStarted", "ActivityTaskTimedOut"]);
}

#[test]
fn waiting_for_a_worker_times_out_and_is_not_retried() {
    let mut run = scheduled(|it| it.schedule_to_start_timeout = Some(duration(500)));
    run.until(10_499);
    assert!(run.take().is_empty());
    run.until(10_500);
    assert_eq!(timed_out(&run).0, TimeoutType::ScheduleToStart);
    assert_eq!(run.take(), ["ActivityTaskTimedOut"]);
    let mut run = scheduled(|it| it.schedule_to_start_timeout = Some(duration(500)));
    run.start(ID, 1, "s").unwrap();
    run.until(10_900);
    assert!(run.take().is_empty());
}

#[test]
fn the_whole_times_out_over_attempts() {
    let mut run = scheduled(|it| {
        it.schedule_to_close_timeout = Some(duration(5000));
        it.retry_policy = Some(RetryPolicy { initial_interval: Some(duration(10)), ..RetryPolicy::default() });
    });
    run.start(ID, 1, "s").unwrap();
    run.until(14_999);
    assert_eq!(run.run.state.activities[&ID].attempt, 2);
    assert!(run.take().is_empty());
    run.until(15_000);
    assert_eq!(timed_out(&run).0, TimeoutType::ScheduleToClose);
    assert_eq!(run.take(), ["ActivityTaskTimedOut"]);
}

#[test]
fn heartbeats_hold_the_timeout_off_and_their_details_survive() {
    let mut run = scheduled(|it| {
        it.start_to_close_timeout = Some(duration(60_000));
        it.heartbeat_timeout = Some(duration(400));
    });
    run.start(ID, 1, "s").unwrap();
    run.until(10_300);
    beat(&mut run, 1, b"1").unwrap();
    run.until(10_699);
    assert_eq!(run.run.state.activities[&ID].attempt, 1);
    run.until(10_700);
    assert_eq!(run.run.state.activities[&ID].attempt, 2);
    assert!(gone(beat(&mut run, 1, b"2")));
    run.until(12_000);
    let task = run.start(ID, 2, "s").unwrap();
    assert_eq!(task.heartbeat_details, Some(payloads(b"1")));
    run.until(12_399);
    assert_eq!(run.run.state.activities[&ID].attempt, 2);
    run.until(12_400); // the second attempt has a heartbeat timeout too
    assert_eq!(run.run.state.activities[&ID].attempt, 3);
}

#[test]
fn an_unstarted_activity_is_cancelled_at_once_behind_the_commands() {
    let mut run = scheduled(|_| {});
    run.commands(vec![cancelling(ID), call(|it| it.activity_id = "b".into())]).unwrap();
    assert_eq!(run.take(), ["WorkflowTaskCompleted", "ActivityTaskCancelRequested", "ActivityTaskScheduled"]);
    assert_eq!(run.buffered(), ["ActivityTaskCanceled"]);
    assert!(gone(run.start(ID, 1, "s")));
    run.commands(vec![cancelling(ID)]).unwrap(); // its end is not known to any worker yet
    run.run.state.buffered.clear();
    let refused: Result<(), CommandFailure> = run.commands(vec![cancelling(ID)]);
    assert_eq!(refused.unwrap_err().cause, Cause::BadRequestCancelActivityAttributes);
}

#[test]
fn a_started_activity_learns_of_its_cancellation_and_is_not_retried() {
    let mut run = scheduled(|_| {});
    run.start(ID, 1, "s").unwrap();
    let giving_up = CancelActivityRequest { task: token(1), request: Some(Default::default()) };
    assert!(matches!(run.step(|tx| cancel(tx, giving_up.clone())), Err(Rejection::InvalidArgument(_))));
    run.commands(vec![cancelling(ID)]).unwrap();
    assert!(run.commands(vec![cancelling(ID)]).is_err());
    let answer = beat(&mut run, 1, b"").unwrap();
    assert!(answer.cancel_requested);
    let mut other = Fixture::new();
    other.run = run.run.clone();
    run.take();
    run.step(|tx| cancel(tx, giving_up)).unwrap();
    assert_eq!(run.take(), ["ActivityTaskStarted", "ActivityTaskCanceled"]);
    fail_one(&mut other, 1).unwrap();
    let Some(Attributes::ActivityTaskFailedEventAttributes(end)) = &other.events[1].attributes else { panic!() };
    assert_eq!(end.retry_state(), RetryState::CancelRequested);
}

#[test]
fn ends_wait_for_the_workflow_task_and_closed_runs_take_none() {
    let mut run = scheduled(|_| {});
    run.start(ID, 1, "s").unwrap();
    run.busy(true);
    complete_one(&mut run, 1).unwrap();
    assert!(run.take().is_empty());
    assert_eq!(run.buffered(), ["ActivityTaskStarted", "ActivityTaskCompleted"]);
    let mut run = scheduled(|_| {});
    run.start(ID, 1, "s").unwrap();
    run.run.state.status = 2;
    assert!(gone(complete_one(&mut run, 1)) && gone(beat(&mut run, 1, b"")) && gone(run.start(ID, 1, "s")));
}

#[test]
fn an_id_completes_what_waits_for_its_next_attempt() {
    let mut run = scheduled(|_| {});
    run.start(ID, 1, "s").unwrap();
    fail_one(&mut run, 1).unwrap();
    let task = Some(TaskToken { activity_id: "a".into(), ..TaskToken::default() });
    let by_id = CompleteActivityRequest { task, request: Some(Default::default()) };
    assert_eq!(run.step(|tx| complete(tx, by_id.clone())), Ok(()));
    assert_eq!(run.take(), ["ActivityTaskStarted", "ActivityTaskCompleted"]);
    assert!(gone(run.step(|tx| complete(tx, by_id))));
}

#[test]
fn timeouts_are_derived_from_each_other() {
    let spans = |run: Millis, set: fn(&mut ScheduleActivityTaskCommandAttributes)| {
        let mut fixture = Fixture::new();
        fixture.run.state.started.workflow_run_timeout = Some(duration(run));
        fixture.commands(vec![call(set)]).map(|()| {
            let it = &fixture.run.state.activities[&ID];
            (it.schedule_to_close, it.schedule_to_start, it.start_to_close, it.heartbeat)
        })
    };
    assert_eq!(spans(0, |_| {}), Ok((0, 0, 1000, 0)));
    assert_eq!(spans(9000, |_| {}), Ok((9000, 9000, 1000, 0)));
    let whole: fn(&mut ScheduleActivityTaskCommandAttributes) = |it| {
        it.schedule_to_close_timeout = Some(duration(700));
        it.heartbeat_timeout = Some(duration(5000));
    };
    assert_eq!(spans(0, whole), Ok((700, 700, 700, 700)));
    assert_eq!(spans(300, whole), Ok((300, 300, 300, 300)));
    assert_eq!(
        spans(0, |it| it.start_to_close_timeout = None).unwrap_err().cause,
        Cause::BadScheduleActivityAttributes
    );
}

#[test]
fn bad_activities_are_refused() {
    let refused = |set: fn(&mut ScheduleActivityTaskCommandAttributes)| {
        Fixture::new().commands(vec![call(set)]).unwrap_err().cause
    };
    let bad = Cause::BadScheduleActivityAttributes;
    assert_eq!(refused(|it| it.activity_id.clear()), bad);
    assert_eq!(refused(|it| it.activity_type = None), bad);
    assert_eq!(refused(|it| it.task_queue = None), bad);
    assert_eq!(refused(|it| it.activity_id = "a".repeat(1001)), bad);
    assert_eq!(refused(|it| it.heartbeat_timeout = Some(duration(-1))), bad);
    assert_eq!(
        refused(|it| it.retry_policy = Some(RetryPolicy { backoff_coefficient: 0.1, ..Default::default() })),
        bad
    );
    let mut run = scheduled(|_| {});
    assert_eq!(run.commands(vec![call(|_| {})]).unwrap_err().cause, Cause::ScheduleActivityDuplicateId);
    run.limits.pending = 1;
    let other = call(|it| it.activity_id = "b".into());
    assert_eq!(run.commands(vec![other]).unwrap_err().cause, Cause::PendingActivitiesLimitExceeded);
}
