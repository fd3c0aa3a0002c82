//! Namespaces that are registered at several nodes at once, over a store that takes its time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use async_trait::async_trait;
use futures_util::future::join_all;
use resurgam_api::temporal::workflowservice::v1::{DescribeNamespaceRequest, ListNamespacesRequest};
use resurgam_orchestrator::store::memory::Memory;
use resurgam_orchestrator::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use support::{cluster_over, registration};
use tokio::runtime::Handle;
use tokio::time::sleep;
use tonic::Code;

const NODES: usize = 3;
const EACH: usize = 8;

/// A store to which every call is a way of its own, so that those of several nodes lie between each other.
struct Far(Memory);

impl Far {
    async fn way(&self) {
        sleep(Duration::from_millis(1)).await;
    }
}

#[async_trait]
impl Store for Far {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.way().await;
        let answer = self.0.commit(partition, commit).await;
        self.way().await;
        answer
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.way().await;
        self.0.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.way().await;
        self.0.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.way().await;
        self.0.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.way().await;
        self.0.delete(partition, range).await
    }
}

#[tokio::test]
async fn registrations_at_several_nodes_do_not_fail_each_other() {
    let cluster = cluster_over(&vec![Handle::current(); NODES], Arc::new(Far(Memory::default()))).await;
    let name = |node: usize, number: usize| format!("space-{node}-{number}");
    let registered = (0..NODES).flat_map(|node| (0..EACH).map(move |number| (node, number))).map(|(node, number)| {
        let mut client = cluster.client(node);
        async move { client.register_namespace(registration(&name(node, number))).await }
    });
    for answer in join_all(registered).await {
        answer.unwrap();
    }
    for node in 0..NODES {
        let mut client = cluster.client(node);
        let request = ListNamespacesRequest { page_size: 1000, ..Default::default() };
        let listed = client.list_namespaces(request).await.unwrap().into_inner().namespaces;
        assert_eq!(listed.len(), NODES * EACH + 1);
        for (other, number) in (0..NODES).flat_map(|node| (0..EACH).map(move |number| (node, number))) {
            let request = DescribeNamespaceRequest { namespace: name(other, number), ..Default::default() };
            client.describe_namespace(request).await.unwrap();
        }
    }
}

#[tokio::test]
async fn one_of_those_who_register_one_name_at_several_nodes_does() {
    let cluster = cluster_over(&vec![Handle::current(); NODES], Arc::new(Far(Memory::default()))).await;
    let answers = join_all((0..NODES).map(|node| {
        let mut client = cluster.client(node);
        async move { client.register_namespace(registration("space")).await.err().map(|status| status.code()) }
    }));
    let mut answers = answers.await;
    answers.sort_by_key(|code| code.map(i32::from));
    assert_eq!(answers, [None, Some(Code::AlreadyExists), Some(Code::AlreadyExists)]);
    // Each shows the one id that there is.
    let mut ids = Vec::new();
    for node in 0..NODES {
        let request = DescribeNamespaceRequest { namespace: "space".into(), ..Default::default() };
        let found = cluster.client(node).describe_namespace(request).await.unwrap().into_inner();
        ids.push(found.namespace_info.unwrap().id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}
