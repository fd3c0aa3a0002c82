//! What a store keeps: rows, sorted by their keys, in partitions.

use bytes::Bytes;
use std::fmt;
use std::ops::Range;

/// Name of a partition, the unit of atomicity: `shard/3`, `queue/…`, `history/…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub String);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Key of a row in its partition, readable by an operator; rows are sorted by its bytes.
pub type Key = String;

/// Rows in the order of their keys.
pub type Rows = Vec<(Key, Bytes)>;

/// The range of all keys that begin with `prefix`.
#[must_use]
pub fn prefixed(prefix: &str) -> Range<Key> {
    let mut end = prefix.to_owned();
    // Keys are made of printable ASCII and escaped text: nothing sorts after this character.
    end.push(char::MAX);
    prefix.to_owned()..end
}
