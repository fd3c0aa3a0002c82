//! A set of small numbers with a hash that is kept up to date, so that looking for it costs nothing.

/// Numbers below a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    words: Box<[u64]>,
    hash: u64,
}

impl Set {
    /// The empty set of numbers below `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self { words: vec![0; limit.div_ceil(64)].into_boxed_slice(), hash: 0 }
    }
    /// Adds a number that is not in it, or takes out one that is.
    pub(super) fn flip(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / 64) {
            *word ^= 1 << (number % 64);
        }
        self.hash ^= mix(number as u64);
    }
    /// The same for equal sets.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
    /// The bytes it owns.
    pub(super) fn bytes(&self) -> usize {
        self.words.len() * 8
    }
}

/// Spreads a number over 64 bits (the finalizer of splitmix64).
fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
