//! The door for third parties, as somebody else's repository would use it: an orchestrator of their own, checked from a
//! `#[test]`. This one is ours over a store adapter with a popular mistake: it takes a timeout for success.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_builtin::Builtin;
use resurgam_formats::plan::Family;
use resurgam_harness::check;
use resurgam_node::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// An orchestrator over a hopeful driver.
struct Hopeful;

#[async_trait]
impl Orchestrator for Hopeful {
    fn name(&self) -> &str {
        "hopeful"
    }

    async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
        let store = Arc::new(Driver(Arc::clone(&node.store)));
        Builtin::default().serve(NodeContext { store, ..node }).await
    }
}

/// Somebody else's name on an orchestrator that keeps the contract; `.0` says whether it passes on what that one promises.
struct Renamed(bool);

#[async_trait]
impl Orchestrator for Renamed {
    fn name(&self) -> &str {
        "mine"
    }

    fn promises(&self) -> Promises {
        if self.0 { Builtin::default().promises() } else { Promises::default() }
    }

    async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
        Builtin::default().serve(node).await
    }
}

/// A driver that reports what it does not know as done.
struct Driver(Arc<dyn Store>);

#[async_trait]
impl Store for Driver {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        match self.0.commit(partition, commit).await {
            Answer::Unknown(_) => Answer::Applied,
            answer => answer,
        }
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.0.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.0.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.0.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.0.delete(partition, range).await
    }
}

#[test]
fn a_driver_that_takes_timeouts_for_success_is_caught() {
    let checked = check(Hopeful).cases(300).faults(&[Family::Store]).run();
    let failed = checked.failed.expect("300 cases did not find it");
    assert!(!failed.rules.is_empty(), "{}", failed.report);
}

#[test]
fn a_name_changes_no_verdict() {
    check(Renamed(false)).cases(300).assert_ok();
    check(Renamed(true)).seed(100).cases(30).assert_ok();
}

#[test]
fn without_faults_nobody_can_tell() {
    check(Hopeful).cases(8).faults(&[]).assert_ok();
}
