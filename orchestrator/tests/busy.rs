//! A node that is too busy to answer for a while: what its peers make of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use futures_util::future::join_all;
use resurgam_api::temporal::common::v1::WorkflowType;
use resurgam_api::temporal::workflowservice::v1::StartWorkflowExecutionRequest;
use std::time::{Duration, Instant};
use support::{cluster_on, queue, within};
use tokio::runtime::{Builder, Handle};

/// How long the node does something else.
const BUSY: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn a_slow_peer_is_not_a_dead_one() {
    let (send, receive) = std::sync::mpsc::channel();
    let (done, ended) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        send.send(runtime.handle().clone()).unwrap();
        let _ = runtime.block_on(ended);
    });
    let other = receive.recv().unwrap();
    let cluster = cluster_on(&[Handle::current(), other.clone()]).await;
    let start = |id: String| {
        let mut client = cluster.client(0);
        let request = StartWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_id: id,
            workflow_type: Some(WorkflowType { name: "w".into() }),
            task_queue: queue("q"),
            ..Default::default()
        };
        async move { client.start_workflow_execution(within(Duration::from_secs(20), request)).await }
    };
    // Both nodes have taken their shards, and the connections between them are there.
    for outcome in join_all((0..16).map(|n| start(format!("before-{n}")))).await {
        outcome.unwrap();
    }
    let began = Instant::now();
    other.spawn(async { std::thread::sleep(BUSY) });
    for outcome in join_all((0..16).map(|n| start(format!("meanwhile-{n}")))).await {
        outcome.expect("a call to a busy node takes longer, and does not fail");
    }
    assert!(began.elapsed() >= BUSY / 2, "nobody asked the busy one");
    drop(done);
    thread.join().unwrap();
}
