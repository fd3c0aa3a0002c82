//! A store in memory: correct, linearizable, and gone with the process. Nodes of one process share it.
//!
//! It is the store of `resurgam server` and of tests, and what other stores are compared with. It never waits, never
//! fails, and is never in doubt.

use super::{Answer, Commit, Head, Key, Partition, PartitionKind, Rows, Store, Unavailable};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All partitions, by their names.
#[derive(Debug, Default)]
pub struct Memory {
    tables: Mutex<Tables>,
}

type Tables = BTreeMap<Partition, Table>;

/// How much a store holds, its head rows aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many rows.
    pub rows: usize,
    /// Bytes of their keys and values.
    pub bytes: usize,
}

/// One partition as it was at some moment.
#[derive(Clone, Debug, Default)]
pub struct Table {
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
            self.delete(range);
        }
        for (key, value) in commit.rows {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        Answer::Applied
    }

    /// Only what is in the range is touched, however much the partition holds.
    fn delete(&mut self, range: Range<Key>) {
        if range.start < range.end {
            self.rows.extract_if(range, |_, _| true).for_each(drop);
        }
    }
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of one partition, as it was.
    #[must_use]
    pub fn of(partition: Partition, table: Table) -> Self {
        Self { tables: Mutex::new(BTreeMap::from([(partition, table)])) }
    }

    /// A partition as it is; one that nobody wrote to is empty.
    #[must_use]
    pub fn snapshot(&self, partition: &Partition) -> Table {
        self.tables().get(partition).cloned().unwrap_or_default()
    }

    /// How much all partitions of a kind hold.
    #[must_use]
    pub fn size(&self, kind: PartitionKind) -> Size {
        let tables = self.tables();
        let rows = tables.iter().filter(|(name, _)| name.kind == kind).flat_map(|(_, table)| &table.rows);
        rows.fold(Size::default(), |size, (key, value)| Size {
            rows: size.rows + 1,
            bytes: size.bytes + key.len() + value.len(),
        })
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
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

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        let mut tables = self.tables();
        let Some(table) = tables.get_mut(partition) else { return Ok(()) };
        table.delete(range);
        // A partition of which nothing is left costs nothing.
        if table.head.is_none() && table.rows.is_empty() {
            tables.remove(partition);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Condition, conformance};

    #[tokio::test]
    async fn conforms() {
        assert_eq!(conformance::check(&Memory::new(), "test").await, Ok(()));
    }

    /// A store that is wrong in one way.
    struct Wrong(Memory, Fault);

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fault {
        FencesTestSequence,
        ConditionsIgnored,
        TwiceTaken,
        ReversedReads,
        LimitIgnored,
        HeadHidden,
        DeletionsLost,
        AppendsLost,
        DeletesLost,
        DeletesWiden,
    }

    #[async_trait]
    impl Store for Wrong {
        async fn commit(&self, partition: &Partition, mut commit: Commit) -> Answer {
            match self.1 {
                Fault::FencesTestSequence => {
                    if let Condition::Equal { sequence: sequence @ None, .. } = &mut commit.condition {
                        *sequence = Some(0);
                    }
                }
                Fault::ConditionsIgnored if self.0.tables().contains_key(partition) => {
                    commit.condition = Condition::Equal { range: None, sequence: None };
                }
                Fault::TwiceTaken => commit.rows = BTreeMap::from_iter(commit.rows).into_iter().collect(),
                Fault::DeletionsLost => commit.deleted.clear(),
                _ => {}
            }
            match self.0.commit(partition, commit).await {
                Answer::NotApplied(_) if self.1 == Fault::HeadHidden => Answer::NotApplied(None),
                answer => answer,
            }
        }

        async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
            self.0.head(partition).await
        }

        async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
            let limit = if self.1 == Fault::LimitIgnored { usize::MAX } else { limit };
            let mut rows = self.0.read(partition, range, limit).await?;
            if self.1 == Fault::ReversedReads {
                rows.reverse();
            }
            Ok(rows)
        }

        async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
            if self.1 == Fault::AppendsLost { Ok(()) } else { self.0.append(partition, rows).await }
        }

        async fn delete(&self, partition: &Partition, mut range: Range<Key>) -> Result<(), Unavailable> {
            match self.1 {
                Fault::DeletesLost => return Ok(()),
                Fault::DeletesWiden => range.end.push(char::MAX),
                _ => {}
            }
            self.0.delete(partition, range).await
        }
    }

    #[tokio::test]
    async fn every_fault_is_found() {
        use Fault::*;
        for fault in [
            FencesTestSequence,
            ConditionsIgnored,
            TwiceTaken,
            ReversedReads,
            LimitIgnored,
            HeadHidden,
            DeletionsLost,
            AppendsLost,
            DeletesLost,
            DeletesWiden,
        ] {
            assert!(conformance::check(&Wrong(Memory::new(), fault), "test").await.is_err(), "{fault:?}");
        }
    }
}
