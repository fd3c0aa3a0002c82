//! Rows under timestamps: the larger one wins; at equal ones a deletion beats a value, and larger bytes beat smaller.
//!
//! Merging is commutative, associative and idempotent, so that late and repeated writes need no thought: whatever the
//! order of arrival, the result is the same. Source: docs/cassandra-semantics.md, “Plain writes”.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

/// Rows in the order of their keys.
pub type Rows = Vec<(String, Vec<u8>)>;
/// A timestamp, in microseconds.
pub type Stamp = u64;

/// Rows, and the deletions that older writes must not survive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    rows: BTreeMap<String, Cell>,
    /// Deleted ranges, sorted, none inside another that is as new.
    erased: Vec<(Range<String>, Stamp)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    at: Stamp,
    /// `None` if the row was deleted.
    value: Option<Vec<u8>>,
}

impl Cell {
    /// Which of two writes to one row is seen.
    fn wins(&self, other: &Self) -> Ordering {
        let key = |cell: &Self| (cell.at, cell.value.is_none());
        key(self).cmp(&key(other)).then_with(|| self.value.cmp(&other.value))
    }
}

impl Cells {
    /// Writes a row, or deletes it.
    pub fn put(&mut self, key: String, value: Option<Vec<u8>>, at: Stamp) {
        if self.erased.iter().any(|(range, erased)| *erased >= at && range.contains(&key)) {
            return;
        }
        let new = Cell { at, value };
        match self.rows.get_mut(&key) {
            Some(old) if new.wins(old).is_gt() => *old = new,
            Some(_) => {}
            None => {
                self.rows.insert(key, new);
            }
        }
    }

    /// Deletes a range of rows.
    pub(crate) fn erase(&mut self, range: &Range<String>, at: Stamp) {
        let within = |one: &(Range<String>, Stamp), other: &(Range<String>, Stamp)| {
            one.1 <= other.1 && other.0.start <= one.0.start && one.0.end <= other.0.end
        };
        let new = (range.clone(), at);
        if range.is_empty() || self.erased.iter().any(|old| within(&new, old)) {
            return;
        }
        let gone: Vec<String> =
            self.rows.range(range.clone()).filter(|(_, cell)| cell.at <= at).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| drop(self.rows.remove(key)));
        self.erased.retain(|old| !within(old, &new));
        self.erased.push(new);
        self.erased
            .sort_by(|one, other| (&one.0.start, &one.0.end, one.1).cmp(&(&other.0.start, &other.0.end, other.1)));
    }

    /// The rows of a range that are there, in order, at most so many.
    #[must_use]
    pub fn rows(&self, range: &Range<String>, limit: usize) -> Rows {
        if range.is_empty() {
            return Vec::new();
        }
        let there = self.rows.range(range.clone()).filter_map(|(key, cell)| Some((key.clone(), cell.value.clone()?)));
        there.take(limit).collect()
    }

    /// All rows that are there, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.rows.iter().filter_map(|(key, cell)| Some((key.as_str(), cell.value.as_deref()?)))
    }

    /// The value of a row that is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.rows.get(key)?.value.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Write {
        Put(u8, Option<u8>, Stamp),
        Erase(u8, u8, Stamp),
    }

    fn key(of: u8) -> String {
        format!("{of:02}")
    }

    fn all(writes: &[Write]) -> Cells {
        let mut cells = Cells::default();
        for write in writes {
            match write {
                Write::Put(row, value, at) => cells.put(key(*row), value.map(|byte| vec![byte]), *at),
                Write::Erase(from, to, at) => cells.erase(&(key(*from)..key(*to)), *at),
            }
        }
        cells
    }

    #[test]
    fn ties_are_broken_by_deletion_and_then_by_bytes() {
        assert_eq!(all(&[Write::Put(1, Some(9), 5), Write::Put(1, Some(2), 5)]).get("01"), Some(&[9][..]));
        assert_eq!(all(&[Write::Put(1, None, 5), Write::Put(1, Some(2), 5)]).get("01"), None);
        assert_eq!(all(&[Write::Erase(0, 3, 5), Write::Put(1, Some(2), 5)]).get("01"), None);
        assert_eq!(all(&[Write::Erase(0, 3, 5), Write::Put(1, Some(2), 6)]).get("01"), Some(&[2][..]));
        assert_eq!(all(&[Write::Erase(0, 1, 5), Write::Put(1, Some(2), 5)]).get("01"), Some(&[2][..]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_order_of_arrival_does_not_matter(
            (writes, shuffled) in proptest::collection::vec(prop_oneof![
                3 => (0..5u8, any::<Option<u8>>(), 0..4u64).prop_map(|(row, value, at)| Write::Put(row, value, at)),
                1 => (0..5u8, 0..6u8, 0..4u64).prop_map(|(from, to, at)| Write::Erase(from, to, at)),
            ], 0..14).prop_flat_map(|writes| (Just(writes.clone()), Just(writes).prop_shuffle())),
        ) {
            let cells = all(&writes);
            prop_assert_eq!(&cells, &all(&shuffled));
            let twice: Vec<_> = writes.iter().chain(&shuffled).cloned().collect();
            prop_assert_eq!(&cells, &all(&twice), "repeated");
            let range = key(1)..key(4);
            let expected: Vec<_> = cells.iter().filter(|(row, _)| range.contains(&(*row).to_owned())).take(2)
                .map(|(row, value)| (row.to_owned(), value.to_vec())).collect();
            prop_assert_eq!(cells.rows(&range, 2), expected);
        }
    }
}
