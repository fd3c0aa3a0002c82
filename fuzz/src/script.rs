//! Decisions out of bytes: what an engine draws, a target reads as a script.

/// Reads bytes as decisions. Where they end, every decision is the first one.
#[derive(Clone, Debug)]
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    /// The decisions in these bytes.
    #[must_use]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True if no byte is left.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte, or 0.
    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number below `limit`, which is 0 if that is. Two bytes where one would not do, and four where two would not.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let bytes = match limit {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        };
        let number = (0..bytes).fold(0, |number, _| number << 8 | usize::from(self.byte()));
        number.checked_rem(limit).unwrap_or(0)
    }

    /// One of these.
    ///
    /// # Panics
    /// There are none.
    pub(crate) fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Everything that is left.
    #[must_use]
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
