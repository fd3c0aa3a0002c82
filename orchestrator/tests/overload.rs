//! More calls than a node takes: what is too much is refused at once, and all that was let in is done.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use async_trait::async_trait;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::workflowservice::v1::{
    ListNamespacesRequest, PollActivityTaskQueueRequest, RespondActivityTaskCompletedRequest,
};
use resurgam_orchestrator::store::memory::Memory;
use resurgam_orchestrator::store::{Answer, Commit, Head, Key, Partition, PartitionKind, Rows, Store, Unavailable};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use support::{cluster_over, has_detail, queue, start, within};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Code;

/// So many calls of one namespace a node takes at a time, as docs/bounds.md says.
const MOST: usize = 3_000;
/// And so many more are made.
const MORE: usize = 400;
/// How long a caller waits.
const PATIENCE: Duration = Duration::from_secs(120);

/// A store in memory that keeps shards waiting while it is told to.
struct Slow {
    memory: Memory,
    waits: watch::Receiver<bool>,
}

#[async_trait]
impl Store for Slow {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        if partition.kind == PartitionKind::Shard {
            self.waits.clone().wait_for(|waits| !waits).await.unwrap();
        }
        self.memory.commit(partition, commit).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.memory.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.memory.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.memory.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.memory.delete(partition, range).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_refused_at_once_and_the_rest_is_done() {
    let (slow, waits) = watch::channel(false);
    let cluster = cluster_over(&[Handle::current()], Arc::new(Slow { memory: Memory::default(), waits })).await;
    // The shards are there.
    cluster.client(0).start_workflow_execution(within(PATIENCE, start("first"))).await.unwrap();
    slow.send_replace(true);

    // A connection carries a thousand calls at a time.
    let clients: Vec<_> = (0..4).map(|_| WorkflowServiceClient::new(cluster.channel(0))).collect();
    let mut calls = JoinSet::new();
    for (number, client) in (0..MOST + MORE).zip(clients.iter().cycle()) {
        let mut client = client.clone();
        let request = within(PATIENCE, start(&format!("w-{number}")));
        calls.spawn(async move { client.start_workflow_execution(request).await.map(drop) });
    }
    for _ in 0..MORE {
        let refused = calls.join_next().await.unwrap().unwrap().unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::ResourceExhausted, "namespace concurrent call limit exceeded")
        );
        assert!(has_detail(&refused, "ResourceExhaustedFailure"));
    }
    // Who names another namespace, or waits for work, or answers for some, is not refused for that.
    let mut other = cluster.client(0);
    other.list_namespaces(ListNamespacesRequest::default()).await.unwrap();
    let poll =
        PollActivityTaskQueueRequest { namespace: "tests".into(), task_queue: queue("nobody"), ..Default::default() };
    other.poll_activity_task_queue(within(Duration::from_secs(3), poll)).await.unwrap();
    let answer = RespondActivityTaskCompletedRequest { namespace: "tests".into(), ..Default::default() };
    assert_eq!(other.respond_activity_task_completed(answer).await.unwrap_err().code(), Code::InvalidArgument);

    slow.send_replace(false);
    let mut done = 0;
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
        done += 1;
    }
    assert_eq!(done, MOST);
    other.start_workflow_execution(within(PATIENCE, start("last"))).await.unwrap();
}
