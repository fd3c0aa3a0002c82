//! What clients do to pending activities: pause, unpause, reset, other options.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use prost_wkt_types::FieldMask;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::activity::v1::ActivityOptions;
use resurgam_api::temporal::command::v1::ScheduleActivityTaskCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{ActivityType, RetryPolicy};
use resurgam_api::temporal::enums::v1::PendingActivityState as State;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure};
use resurgam_api::temporal::workflow::v1::PendingActivityInfo;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, PauseActivityRequest, PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatRequest, ResetActivityRequest,
    RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest, UnpauseActivityRequest,
    UpdateActivityOptionsRequest, pause_activity_request, reset_activity_request, unpause_activity_request,
    update_activity_options_request,
};
use std::time::Duration;
use support::{cluster, decision, execution, queue, seconds, start, task, within};
use tonic::Code;
use tonic::transport::Channel;

type Client = WorkflowServiceClient<Channel>;

/// A workflow with the activity `a`, whose attempts follow an hour after each other.
async fn scheduled(client: &mut Client) {
    client.start_workflow_execution(start("w")).await.unwrap();
    let first = task(client).await;
    let activity = Attributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: "a".into(),
        activity_type: Some(ActivityType { name: "A".into() }),
        task_queue: queue("q"),
        start_to_close_timeout: seconds(60),
        retry_policy: Some(RetryPolicy { initial_interval: seconds(3600), ..RetryPolicy::default() }),
        ..Default::default()
    });
    client.respond_workflow_task_completed(decision(&first, vec![activity])).await.unwrap();
}

async fn attempt(client: &mut Client, name: &str) -> PollActivityTaskQueueResponse {
    let poll =
        PollActivityTaskQueueRequest { namespace: "tests".into(), task_queue: queue(name), ..Default::default() };
    client.poll_activity_task_queue(within(Duration::from_secs(10), poll)).await.unwrap().into_inner()
}

async fn pending(client: &mut Client) -> PendingActivityInfo {
    let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution("w") };
    client.describe_workflow_execution(request).await.unwrap().into_inner().pending_activities.remove(0)
}

async fn fail(client: &mut Client, task: &PollActivityTaskQueueResponse) {
    let failure_info = Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo::default()));
    let request = RespondActivityTaskFailedRequest {
        task_token: task.task_token.clone(),
        failure: Some(Failure { message: "x".into(), failure_info, ..Failure::default() }),
        ..Default::default()
    };
    client.respond_activity_task_failed(request).await.unwrap();
}

fn pause(id: &str) -> PauseActivityRequest {
    PauseActivityRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        identity: "me".into(),
        reason: "why".into(),
        activity: Some(pause_activity_request::Activity::Id(id.into())),
        ..Default::default()
    }
}

fn unpause() -> UnpauseActivityRequest {
    UnpauseActivityRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        activity: Some(unpause_activity_request::Activity::Type("A".into())),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_paused_activity_begins_no_attempt_until_it_may_go_on() {
    let cluster = cluster(2).await;
    let mut client = cluster.client(0);
    scheduled(&mut client).await;
    client.pause_activity(pause("a")).await.unwrap();
    let paused = pending(&mut client).await;
    assert_eq!((paused.state(), paused.paused, paused.attempt), (State::Paused, true, 1));
    // What was offered of it is offered no more: a short poll gets nothing.
    let poll = PollActivityTaskQueueRequest { namespace: "tests".into(), task_queue: queue("q"), ..Default::default() };
    let short = within(Duration::from_millis(2500), poll);
    assert!(client.poll_activity_task_queue(short).await.unwrap().into_inner().task_token.is_empty());
    client.unpause_activity(unpause()).await.unwrap();
    let running = attempt(&mut client, "q").await;
    assert_eq!(running.attempt, 1);
    // One that runs goes on, and is told.
    client.pause_activity(pause("a")).await.unwrap();
    assert_eq!(pending(&mut client).await.state(), State::PauseRequested);
    let beat = RecordActivityTaskHeartbeatRequest { task_token: running.task_token.clone(), ..Default::default() };
    assert!(client.record_activity_task_heartbeat(beat).await.unwrap().into_inner().activity_paused);
    fail(&mut client, &running).await;
    let failed = pending(&mut client).await;
    assert_eq!((failed.state(), failed.attempt), (State::Paused, 2));
    client.unpause_activity(unpause()).await.unwrap();
    let again = attempt(&mut client, "q").await;
    assert_eq!(again.attempt, 2, "it does not wait for the interval of its policy");
    let request = RespondActivityTaskCompletedRequest { task_token: again.task_token, ..Default::default() };
    client.respond_activity_task_completed(request).await.unwrap();
    assert_eq!(client.pause_activity(pause("a")).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn an_activity_that_is_reset_begins_anew_at_once() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    scheduled(&mut client).await;
    let running = attempt(&mut client, "q").await;
    fail(&mut client, &running).await;
    assert_eq!(pending(&mut client).await.attempt, 2);
    let reset = ResetActivityRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        activity: Some(reset_activity_request::Activity::Id("a".into())),
        ..Default::default()
    };
    client.reset_activity(reset.clone()).await.unwrap();
    let anew = attempt(&mut client, "q").await;
    assert_eq!(anew.attempt, 1);
    client.reset_activity(reset).await.unwrap();
    let beat = RecordActivityTaskHeartbeatRequest { task_token: anew.task_token, ..Default::default() };
    assert!(client.record_activity_task_heartbeat(beat).await.unwrap().into_inner().activity_reset);
}

#[tokio::test]
async fn other_options_count_from_now_on_and_can_be_taken_back() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    scheduled(&mut client).await;
    let options = ActivityOptions {
        task_queue: queue("elsewhere"),
        start_to_close_timeout: seconds(7),
        heartbeat_timeout: seconds(3),
        ..ActivityOptions::default()
    };
    let mut update = UpdateActivityOptionsRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        activity: Some(update_activity_options_request::Activity::Id("a".into())),
        activity_options: Some(options),
        update_mask: Some(FieldMask { paths: vec!["task_queue.name".into(), "startToCloseTimeout".into()] }),
        ..Default::default()
    };
    let shown = client.update_activity_options(update.clone()).await.unwrap().into_inner().activity_options.unwrap();
    assert_eq!((shown.start_to_close_timeout, shown.heartbeat_timeout), (seconds(7), seconds(0)), "only what is named");
    let running = attempt(&mut client, "elsewhere").await;
    assert_eq!((running.start_to_close_timeout, running.attempt), (seconds(7), 1));
    (update.restore_original, update.update_mask) = (true, None);
    let shown = client.update_activity_options(update.clone()).await.unwrap().into_inner().activity_options.unwrap();
    assert_eq!(shown.start_to_close_timeout, seconds(60));
    assert_eq!(shown.task_queue.unwrap().name, "q");
    update.activity = None;
    assert_eq!(client.update_activity_options(update).await.unwrap_err().code(), Code::InvalidArgument);
}
