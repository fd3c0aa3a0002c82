//! The number of an event, by which other events refer to it.

/// The number of an event in its history, counted from 1. Zero in a reference means "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub i64);

impl EventId {
    /// True if this is a reference to nothing.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
    /// The id `n` events later (earlier if negative).
    #[must_use]
    pub fn plus(self, n: i64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
