//! Runs that follow each other, timeouts.

use super::shard::{Shard, finish, target};
use crate::cluster::Rejection;
use prost_wkt_types::Duration;
use resurgam_api::internal;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::command::v1::{
    ContinueAsNewWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
};
use resurgam_api::temporal::common::v1::RetryPolicy;
use resurgam_api::temporal::enums::v1::{ContinueAsNewInitiator as Initiator, RetryState};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::WorkflowExecutionStartedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::TransferKind;

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

fn again() -> Decided {
    let attributes = ContinueAsNewWorkflowExecutionCommandAttributes::default();
    Decided::ContinueAsNewWorkflowExecutionCommandAttributes(attributes)
}

fn failing() -> Decided {
    Decided::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes {
        failure: Some(Failure { message: "no".into(), ..Failure::default() }),
    })
}

fn started(shard: &Shard) -> WorkflowExecutionStartedEventAttributes {
    (*shard.state().started).clone()
}

#[test]
fn continue_as_new_hands_the_id_on_after_a_second() {
    let mut shard = Shard::new();
    shard.start("q", |it| it.workflow_execution_timeout = seconds(60)).unwrap();
    let first = shard.current();
    shard.pass(400);
    let task = shard.poll();
    shard.complete(&task, vec![again()]).unwrap();
    let second = shard.current();
    assert_ne!(first, second);
    assert_eq!(shard.names_of(&first), "Begin Scheduled Started Completed ContinuedAsNew");
    let Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(event)) =
        shard.histories[&first].last().unwrap().attributes.clone()
    else {
        panic!("not the last event")
    };
    assert_eq!(event.new_execution_run_id, second);
    assert_eq!((event.initiator, event.backoff_start_interval), (0, None), "the event says what the command said");
    let begin = started(&shard);
    assert_eq!(begin.initiator(), Initiator::Workflow);
    assert_eq!(begin.identity, "");
    assert_eq!((begin.continued_execution_run_id.as_str(), begin.first_execution_run_id.as_str()), (&*first, &*first));
    assert_eq!((begin.original_execution_run_id.as_str(), begin.attempt), (&*second, 1));
    assert_eq!(shard.state().execution_expires, shard.now - 400 + 60_000);
    shard.pass(599);
    assert_eq!(shard.names(), "Begin");
    shard.pass(1);
    assert_eq!(shard.names(), "Begin Scheduled");
    // The chain as a whole is out of time.
    shard.pass(59_000);
    assert_eq!(shard.names(), "Begin Scheduled TimedOut");
}

#[test]
fn names_of_a_chain_follow_it() {
    let mut shard = Shard::started();
    let first = shard.current();
    let task = shard.poll();
    shard.complete(&task, vec![again()]).unwrap();
    let terminate = |first: &str| {
        let request =
            api::TerminateWorkflowExecutionRequest { first_execution_run_id: first.into(), ..Default::default() };
        internal::TerminateRequest { request: Some(request), ..Default::default() }
    };
    assert!(matches!(shard.step(terminate("other")).unwrap_err(), Rejection::NotFound(_)));
    shard.step(terminate(&first)).unwrap();
    assert_eq!(shard.names(), "Begin Terminated");
}

