//! What calls cost in the store, counted: commits, rows and bytes do not grow with what a call does not touch.
//!
//! Counts are exact and know no clock, so a growth shows at sizes that a test can make, long before anybody could time it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use async_trait::async_trait;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
};
use resurgam_orchestrator::store::memory::Memory;
use resurgam_orchestrator::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use std::ops::{Range, Sub};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{cluster_over, queue, registration};
use tokio::runtime::Handle;
use tonic::transport::Channel;

/// Calls that are counted together: what happens beside them now and then has little weight.
const CALLS: usize = 40;
/// How much there is when it is counted first.
const FEW: usize = 20;
/// How much there is when it is counted again.
const MANY: usize = 600;

/// What was asked of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    commits: usize,
    appends: usize,
    reads: usize,
    /// Rows put, deleted or appended, and ranges deleted.
    written: usize,
    /// Rows that reads returned.
    read: usize,
    /// Of rows written and read.
    bytes: usize,
}

impl Sub for Asked {
    type Output = Self;
    fn sub(self, before: Self) -> Self {
        Self {
            commits: self.commits - before.commits,
            appends: self.appends - before.appends,
            reads: self.reads - before.reads,
            written: self.written - before.written,
            read: self.read - before.read,
            bytes: self.bytes - before.bytes,
        }
    }
}

impl Asked {
    /// What costs more than a tenth more than there; numbers that are written out get longer, and that may be.
    fn grown_since(self, few: Self) -> Option<String> {
        let pairs = [
            ("commits", few.commits, self.commits),
            ("appends", few.appends, self.appends),
            ("reads", few.reads, self.reads),
            ("rows written", few.written, self.written),
            ("rows read", few.read, self.read),
            ("bytes", few.bytes, self.bytes),
        ];
        let grown = pairs.into_iter().find(|(_, few, many)| *many > few + few / 10 + CALLS / 10);
        grown.map(|(what, few, many)| format!("{what} of {CALLS} calls: {few}, and then {many}"))
    }
}

/// A store in memory that counts what it is asked.
#[derive(Default)]
struct Counting {
    store: Memory,
    asked: Mutex<Asked>,
}

impl Counting {
    fn count(&self, add: impl FnOnce(&mut Asked)) {
        add(&mut self.asked.lock().unwrap());
    }

    fn so_far(&self) -> Asked {
        *self.asked.lock().unwrap()
    }

    /// All that was asked, once nothing more is.
    async fn at_rest(&self) -> Asked {
        let mut before = self.so_far();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.so_far();
            if now == before {
                return now;
            }
            before = now;
        }
        panic!("it never comes to rest");
    }
}

#[async_trait]
impl Store for Counting {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.count(|asked| {
            asked.commits += 1;
            asked.written += commit.rows.len() + commit.deleted.len();
            asked.bytes += commit.rows.iter().map(|(_, row)| row.as_ref().map_or(0, |row| row.len())).sum::<usize>();
        });
        self.store.commit(partition, commit).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.count(|asked| asked.reads += 1);
        self.store.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let rows = self.store.read(partition, range, limit).await?;
        self.count(|asked| {
            asked.reads += 1;
            asked.read += rows.len();
            asked.bytes += rows.iter().map(|(_, row)| row.len()).sum::<usize>();
        });
        Ok(rows)
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.count(|asked| {
            asked.appends += 1;
            asked.written += rows.len();
            asked.bytes += rows.iter().map(|(_, row)| row.len()).sum::<usize>();
        });
        self.store.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.count(|asked| asked.written += 1);
        self.store.delete(partition, range).await
    }
}

/// A client that gives every workflow another id.
struct Client {
    service: WorkflowServiceClient<Channel>,
    ids: usize,
}

