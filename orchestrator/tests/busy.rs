//! A node that is too busy to answer for a while: what its peers make of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use futures_util::future::join_all;
use resurgam_api::WorkflowServiceClient;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use support::{cluster_on, within};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

/// How long the node does something else.
const BUSY: Duration = Duration::from_millis(2_500);

/// A thread that does what a second node does, until it is told to end.
fn other_thread() -> (Handle, oneshot::Sender<()>, JoinHandle<()>) {
    let (send, receive) = std::sync::mpsc::channel();
    let (done, ended) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        send.send(runtime.handle().clone()).unwrap();
        let _ = runtime.block_on(ended);
    });
    (receive.recv().unwrap(), done, thread)
}

async fn start(mut client: WorkflowServiceClient<Channel>, id: String) -> Result<(), Status> {
    let request = within(Duration::from_secs(20), support::start(&id));
    client.start_workflow_execution(request).await.map(drop)
}

#[tokio::test]
async fn a_slow_peer_is_not_a_dead_one() {
    let (other, done, thread) = other_thread();
    let cluster = cluster_on(&[Handle::current(), other.clone()]).await;
    let start = |id: String| start(cluster.client(0), id);
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

#[tokio::test]
async fn calls_that_are_given_up_take_no_others_with_them() {
    let (other, done, thread) = other_thread();
    let cluster = cluster_on(&[Handle::current(), other.clone()]).await;
    let (stays, leaves) = (cluster.client(0), cluster.client(0));
    for outcome in join_all((0..16).map(|n| start(stays.clone(), format!("before-{n}")))).await {
        outcome.unwrap();
    }
    other.spawn(async { std::thread::sleep(BUSY) });
    // The busy node has not begun with any of them when most are given up, all at once.
    let mut given_up: JoinSet<_> = (0..900).map(|n| start(leaves.clone(), format!("given-up-{n}"))).collect();
    let mut awaited: JoinSet<_> = (0..16).map(|n| start(stays.clone(), format!("awaited-{n}"))).collect();
    tokio::time::sleep(BUSY / 2).await;
    given_up.abort_all();
    while let Some(outcome) = awaited.join_next().await {
        outcome.unwrap().expect("nobody else has given up");
    }
    drop(done);
    thread.join().unwrap();
}
