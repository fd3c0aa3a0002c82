//! How much a search may use, and what it came to.

/// How much a check may use, over all partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Attempts to put one operation next.
    pub(crate) steps: u64,
    /// Bytes of remembered states, about.
    pub(crate) bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 50_000_000, bytes: 256 << 20 }
    }
}

/// What a check says, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Whether an order was found.
    pub(crate) verdict: Verdict,
    /// Attempts to put one operation next.
    pub(crate) steps: u64,
    /// Bytes of remembered states, about.
    pub(crate) bytes: usize,
}

/// The answer of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is an order.
    Ok,
    /// There is none.
    Violated(Partial),
    /// The budget was used up.
    Unknown(&'static str),
}

/// How far the search came in the partition that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partial {
    /// The partition, as its key shows itself.
    pub(crate) partition: String,
    /// The longest order found, as indexes into the list of operations.
    pub(crate) order: Vec<usize>,
    /// The operation that had to come next at the latest, and could not.
    pub(crate) stuck: usize,
}
