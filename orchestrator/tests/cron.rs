//! Chains of runs by a cron schedule.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
};
use resurgam_api::temporal::common::v1::{Payload, Payloads, WorkflowExecution};
use resurgam_api::temporal::enums::v1::ContinueAsNewInitiator as Initiator;
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::WorkflowExecutionStartedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes as Event;
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueResponse, TerminateWorkflowExecutionRequest,
};
use support::{cluster, decision, execution, seconds, start, task};
use tonic::Code;

fn began(task: &PollWorkflowTaskQueueResponse) -> WorkflowExecutionStartedEventAttributes {
    match task.history.clone().unwrap().events.remove(0).attributes {
        Some(Event::WorkflowExecutionStartedEventAttributes(it)) => it,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_run_by_a_cron_schedule_is_followed_by_the_next_until_it_is_terminated() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let mut scheduled = start("w");
    scheduled.cron_schedule = "@every 1s".into();
    client.start_workflow_execution(scheduled.clone()).await.unwrap();
    let first = task(&mut client).await;
    let begun = began(&first);
    assert_eq!((begun.initiator(), begun.cron_schedule.as_str()), (Initiator::CronSchedule, "@every 1s"));
    assert_eq!(begun.first_workflow_task_backoff, seconds(1));
    let result = Some(Payloads { payloads: vec![Payload { data: b"7".to_vec(), ..Payload::default() }] });
    let end = CompleteWorkflowExecutionCommandAttributes { result: result.clone() };
    let end = Attributes::CompleteWorkflowExecutionCommandAttributes(end);
    client.respond_workflow_task_completed(decision(&first, vec![end])).await.unwrap();
    let history = GetWorkflowExecutionHistoryRequest {
        namespace: "tests".into(),
        execution: first.workflow_execution.clone(),
        ..Default::default()
    };
    let events = client.get_workflow_execution_history(history).await.unwrap().into_inner().history.unwrap().events;
    let Some(Event::WorkflowExecutionCompletedEventAttributes(completed)) = &events.last().unwrap().attributes else {
        panic!("the run has not completed")
    };

    let second = task(&mut client).await;
    let run_id = |task: &PollWorkflowTaskQueueResponse| task.workflow_execution.clone().unwrap().run_id;
    assert_eq!(completed.new_execution_run_id, run_id(&second));
    let begun = began(&second);
    assert_eq!((begun.last_completion_result.clone(), begun.attempt), (result.clone(), 1));
    assert_eq!(begun.first_execution_run_id, run_id(&first));
    let end = FailWorkflowExecutionCommandAttributes {
        failure: Some(Failure { message: "badly".into(), ..Failure::default() }),
    };
    let end = Attributes::FailWorkflowExecutionCommandAttributes(end);
    client.respond_workflow_task_completed(decision(&second, vec![end])).await.unwrap();

    let third = began(&task(&mut client).await);
    assert_eq!(third.continued_failure.unwrap().message, "badly");
    assert_eq!(third.last_completion_result, result, "the last one that there was");
    let terminate = TerminateWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: Some(WorkflowExecution { run_id: String::new(), ..execution("w").unwrap() }),
        ..Default::default()
    };
    client.terminate_workflow_execution(terminate.clone()).await.unwrap();
    assert_eq!(client.terminate_workflow_execution(terminate).await.unwrap_err().code(), Code::NotFound);

    for wrong in ["@often", "61 * * * *", "0 0 31 2 *"] {
        scheduled.cron_schedule = wrong.into();
        let refused = client.start_workflow_execution(scheduled.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong}");
    }
    (scheduled.cron_schedule, scheduled.workflow_start_delay) = ("@daily".into(), seconds(1));
    let refused = client.start_workflow_execution(scheduled).await.unwrap_err();
    assert_eq!(refused.message(), "CronSchedule and WorkflowStartDelay may not be used together.");
}
