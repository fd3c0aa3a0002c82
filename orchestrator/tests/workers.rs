//! Workers say of themselves how they are, at any node, and every node tells it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::enums::v1::WorkerStatus;
use resurgam_api::temporal::worker::v1::WorkerHeartbeat;
use resurgam_api::temporal::workflowservice::v1 as api;
use support::{cluster, has_detail};
use tonic::Code;

fn heartbeat(key: &str, queue: &str) -> WorkerHeartbeat {
    WorkerHeartbeat {
        worker_instance_key: key.into(),
        task_queue: queue.into(),
        status: WorkerStatus::Running.into(),
        ..WorkerHeartbeat::default()
    }
}

fn list(query: &str, page_size: i32, next_page_token: Vec<u8>) -> api::ListWorkersRequest {
    api::ListWorkersRequest {
        namespace: "tests".into(),
        query: query.into(),
        page_size,
        next_page_token,
        ..Default::default()
    }
}

fn keys(answer: &api::ListWorkersResponse) -> Vec<&str> {
    answer.workers.iter().map(|worker| worker.worker_instance_key.as_str()).collect()
}

#[tokio::test]
async fn workers_are_listed_and_described_by_every_node() {
    let cluster = cluster(2).await;
    let (mut one, mut other) = (cluster.client(0), cluster.client(1));
    let said = |client: usize, workers: Vec<WorkerHeartbeat>| {
        let (mut client, namespace) = (cluster.client(client), "tests".to_owned());
        let request = api::RecordWorkerHeartbeatRequest { namespace, worker_heartbeat: workers, ..Default::default() };
        async move { client.record_worker_heartbeat(request).await.unwrap() }
    };
    said(0, vec![heartbeat("a", "q"), heartbeat("b", "q")]).await;
    said(1, vec![heartbeat("c", "other")]).await;
    for client in [&mut one, &mut other] {
        let all = client.list_workers(list("", 0, Vec::new())).await.unwrap().into_inner();
        assert_eq!(keys(&all), ["a", "b", "c"]);
        let of = client.list_workers(list("TaskQueue = 'q' AND WorkerStatus = 'Running'", 0, Vec::new())).await;
        assert_eq!(keys(&of.unwrap().into_inner()), ["a", "b"]);
    }
    let first = one.list_workers(list("", 2, Vec::new())).await.unwrap().into_inner();
    assert_eq!(keys(&first), ["a", "b"]);
    let second = other.list_workers(list("", 2, first.next_page_token)).await.unwrap().into_inner();
    assert_eq!((keys(&second), second.next_page_token.len()), (vec!["c"], 0));

    let asked = |key: &str| api::DescribeWorkerRequest { namespace: "tests".into(), worker_instance_key: key.into() };
    let found = other.describe_worker(asked("a")).await.unwrap().into_inner();
    assert_eq!(found.worker_info.unwrap().worker_heartbeat, Some(heartbeat("a", "q")));
    let last = WorkerHeartbeat { status: WorkerStatus::Shutdown.into(), ..heartbeat("a", "q") };
    let request =
        api::ShutdownWorkerRequest { namespace: "tests".into(), worker_heartbeat: Some(last), ..Default::default() };
    one.shutdown_worker(request).await.unwrap();
    let gone = other.describe_worker(asked("a")).await.unwrap_err();
    assert_eq!((gone.code(), gone.message()), (Code::NotFound, "Worker a not found"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let nobody = api::DescribeWorkerRequest { namespace: "tests".into(), worker_instance_key: "a".into() };
    let refused = client.describe_worker(nobody).await.unwrap_err();
    assert!(has_detail(&refused, "NamespaceNotFoundFailure"), "{refused}");
    client.list_workers(list("", 1, b"{".to_vec())).await.unwrap();
    let request = api::RecordWorkerHeartbeatRequest {
        namespace: "tests".into(),
        worker_heartbeat: vec![heartbeat("a", "q")],
        ..Default::default()
    };
    client.record_worker_heartbeat(request).await.unwrap();
    for (query, token) in [("TaskQueue =", Vec::new()), ("", b"{".to_vec())] {
        let refused = client.list_workers(list(query, 1, token)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
}
