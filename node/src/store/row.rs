//! What a partition holds: rows, sorted by their keys.

use bytes::Bytes;
use std::ops::Range;

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
