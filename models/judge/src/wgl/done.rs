//! Which operations of a partition are in the order already.
//!
//! Operations that were answered are numbered by their calls, and what is in the order of these is nearly a beginning of the
//! numbers: only as many as were under way together can be missing or ahead. So a set is remembered as where that beginning ends
//! and the few words behind it, however long the history is. Operations of unknown outcome stay open for ever and have words of
//! their own.

use std::hash::{Hash, Hasher};

/// Words that are remembered in place.
const NEAR: usize = 2;

/// The set, in words of 64 numbers: first those of answered operations, then those of open ones.
#[derive(Clone, Debug)]
pub(super) struct Done {
    words: Vec<u64>,
    /// How many operations were answered; their numbers come first.
    answered: usize,
    /// How many words are theirs.
    split: usize,
    /// Below this word all are in it.
    low: usize,
    /// Above this word none of the answered are in it.
    high: usize,
}

/// A set as it is remembered: equal for equal sets of the same partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    low: u32,
    near: [u64; NEAR],
    open: u64,
    /// Other words of open operations, then other words of answered ones.
    far: Box<[u64]>,
}

impl Hash for Snapshot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.low) ^ self.near[0].rotate_left(24));
        state.write_u64(self.near[1] ^ self.open.rotate_left(40));
        self.far.iter().for_each(|word| state.write_u64(*word));
    }
}

impl Snapshot {
    /// The bytes that it owns.
    pub(super) fn bytes(&self) -> usize {
        self.far.len() * 8
    }
}

impl Done {
    /// The empty set, for so many operations, of which the first were answered.
    pub(super) fn new(answered: usize, all: usize) -> Self {
        let split = answered.div_ceil(64);
        Self { words: vec![0; split + (all - answered).div_ceil(64)], answered, split, low: 0, high: 0 }
    }

    /// The word of a number, and its bit there.
    fn place(&self, number: usize) -> (usize, u64) {
        match number.checked_sub(self.answered) {
            None => (number / 64, 1 << (number % 64)),
            Some(open) => (self.split + open / 64, 1 << (open % 64)),
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        let (word, bit) = self.place(number);
        self.words[word] & bit != 0
    }

    /// Adds a number that is not in it, or takes out one that is.
    pub(super) fn flip(&mut self, number: usize) {
        let (word, bit) = self.place(number);
        self.words[word] ^= bit;
        if word >= self.split {
            return;
        }
        if self.words[word] & bit != 0 {
            self.high = self.high.max(word);
            while self.low < self.split && self.words[self.low] == u64::MAX {
                self.low += 1;
            }
        } else {
            self.low = self.low.min(word);
            while self.high > 0 && self.words[self.high] == 0 {
                self.high -= 1;
            }
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let (answered, open) = self.words.split_at(self.split);
        let behind = answered.get(self.low..=self.high).unwrap_or_default();
        let (near, rest) = behind.split_at(behind.len().min(NEAR));
        let mut first = [0; NEAR];
        first[..near.len()].copy_from_slice(near);
        let (first_open, more) = open.split_first().map_or((0, open), |(first, more)| (*first, more));
        Snapshot {
            low: u32::try_from(self.low).unwrap_or(u32::MAX),
            near: first,
            open: first_open,
            far: [more, rest].concat().into_boxed_slice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeSet, HashMap};

    #[test]
    fn snapshots_are_equal_where_sets_are() {
        let (mut done, mut set, mut seen) = (Done::new(300, 450), BTreeSet::new(), HashMap::new());
        let mut number = 1;
        for round in 0..20_000_usize {
            number = (number * 75 + 74) % 65_537;
            // Mostly a beginning, with some ahead and some missing.
            let place = if round % 3 == 0 { 300 + number % 150 } else { (round / 50 % 300).max(number % 20) };
            if !set.remove(&place) {
                set.insert(place);
            }
            done.flip(place);
            assert_eq!(done.contains(place), set.contains(&place));
            assert_eq!(seen.entry(done.snapshot()).or_insert_with(|| set.clone()), &set);
        }
        let back: Vec<_> = set.iter().copied().collect();
        back.into_iter().for_each(|place| done.flip(place));
        assert_eq!(done.snapshot(), Done::new(300, 450).snapshot());
    }
}
