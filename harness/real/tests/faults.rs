//! What plans do to the database happens to real Cassandra, is seen to happen, and leaves a database that answers.
#![cfg(feature = "containers")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::plan::DatabaseFault;
use resurgam_harness::real;
use resurgam_harness::target::Database as _;
use resurgam_real::{Node, Profile};

#[tokio::test(flavor = "multi_thread")]
async fn each_is_seen_to_happen_and_the_database_answers_afterwards() {
    if !real::cassandra_wanted("faults of the database") {
        return;
    }
    let node = Node::start(Profile::Strict).await.unwrap();
    for fault in [
        DatabaseFault::Flush,
        DatabaseFault::Compact,
        DatabaseFault::Pause,
        DatabaseFault::Kill,
        DatabaseFault::Restart,
        DatabaseFault::Flush,
    ] {
        assert!(node.begin(fault).await, "{}", fault.name());
        node.end(fault).await.unwrap();
    }
    // What there is not cannot be flushed, and that is seen as well.
    node.kill().await.unwrap();
    assert!(!node.begin(DatabaseFault::Flush).await && !node.begin(DatabaseFault::Kill).await);
}
