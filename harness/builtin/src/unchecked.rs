//! What Cassandra itself does with a batch that names a row twice, as a store that does not refuse it: all statements share
//! one timestamp, so the deletion wins, else the larger bytes, and the other write is lost without a word.
//!
//! Every store of ours refuses such a batch; a driver without that check is what the planted bug needs.

use async_trait::async_trait;
use bytes::Bytes;
use resurgam_node::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// See the module.
pub(crate) struct Unchecked(pub(crate) Arc<dyn Store>);

/// The batch as it takes effect: every row once.
fn merged(mut commit: Commit) -> Commit {
    let mut rows: BTreeMap<Key, Option<Bytes>> = BTreeMap::new();
    for (key, value) in commit.rows {
        if commit.deleted.iter().any(|range| range.contains(&key)) {
            continue;
        }
        let wins = match rows.get(&key) {
            None => true,
            Some(None) => false,
            Some(Some(other)) => value.as_ref().is_none_or(|value| value > other),
        };
        if wins {
            rows.insert(key, value);
        }
    }
    commit.rows = rows.into_iter().collect();
    commit
}

#[async_trait]
impl Store for Unchecked {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.0.commit(partition, merged(commit)).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_node::store::{Change, Condition};

    #[test]
    fn of_two_writes_the_deletion_or_the_larger_bytes_win() {
        let row = |key: &str, value: Option<&'static str>| (key.to_owned(), value.map(Bytes::from));
        let commit = Commit {
            condition: Condition::Absent,
            change: Change::Fence { range: 1, owner: "o".into() },
            rows: vec![
                row("a", Some("2")),
                row("a", Some("1")),
                row("b", Some("1")),
                row("b", None),
                row("c", Some("1")),
            ],
            deleted: vec!["c".to_owned().."d".to_owned()],
        };
        let merged = merged(commit);
        assert_eq!(merged.rows, [row("a", Some("2")), row("b", None)]);
        assert_eq!(merged.fault(), None);
    }
}
