//! What Temporal 1.31.2 was seen to do where a user would notice: each of these was compared with it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, ContinueAsNewWorkflowExecutionCommandAttributes,
    FailWorkflowExecutionCommandAttributes, ScheduleActivityTaskCommandAttributes, StartTimerCommandAttributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, Payload, Payloads, RetryPolicy, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{EventType as E, UpdateWorkflowExecutionLifecycleStage as Stage};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::history_event::Attributes as Event;
use resurgam_api::temporal::update::v1::{Input, Meta, Request as Update, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, PollActivityTaskQueueRequest, RecordActivityTaskHeartbeatRequest,
    RequestCancelWorkflowExecutionRequest, RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest,
    SignalWithStartWorkflowExecutionRequest, SignalWorkflowExecutionRequest, UpdateWorkflowExecutionRequest,
};
use std::time::Duration;
use support::{cluster, decision, execution, history, kinds, queue, seconds, start, task, within};
use tonic::Code;
use tonic::transport::Channel;

type Client = WorkflowServiceClient<Channel>;

fn update(id: &str, stage: Stage) -> UpdateWorkflowExecutionRequest {
    UpdateWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution(id),
        wait_policy: Some(WaitPolicy { lifecycle_stage: stage.into() }),
        request: Some(Update {
            meta: Some(Meta { update_id: "u".into(), ..Meta::default() }),
            input: Some(Input { name: "n".into(), ..Input::default() }),
            ..Update::default()
        }),
        ..Default::default()
    }
}

fn payloads(bytes: usize) -> Option<Payloads> {
    Some(Payloads { payloads: vec![Payload { data: vec![b'x'; bytes], ..Payload::default() }] })
}

#[tokio::test]
async fn what_cannot_wait_ends_the_wait_before_the_first_workflow_task_and_a_signal_does_not() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    for id in ["cancelled", "started"] {
        let mut delayed = start(id);
        delayed.workflow_start_delay = seconds(3600);
        client.start_workflow_execution(delayed).await.unwrap();
        let signal = SignalWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_execution: execution(id),
            signal_name: "s".into(),
            ..Default::default()
        };
        client.signal_workflow_execution(signal).await.unwrap();
        let so_far = kinds(&history(&mut client, id).await);
        assert_eq!(so_far, [E::WorkflowExecutionStarted, E::WorkflowExecutionSignaled]);
    }
    let cancel = RequestCancelWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution("cancelled"),
        ..Default::default()
    };
    client.request_cancel_workflow_execution(cancel).await.unwrap();
    assert_eq!(task(&mut client).await.workflow_execution, execution_of(&mut client, "cancelled").await);
    let given = start("started");
    let signal = SignalWithStartWorkflowExecutionRequest {
        namespace: given.namespace,
        workflow_id: given.workflow_id,
        workflow_type: given.workflow_type,
        task_queue: given.task_queue,
        signal_name: "t".into(),
        ..Default::default()
    };
    client.signal_with_start_workflow_execution(signal).await.unwrap();
    assert_eq!(task(&mut client).await.workflow_execution, execution_of(&mut client, "started").await);
}

async fn execution_of(client: &mut Client, id: &str) -> Option<WorkflowExecution> {
    let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution(id) };
    client.describe_workflow_execution(request).await.unwrap().into_inner().workflow_execution_info.unwrap().execution
}

#[tokio::test]
async fn a_rejected_update_leaves_the_delay_standing() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let mut delayed = start("w");
    delayed.workflow_start_delay = seconds(3600);
    client.start_workflow_execution(delayed).await.unwrap();
    let mut asking = cluster.client(0);
    let asked = tokio::spawn(async move { asking.update_workflow_execution(update("w", Stage::Completed)).await });
    let first = task(&mut client).await;
    assert_eq!(first.messages.len(), 1, "the update is with it");
    client.respond_workflow_task_completed(decision(&first, vec![])).await.unwrap();
    // Who does not answer an update rejects it.
    let outcome = asked.await.unwrap().unwrap().into_inner().outcome.unwrap();
    assert!(format!("{outcome:?}").contains("UnprocessedUpdate"));
    assert_eq!(kinds(&history(&mut client, "w").await)[0], E::WorkflowExecutionStarted);
}

#[tokio::test]
async fn only_what_will_last_is_acknowledged_of_an_update_and_an_early_deadline_is_one() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    let refused = client.update_workflow_execution(update("w", Stage::Admitted)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let soon = Duration::from_secs(1);
    let late = client.update_workflow_execution(within(soon, update("w", Stage::Unspecified))).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
}

#[tokio::test]
async fn an_update_that_no_worker_has_seen_does_not_keep_a_run_from_its_end() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    let first = task(&mut client).await;
    let mut asking = cluster.client(0);
    let asked = tokio::spawn(async move { asking.update_workflow_execution(update("w", Stage::Accepted)).await });
    // It has arrived when a second one with its id, which does not wait so long, is known.
    let soon = Duration::from_millis(600);
    client.update_workflow_execution(within(soon, update("w", Stage::Accepted))).await.unwrap_err();
    let next = Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(
        ContinueAsNewWorkflowExecutionCommandAttributes::default(),
    );
    client.respond_workflow_task_completed(decision(&first, vec![next])).await.unwrap();
    let refused = asked.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "to be asked of the next run");
}