#[test]
fn failed_runs_are_retried_as_often_as_the_policy_says() {
    let mut shard = Shard::new();
    let policy = RetryPolicy { maximum_attempts: 3, ..RetryPolicy::default() };
    shard.start("q", |it| it.retry_policy = Some(policy)).unwrap();
    let first = shard.current();
    let mut runs = Vec::new();
    for wait in [0, 1_000, 2_000] {
        shard.pass(wait);
        let task = shard.poll();
        runs.push((shard.current(), started(&shard).attempt));
        shard.complete(&task, vec![failing()]).unwrap();
    }
    let attempts: Vec<i32> = runs.iter().map(|run| run.1).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let states: Vec<RetryState> = runs
        .iter()
        .map(|(run, _)| match shard.histories[run].last().unwrap().attributes.as_ref().unwrap() {
            Attributes::WorkflowExecutionFailedEventAttributes(it) => it.retry_state(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(states, [RetryState::InProgress, RetryState::InProgress, RetryState::MaximumAttemptsReached]);
    assert_eq!(started(&shard).first_execution_run_id, first);
    assert!(started(&shard).continued_failure.is_some());
}

#[test]
fn a_run_times_out_and_is_retried() {
    let mut shard = Shard::new();
    shard
        .start("q", |it| {
            it.workflow_run_timeout = seconds(5);
            it.retry_policy = Some(RetryPolicy { maximum_attempts: 2, ..RetryPolicy::default() });
        })
        .unwrap();
    let first = shard.current();
    let task = shard.poll();
    shard.signal("a").unwrap();
    shard.pass(4_999);
    shard.pass(1);
    // The workflow task's timeout is capped by that of the run, and comes at the same time.
    assert!(shard.names_of(&first).ends_with("TimedOut"), "{}", shard.names_of(&first));
    assert!(shard.names_of(&first).contains("Signaled:a"));
    assert_ne!(shard.current(), first);
    shard.complete(&task, vec![finish()]).unwrap_err();
    shard.pass(10_000);
    assert!(shard.names().ends_with(" TimedOut"), "{}", shard.names());
    let closed = shard.names();
    shard.pass(100_000);
    assert_eq!(shard.names(), closed);
}

#[test]
fn timers_that_come_early_are_ordered_again() {
    let mut shard = Shard::new();
    shard.start("q", |it| it.workflow_run_timeout = seconds(50)).unwrap();
    let timer = shard.timers.pop().unwrap();
    shard.step(timer.clone()).unwrap();
    assert_eq!((shard.names().as_str(), &shard.timers), ("Begin Scheduled", &vec![timer]));
}

#[test]
fn only_the_last_run_of_a_chain_tells_the_parent() {
    let mut shard = Shard::new();
    let parent = internal::Source { execution: Some(shard.execution("parent")), ..Default::default() };
    let mut request = api::StartWorkflowExecutionRequest::default();
    shard.workflow.current = None;
    request.workflow_id = "w".into();
    request.workflow_type = Some(Default::default());
    request.workflow_type.as_mut().unwrap().name = "t".into();
    request.task_queue = Some(Default::default());
    request.task_queue.as_mut().unwrap().name = "queue".into();
    let start = internal::StartWorkflowRequest {
        target: target(""),
        request: Some(request),
        parent: Some(parent.clone()),
        ..Default::default()
    };
    shard.step(start).unwrap();
    let release = internal::ScheduleFirstWorkflowTaskRequest { parent: Some(parent), ..Default::default() };
    shard.step(release).unwrap();
    let task = shard.poll();
    shard.complete(&task, vec![again()]).unwrap();
    let told =
        |shard: &Shard| shard.transfers.iter().filter(|it| it.kind == Some(TransferKind::NotifyParent(true))).count();
    assert_eq!(told(&shard), 0);
    shard.pass(1_000);
    let task = shard.poll();
    shard.complete(&task, vec![finish()]).unwrap();
    assert_eq!(told(&shard), 1);
    assert_eq!(started(&shard).parent_workflow_execution, Some(shard.execution("parent")));
}

#[test]
fn a_run_that_ought_to_come_again_at_no_time_is_refused() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let attributes =
        ContinueAsNewWorkflowExecutionCommandAttributes { cron_schedule: "@often".into(), ..Default::default() };
    let again = Decided::ContinueAsNewWorkflowExecutionCommandAttributes(attributes);
    let refused = shard.complete(&task, vec![again]).unwrap_err();
    assert_eq!(refused, Rejection::InvalidArgument("BadContinueAsNewAttributes: invalid CronSchedule.".into()));
    assert_eq!(shard.names(), "Begin Scheduled Started TaskFailed:BadContinueAsNewAttributes");
}