impl Client {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:08}", self.ids)
    }

    async fn start(&mut self, workflow_id: &str, queue_name: &str) {
        let request = StartWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(WorkflowType { name: "w".into() }),
            task_queue: queue(queue_name),
            request_id: self.id(),
            ..Default::default()
        };
        self.service.start_workflow_execution(request).await.unwrap();
    }

    async fn terminate(&mut self, workflow_id: &str) {
        let request = TerminateWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_execution: execution(workflow_id),
            ..Default::default()
        };
        self.service.terminate_workflow_execution(request).await.unwrap();
    }

    async fn start_and_terminate(&mut self) {
        let workflow_id = self.id();
        self.start(&workflow_id, "q").await;
        self.terminate(&workflow_id).await;
    }

    async fn signal(&mut self, workflow_id: &str) {
        let request = SignalWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_execution: execution(workflow_id),
            signal_name: "s".into(),
            request_id: self.id(),
            ..Default::default()
        };
        self.service.signal_workflow_execution(request).await.unwrap();
    }

    async fn describe(&mut self, workflow_id: &str) {
        let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution(workflow_id) };
        self.service.describe_workflow_execution(request).await.unwrap();
    }
}

fn execution(workflow_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() })
}

/// Counts calls beside few others of what `add` makes, and beside many.
async fn does_not_grow(add: impl AsyncFn(&mut Client, usize), call: impl AsyncFn(&mut Client)) {
    let store = Arc::new(Counting::default());
    let cluster = cluster_over(&[Handle::current()], Arc::clone(&store) as _).await;
    let mut client = Client { service: cluster.client(0), ids: 0 };
    client.start("fixed", "q").await;
    let mut counted = Vec::new();
    let mut there = 0;
    for size in [FEW, MANY] {
        for number in there..size {
            add(&mut client, number).await;
        }
        there = size;
        let before = store.at_rest().await;
        for _ in 0..CALLS {
            call(&mut client).await;
        }
        counted.push(store.at_rest().await - before);
    }
    let grown = counted[1].grown_since(counted[0]);
    assert_eq!(grown, None, "{counted:?}");
}

#[tokio::test]
async fn a_signal_beside_the_signals_before_it() {
    does_not_grow(async |client, _| client.signal("fixed").await, async |client| client.signal("fixed").await).await;
}

#[tokio::test]
async fn a_description_of_a_workflow_with_many_signals() {
    does_not_grow(async |client, _| client.signal("fixed").await, async |client| client.describe("fixed").await).await;
}

#[tokio::test]
async fn a_start_and_a_termination_beside_what_has_closed() {
    let pair = async |client: &mut Client| client.start_and_terminate().await;
    does_not_grow(async |client, _| client.start_and_terminate().await, pair).await;
}

#[tokio::test]
async fn a_start_and_a_termination_of_an_id_that_had_many_runs() {
    let pair = async |client: &mut Client| {
        client.start("again", "q").await;
        client.terminate("again").await;
    };
    does_not_grow(async |client, _| pair(client).await, pair).await;
}

#[tokio::test]
async fn a_start_and_a_termination_beside_what_is_open() {
    let add = async |client: &mut Client, _| {
        let workflow_id = client.id();
        client.start(&workflow_id, "q").await;
    };
    does_not_grow(add, async |client| client.start_and_terminate().await).await;
}

#[tokio::test]
async fn a_start_and_a_termination_beside_other_task_queues() {
    let add = async |client: &mut Client, number: usize| {
        let workflow_id = client.id();
        client.start(&workflow_id, &format!("queue-{}", number % 100)).await;
    };
    does_not_grow(add, async |client| client.start_and_terminate().await).await;
}

#[tokio::test]
async fn a_signal_beside_other_namespaces() {
    let add = async |client: &mut Client, number: usize| {
        client.service.register_namespace(registration(&format!("space-{number}"))).await.unwrap();
    };
    does_not_grow(add, async |client| client.signal("fixed").await).await;
}

#[test]
fn growth_is_seen_in_each_count() {
    let few = Asked { commits: 40, appends: 40, reads: 40, written: 200, read: 40, bytes: 9000 };
    assert_eq!(few.grown_since(few), None);
    let grown = [
        Asked { commits: 80, ..few },
        Asked { appends: 80, ..few },
        Asked { reads: 80, ..few },
        Asked { written: 300, ..few },
        Asked { read: 80, ..few },
        Asked { bytes: 10_000, ..few },
    ];
    for many in grown {
        assert!(many.grown_since(few).is_some(), "{many:?}");
    }
}
