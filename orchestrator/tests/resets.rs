//! Resets through the public door: the new run goes on from a point of the old one, with its history and its children.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, ScheduleActivityTaskCommandAttributes,
};
use resurgam_api::temporal::common::v1::ActivityType;
use resurgam_api::temporal::enums::v1::{EventType as E, WorkflowExecutionStatus};
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, PollActivityTaskQueueRequest, ResetWorkflowExecutionRequest,
    RespondActivityTaskCompletedRequest, SignalWorkflowExecutionRequest,
};
use std::time::Duration;
use support::{cluster, decision, execution, history, kinds, queue, seconds, start, task, within};
use tonic::Code;
use tonic::transport::Channel;

type Client = WorkflowServiceClient<Channel>;

async fn signal(client: &mut Client, name: &str) {
    let request = SignalWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution("w"),
        signal_name: name.into(),
        ..Default::default()
    };
    client.signal_workflow_execution(request).await.unwrap();
}

fn reset(event: i64) -> ResetWorkflowExecutionRequest {
    ResetWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution("w"),
        reason: "because".into(),
        request_id: format!("to {event}"),
        workflow_task_finish_event_id: event,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_reset_run_goes_on_and_does_again_what_was_under_way() {
    let cluster = cluster(2).await;
    let mut client = cluster.client(0);
    let first = client.start_workflow_execution(start("w")).await.unwrap().into_inner().run_id;
    let begun = task(&mut client).await;
    let activity = Attributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: "a".into(),
        activity_type: Some(ActivityType { name: "A".into() }),
        task_queue: queue("activities"),
        start_to_close_timeout: seconds(60),
        ..Default::default()
    });
    client.respond_workflow_task_completed(decision(&begun, vec![activity])).await.unwrap();
    signal(&mut client, "one").await;
    let second = task(&mut client).await;
    let finish =
        Attributes::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes::default());
    client.respond_workflow_task_completed(decision(&second, vec![finish.clone()])).await.unwrap();
    let next = client.reset_workflow_execution(reset(9)).await.unwrap().into_inner().run_id;
    assert_ne!(first, next);
    let mut again = reset(9);
    again.workflow_execution.get_or_insert_default().run_id.clone_from(&first);
    let again = cluster.client(1).reset_workflow_execution(again).await.unwrap().into_inner().run_id;
    assert_eq!(again, next, "the same request is the same reset of the same run");
    let expected = [
        E::WorkflowExecutionStarted,
        E::WorkflowTaskScheduled,
        E::WorkflowTaskStarted,
        E::WorkflowTaskCompleted,
        E::ActivityTaskScheduled,
        E::WorkflowExecutionSignaled,
        E::WorkflowTaskScheduled,
        E::WorkflowTaskStarted,
        E::WorkflowTaskFailed,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(kinds(&history(&mut client, "w").await), expected);
    // The activity that was pending at the point is done for the new run.
    let poll = || PollActivityTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("activities"),
        ..Default::default()
    };
    let done = loop {
        let limit = Duration::from_secs(10);
        let polled = client.poll_activity_task_queue(within(limit, poll())).await.unwrap().into_inner();
        if polled.workflow_execution.as_ref().is_some_and(|it| it.run_id == next) {
            break polled;
        }
    };
    let request = RespondActivityTaskCompletedRequest { task_token: done.task_token, ..Default::default() };
    client.respond_activity_task_completed(request).await.unwrap();
    let third = task(&mut client).await;
    assert_eq!(third.workflow_execution.as_ref().unwrap().run_id, next);
    client.respond_workflow_task_completed(decision(&third, vec![finish])).await.unwrap();
    let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution("w") };
    let described = client.describe_workflow_execution(request).await.unwrap().into_inner();
    let info = described.workflow_execution_info.unwrap();
    assert_eq!(info.status(), WorkflowExecutionStatus::Completed);
    assert_eq!((info.execution.unwrap().run_id, info.first_run_id), (next, first));
    assert!(described.workflow_extended_info.unwrap().last_reset_time.is_some());
}

#[tokio::test]
async fn a_reset_that_makes_no_sense_is_refused() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    for (request, code) in [
        (reset(1), Code::InvalidArgument),
        (reset(2), Code::InvalidArgument),
        (reset(7), Code::InvalidArgument),
        (ResetWorkflowExecutionRequest { request_id: String::new(), ..reset(3) }, Code::InvalidArgument),
        (ResetWorkflowExecutionRequest { workflow_execution: execution("x"), ..reset(3) }, Code::NotFound),
        (
            ResetWorkflowExecutionRequest { post_reset_operations: vec![Default::default()], ..reset(3) },
            Code::Unimplemented,
        ),
    ] {
        let refused = client.reset_workflow_execution(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{request:?}: {refused}");
    }
}
