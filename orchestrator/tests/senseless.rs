//! Requests that make no sense, and are refused as the real server refuses them: found by `resurgam explore`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use prost_wkt_types::FieldMask;
use resurgam_api::temporal::common::v1::link::{BatchJob, Variant};
use resurgam_api::temporal::common::v1::{Link, Priority};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::update_activity_options_request::Activity;
use support::{cluster, execution, start};
use tonic::{Code, Response, Status};

/// With what code and in what words a call is refused.
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), status.message().to_owned())
}

fn invalid(says: &str) -> (Code, String) {
    (Code::InvalidArgument, says.to_owned())
}

#[tokio::test]
async fn links_lead_somewhere() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let links = vec![Link { variant: Some(Variant::BatchJob(BatchJob::default())) }];
    let nothing = invalid("batch job link must not have an empty job ID");
    let request = api::StartWorkflowExecutionRequest { links: links.clone(), ..start("w") };
    assert_eq!(refused(client.start_workflow_execution(request).await), nothing);
    client.start_workflow_execution(start("w")).await.unwrap();
    let of = start("w");
    let request = api::SignalWithStartWorkflowExecutionRequest {
        namespace: of.namespace,
        workflow_id: of.workflow_id,
        workflow_type: of.workflow_type,
        task_queue: of.task_queue,
        signal_name: "s".into(),
        links: links.clone(),
        ..Default::default()
    };
    assert_eq!(refused(client.signal_with_start_workflow_execution(request).await), nothing);
    let (namespace, workflow_execution) = ("tests".to_owned(), execution("w"));
    let request = api::SignalWorkflowExecutionRequest {
        namespace: namespace.clone(),
        workflow_execution: workflow_execution.clone(),
        signal_name: "s".into(),
        links: links.clone(),
        ..Default::default()
    };
    assert_eq!(refused(client.signal_workflow_execution(request).await), nothing);
    let request = api::RequestCancelWorkflowExecutionRequest {
        namespace: namespace.clone(),
        workflow_execution: workflow_execution.clone(),
        links: links.clone(),
        ..Default::default()
    };
    assert_eq!(refused(client.request_cancel_workflow_execution(request).await), nothing);
    let request = api::TerminateWorkflowExecutionRequest { namespace, workflow_execution, links, ..Default::default() };
    assert_eq!(refused(client.terminate_workflow_execution(request).await), nothing);
}

#[tokio::test]
async fn priorities_are_not_negative() {
    let cluster = cluster(1).await;
    let priority = Some(Priority { priority_key: -1, ..Priority::default() });
    let request = api::StartWorkflowExecutionRequest { priority, ..start("w") };
    let answer = cluster.client(0).start_workflow_execution(request).await;
    assert_eq!(refused(answer), invalid("priority key can't be negative"));
}

#[tokio::test]
async fn workers_have_names_that_are_not_too_long() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let (namespace, identity) = ("tests".to_owned(), "w".repeat(1001));
    let long = invalid("Identity length exceeds limit.");
    let request = api::PollWorkflowTaskQueueRequest {
        namespace: namespace.clone(),
        identity: identity.clone(),
        ..Default::default()
    };
    assert_eq!(refused(client.poll_workflow_task_queue(request).await), long);
    let request = api::RespondWorkflowTaskFailedRequest { identity: identity.clone(), ..Default::default() };
    assert_eq!(refused(client.respond_workflow_task_failed(request).await), long);
    let request = api::RespondActivityTaskCompletedByIdRequest {
        namespace,
        workflow_id: "w".into(),
        identity,
        ..Default::default()
    };
    assert_eq!(refused(client.respond_activity_task_completed_by_id(request).await), long);
}

#[tokio::test]
async fn only_sticky_queues_stand_for_another() {
    let cluster = cluster(1).await;
    let task_queue = Some(TaskQueue { name: "q".into(), normal_name: "n".into(), ..TaskQueue::default() });
    let request = api::PollActivityTaskQueueRequest { namespace: "tests".into(), task_queue, ..Default::default() };
    let answer = cluster.client(0).poll_activity_task_queue(request).await;
    assert_eq!(refused(answer), invalid("only sticky queues can have normal name. tq: q, normal name: n"));
}

#[tokio::test]
async fn options_are_changed_or_put_back() {
    let cluster = cluster(1).await;
    let request = api::UpdateActivityOptionsRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        activity: Some(Activity::Id("a".into())),
        update_mask: Some(FieldMask::default()),
        restore_original: true,
        ..Default::default()
    };
    let answer = cluster.client(0).update_activity_options(request).await;
    assert_eq!(refused(answer), invalid("Both UpdateMask and RestoreOriginal are provided"));
}

#[tokio::test]
async fn what_cannot_be_there_is_not_found() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let (namespace, long) = ("tests".to_owned(), "w".repeat(1001));
    let workflow_execution = execution(&long);
    let request = api::DeleteWorkflowExecutionRequest {
        namespace: namespace.clone(),
        workflow_execution: workflow_execution.clone(),
    };
    assert_eq!(refused(client.delete_workflow_execution(request).await).0, Code::NotFound);
    let request = api::GetWorkflowExecutionHistoryRequest {
        namespace: namespace.clone(),
        execution: workflow_execution,
        ..Default::default()
    };
    assert_eq!(refused(client.get_workflow_execution_history(request).await).0, Code::NotFound);
    client.start_workflow_execution(start("w")).await.unwrap();
    let request = api::RespondActivityTaskCompletedByIdRequest {
        namespace,
        workflow_id: "w".into(),
        activity_id: long,
        ..Default::default()
    };
    assert_eq!(refused(client.respond_activity_task_completed_by_id(request).await).0, Code::NotFound);
}

#[tokio::test]
async fn no_message_is_larger_than_four_mebibytes() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let request = |bytes: usize| api::RespondWorkflowTaskFailedRequest {
        task_token: b"no token".to_vec(),
        namespace: "tests".into(),
        failure: Some(Failure { message: "x".repeat(bytes), ..Failure::default() }),
        ..Default::default()
    };
    let (code, says) = refused(client.respond_workflow_task_failed(request(5 << 20)).await);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(says.starts_with("grpc: received message larger than max (52429"), "{says}");
    assert!(says.ends_with(" vs. 4194304)"), "{says}");
    assert_eq!(refused(client.respond_workflow_task_failed(request(3 << 20)).await), invalid("Invalid TaskToken."));
}
