//! What one commit is to do: a map of final rows, never a list of statements, and the history nodes that have to be
//! durable before it.

use crate::invariant::invariant;
use crate::planted::{Bug, planted};
use crate::store::{Key, Partition, Rows};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The transitions of requests that are committed together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub(super) appends: BTreeMap<Partition, BTreeMap<Key, Bytes>>,
    pub(super) rows: BTreeMap<Key, Option<Bytes>>,
    pub(super) deleted: Vec<Range<Key>>,
    /// Rows that are not in the store before this group. If one is deleted again, there is nothing to write: deleting what
    /// is not there would leave a tombstone.
    fresh: BTreeSet<Key>,
    transitions: usize,
    bytes: usize,
}

/// How much one group may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many transitions.
    pub transitions: usize,
    /// Bytes of keys, rows and nodes.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { transitions: 64, bytes: 1 << 20 }
    }
}

impl Group {
    /// Counts one more transition.
    pub fn begin(&mut self) {
        self.transitions += 1;
    }

    /// Sets the final value of a row; `None` deletes it. What was set before is forgotten. No row inside a range given
    /// to [`Group::delete`] may be set.
    pub fn put(&mut self, key: Key, value: Option<Bytes>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        invariant!(!self.deleted.iter().any(|range| range.contains(&key)), "the row {key} is deleted and set at once");
        if planted(Bug::RowTouchedTwice)
            && let Some(before) = self.rows.get(&key)
        {
            // What Cassandra does to two statements of one batch: a tombstone wins, then the larger bytes.
            let kept = before.as_ref().zip(value.as_ref()).map(|(one, other)| one.max(other).clone());
            self.rows.insert(key, kept);
            return;
        }
        if value.is_none() && self.fresh.remove(&key) {
            self.rows.remove(&key);
        } else {
            self.rows.insert(key, value);
        }
    }

    /// Sets the value of a row that is not there.
    pub fn add(&mut self, key: Key, value: Bytes) {
        // One that was there and is deleted in this group stays to be deleted.
        if !self.rows.contains_key(&key) {
            self.fresh.insert(key.clone());
        }
        self.put(key, Some(value));
    }

    /// Deletes a range of rows; those of it that were set in this group are not.
    pub fn delete(&mut self, range: Range<Key>) {
        self.bytes += range.start.len() + range.end.len();
        if range.start < range.end {
            self.rows.extract_if(range.clone(), |_, _| true).for_each(drop);
            self.fresh.extract_if(range.clone(), |_| true).for_each(drop);
        }
        self.deleted.push(range);
    }

    /// Appends a row to another partition, before the commit. A key is never used for different bytes.
    pub fn append(&mut self, partition: Partition, key: Key, value: Bytes) {
        self.bytes += key.len() + value.len();
        let rows = self.appends.entry(partition).or_default();
        invariant!(rows.get(&key).is_none_or(|other| *other == value), "two different rows are appended as {key}");
        rows.insert(key, value);
    }

    /// Whether there is nothing to write. Committing it still proves the tenure.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.deleted.is_empty() && self.appends.is_empty()
    }

    /// Nothing more should be added.
    #[must_use]
    pub(crate) fn is_full(&self, bounds: &Bounds) -> bool {
        self.transitions >= bounds.transitions || self.bytes >= bounds.bytes
    }

    pub(super) fn take_appends(&mut self) -> Vec<(Partition, Rows)> {
        let appends = std::mem::take(&mut self.appends);
        appends.into_iter().map(|(partition, rows)| (partition, rows.into_iter().collect())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_in_one_group_is_not_written() {
        let mut group = Group::default();
        group.add("a".into(), Bytes::from_static(b"1"));
        group.put("a".into(), None);
        assert!(group.is_empty());
        group.put("b".into(), None);
        group.add("b".into(), Bytes::from_static(b"1"));
        group.put("b".into(), None);
        assert_eq!(group.rows.get("b"), Some(&None), "it was there before");
        group.add("c".into(), Bytes::from_static(b"1"));
        group.put("c".into(), Some(Bytes::from_static(b"2")));
        assert_eq!(group.rows.get("c"), Some(&Some(Bytes::from_static(b"2"))));
    }
}
