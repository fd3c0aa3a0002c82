//! What a client sees of a node before there is any workflow.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::workflowservice::v1::{
    DescribeNamespaceRequest, DescribeTaskQueueRequest, GetSystemInfoRequest, ListNamespacesRequest,
    ListWorkerDeploymentsRequest, PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest,
    RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest, ShutdownWorkerRequest,
    SignalWorkflowExecutionRequest,
};
use std::time::{Duration, Instant};
use support::{cluster, has_detail, queue, registration, until, within};
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

#[tokio::test]
async fn it_is_up_at_once_and_says_what_it_can() {
    let cluster = cluster(1).await;
    let info = cluster.client(0).get_system_info(GetSystemInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.server_version, env!("CARGO_PKG_VERSION"));
    assert!(info.capabilities.unwrap().internal_error_differentiation);
    let refused = cluster.client(0).list_worker_deployments(ListWorkerDeploymentsRequest::default()).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn namespaces_are_the_same_on_every_node() {
    let cluster = cluster(2).await;
    let mut other = cluster.client(1);
    let describe = |name: &str| DescribeNamespaceRequest { namespace: name.into(), ..Default::default() };
    let found = other.describe_namespace(describe("tests")).await.unwrap().into_inner().namespace_info.unwrap();
    assert_eq!((found.name.as_str(), found.description.as_str()), ("tests", "a test"));
    let by_id = DescribeNamespaceRequest { id: found.id.clone(), ..Default::default() };
    assert_eq!(cluster.client(0).describe_namespace(by_id).await.unwrap().into_inner().namespace_info, Some(found));

    let missing = other.describe_namespace(describe("nowhere")).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    assert!(has_detail(&missing, "NamespaceNotFoundFailure"));
    let again = other.register_namespace(registration("tests")).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert!(has_detail(&again, "NamespaceAlreadyExistsFailure"));

    for name in ["a", "test"] {
        other.register_namespace(registration(name)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut request = ListNamespacesRequest { page_size: 2, ..Default::default() };
    loop {
        let page = cluster.client(0).list_namespaces(request.clone()).await.unwrap().into_inner();
        names.extend(page.namespaces.into_iter().map(|namespace| namespace.namespace_info.unwrap().name));
        request.next_page_token = page.next_page_token;
        if request.next_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["a", "test", "tests"]);
}

#[tokio::test]
async fn a_poll_ends_empty_before_its_caller_gives_up() {
    let cluster = cluster(2).await;
    let poll = PollWorkflowTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("q"),
        identity: "me".into(),
        ..Default::default()
    };
    for node in 0..2 {
        let begun = Instant::now();
        let limit = Duration::from_millis(2100);
        let answer = cluster.client(node).poll_workflow_task_queue(within(limit, poll.clone())).await.unwrap();
        assert!(answer.into_inner().task_token.is_empty());
        // That it answered at all says that it did so before the deadline.
        assert!(begun.elapsed() >= Duration::from_secs(1), "it did not wait");
    }
    let describe = DescribeTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("q"),
        task_queue_type: 1,
        ..Default::default()
    };
    let pollers = cluster.client(0).describe_task_queue(describe).await.unwrap().into_inner().pollers;
    assert_eq!(pollers.iter().map(|poller| poller.identity.as_str()).collect::<Vec<_>>(), ["me"]);

    let short = within(Duration::from_millis(1500), poll.clone());
    let short = cluster.client(0).poll_workflow_task_queue(short).await.unwrap_err();
    assert_eq!(short.code(), Code::InvalidArgument);
    let nameless = PollActivityTaskQueueRequest { namespace: "tests".into(), ..Default::default() };
    let nameless = cluster.client(0).poll_activity_task_queue(nameless).await.unwrap_err();
    assert_eq!(nameless.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_cannot_be_right_is_refused() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    for task_token in [vec![], b"nonsense".to_vec()] {
        let request = RespondWorkflowTaskCompletedRequest { task_token: task_token.clone(), ..Default::default() };
        let refused = client.respond_workflow_task_completed(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let request = RespondQueryTaskCompletedRequest { task_token, ..Default::default() };
        let refused = client.respond_query_task_completed(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let request = SignalWorkflowExecutionRequest { namespace: "tests".into(), ..Default::default() };
    assert_eq!(client.signal_workflow_execution(request).await.unwrap_err().code(), Code::InvalidArgument);
    let request =
        ShutdownWorkerRequest { namespace: "tests".into(), sticky_task_queue: "mine".into(), ..Default::default() };
    client.shutdown_worker(request).await.unwrap();
}

#[tokio::test]
async fn it_takes_and_gives_gzip() {
    let cluster = cluster(1).await;
    let mut client =
        cluster.client(0).send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
    let answer = client.get_system_info(GetSystemInfoRequest {}).await.unwrap();
    assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), "gzip");
}

#[tokio::test]
async fn it_answers_health_checks_and_reflection() {
    let cluster = cluster(1).await;
    for service in ["", "temporal.api.workflowservice.v1.WorkflowService"] {
        let request = HealthCheckRequest { service: service.into() };
        let mut client = HealthClient::new(cluster.channel(0)).send_compressed(CompressionEncoding::Gzip);
        let answer = client.check(request).await.unwrap();
        assert_eq!(answer.into_inner().status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
    }
    let request = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut client = ServerReflectionClient::new(cluster.channel(0)).send_compressed(CompressionEncoding::Gzip);
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(services)) = answers.next().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    let names: Vec<_> = services.service.into_iter().map(|service| service.name).collect();
    assert!(names.contains(&"temporal.api.workflowservice.v1.WorkflowService".to_owned()), "{names:?}");
}

#[tokio::test]
async fn a_node_stops_when_told_and_others_take_over() {
    let cluster = cluster(3).await;
    let poll = |node: usize, name: String| {
        let request = PollWorkflowTaskQueueRequest {
            namespace: "tests".into(),
            task_queue: queue(&name),
            identity: "me".into(),
            ..Default::default()
        };
        let mut client = cluster.client(node);
        async move { client.poll_workflow_task_queue(within(Duration::from_millis(2050), request)).await }
    };
    cluster.stops[1].cancel();
    until(|| async {
        let polls = (0..8).map(|n| poll(n % 2 * 2, format!("q{n}")));
        futures_util::future::join_all(polls).await.into_iter().all(|answer| answer.is_ok())
    })
    .await;
}
