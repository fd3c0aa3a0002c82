//! The store of a node that may stand still: what it is about to ask then is asked afterwards, and so it learns of answers.

use super::store::NodeStore;
use async_trait::async_trait;
use resurgam_node::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use resurgam_simulation::Node;
use std::ops::Range;

/// See the module.
pub(super) struct PausedStore {
    store: NodeStore,
    node: Node,
}

impl PausedStore {
    /// The store of a node.
    pub(super) fn new(store: NodeStore, node: &Node) -> Self {
        Self { store, node: node.clone() }
    }
}

#[async_trait]
impl Store for PausedStore {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.node.unless_paused(self.store.commit(partition, commit)).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.node.unless_paused(self.store.head(partition)).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.node.unless_paused(self.store.read(partition, range, limit)).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.node.unless_paused(self.store.append(partition, rows)).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.node.unless_paused(self.store.delete(partition, range)).await
    }
}