/// A workflow with an activity; the token of its first attempt.
async fn attempt(client: &mut Client, id: &str) -> Vec<u8> {
    client.start_workflow_execution(start(id)).await.unwrap();
    let first = task(client).await;
    let activity = Attributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: "a".into(),
        activity_type: Some(ActivityType { name: "A".into() }),
        task_queue: queue("q"),
        start_to_close_timeout: Some(prost_wkt_types::Duration { seconds: 60, nanos: 7 }),
        ..Default::default()
    });
    client.respond_workflow_task_completed(decision(&first, vec![activity])).await.unwrap();
    let poll = PollActivityTaskQueueRequest { namespace: "tests".into(), task_queue: queue("q"), ..Default::default() };
    client.poll_activity_task_queue(within(Duration::from_secs(10), poll)).await.unwrap().into_inner().task_token
}

/// What the workflow is told of the end of its activity.
async fn failure(client: &mut Client, id: &str) -> Failure {
    let last = history(client, id).await.into_iter().find_map(|event| match event.attributes {
        Some(Event::ActivityTaskFailedEventAttributes(it)) => it.failure,
        _ => None,
    });
    last.expect("the activity has not failed")
}

#[tokio::test]
async fn an_answer_of_a_worker_that_is_too_large_is_an_outcome() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let large = payloads(3 << 20);
    let task_token = attempt(&mut client, "result").await;
    let request = RespondActivityTaskCompletedRequest { task_token, result: large.clone(), ..Default::default() };
    client.respond_activity_task_completed(request).await.unwrap();
    assert_eq!(failure(&mut client, "result").await.message, "Complete result exceeds size limit.");
    let scheduled = history(&mut client, "result").await.into_iter().find_map(|event| match event.attributes {
        Some(Event::ActivityTaskScheduledEventAttributes(it)) => it.start_to_close_timeout,
        _ => None,
    });
    assert_eq!(scheduled, Some(prost_wkt_types::Duration { seconds: 60, nanos: 7 }), "as it was given");
    task(&mut client).await;

    let task_token = attempt(&mut client, "heartbeat").await;
    let request = RecordActivityTaskHeartbeatRequest { task_token, details: large, ..Default::default() };
    let beaten = client.record_activity_task_heartbeat(request).await.unwrap().into_inner();
    assert!(beaten.cancel_requested);
    assert_eq!(failure(&mut client, "heartbeat").await.message, "Heartbeat details exceed size limit.");
    task(&mut client).await;

    let task_token = attempt(&mut client, "failure").await;
    let nothing = RespondActivityTaskFailedRequest {
        task_token,
        failure: Some(Failure { message: "x".into(), ..Failure::default() }),
        ..Default::default()
    };
    let refused = client.respond_activity_task_failed(nothing).await.unwrap_err();
    assert_eq!(refused.message(), "Failure must have ApplicationFailureInfo.");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_the_same_words() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let mut odd = start("w");
    odd.workflow_run_timeout = Some(prost_wkt_types::Duration { seconds: 5, nanos: -7 });
    let refused = client.start_workflow_execution(odd).await.unwrap_err();
    assert!(refused.message().starts_with("An invalid WorkflowRunTimeoutSeconds is set on request."), "{refused:?}");
    let mut odd = start("w");
    let listed = vec!["TemporalTimeout:Nonsense".to_owned()];
    odd.retry_policy = Some(RetryPolicy { non_retryable_error_types: listed, ..RetryPolicy::default() });
    let refused = client.start_workflow_execution(odd).await.unwrap_err();
    assert_eq!(refused.message(), "Invalid timeout type value: Nonsense.");
    client.start_workflow_execution(start("w")).await.unwrap();
    let first = task(&mut client).await;
    let both = vec![
        Attributes::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes::default()),
        Attributes::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes::default()),
    ];
    let refused = client.respond_workflow_task_completed(decision(&first, both)).await.unwrap_err();
    assert_eq!(
        refused.message(),
        "invalid command sequence: [CompleteWorkflowExecution, FailWorkflowExecution], command CompleteWorkflowExecution must be the last command."
    );
    let timer = StartTimerCommandAttributes { timer_id: "t".into(), start_to_fire_timeout: seconds(0) };
    let timer = Attributes::StartTimerCommandAttributes(timer);
    client.respond_workflow_task_completed(decision(&first, vec![timer])).await.unwrap();
    let second = task(&mut client).await;
    assert!(kinds(&second.history.unwrap().events).contains(&E::TimerFired), "a timer of no time fires");
    let started = history(&mut client, "w").await.remove(0);
    let Some(Event::WorkflowExecutionStartedEventAttributes(it)) = started.attributes else { panic!() };
    assert_eq!((it.workflow_run_timeout, it.workflow_execution_timeout), (None, None), "nobody limited it");
    let run_id = uuid::Uuid::parse_str(&it.first_execution_run_id).unwrap();
    assert_eq!(run_id.get_version_num(), 7);
}
