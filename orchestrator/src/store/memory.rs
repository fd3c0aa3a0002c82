//! A store in memory: correct, linearizable, and gone with the process. Nodes of one process share it.
//!
//! It is the store of `--store memory` and of tests, and what other stores are compared with. It never waits, never
//! fails, and is never in doubt.

use super::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The partitions.
#[derive(Debug, Default)]
pub struct Memory {
    tables: Mutex<Tables>,
}

pub(crate) type Tables = BTreeMap<Partition, Table>;

/// One partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    head: Option<Head>,
    rows: BTreeMap<Key, Bytes>,
}

impl Table {
    fn commit(&mut self, commit: Commit) -> Answer {
        if let Some(fault) = commit.fault() {
            return Answer::Refused(fault);
        }
        if !commit.condition.holds(self.head.as_ref()) {
            return Answer::NotApplied(self.head.clone());
        }
        self.head = Some(commit.change.of(self.head.as_ref()));
        for range in commit.deleted {
            self.rows.retain(|key, _| !range.contains(key));
        }
        for (key, value) in commit.rows {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        Answer::Applied
    }
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        // A table is changed as a whole or, by a panic of the allocator, not at all.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Memory {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.tables().entry(partition.clone()).or_default().commit(commit)
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        Ok(self.tables().get(partition).and_then(|table| table.head.clone()))
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let tables = self.tables();
        let Some(table) = tables.get(partition).filter(|_| range.start < range.end) else { return Ok(Rows::new()) };
        Ok(table.rows.range(range).take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.tables().entry(partition.clone()).or_default().rows.extend(rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[tokio::test]
    async fn conforms() {
        assert_eq!(conformance::check(&Memory::new(), "test").await, Ok(()));
    }
}
