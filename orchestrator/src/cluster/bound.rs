//! A bound on what is held in memory: of every queue, buffer and cache there is one. Each service names its own, beside the
//! constants that they are; `node/bounds.rs` makes the table of the documentation of them.

/// How much of something there is at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// What is held, and by or for whom.
    pub(crate) of: &'static str,
    /// How much of it at most.
    pub(crate) most: u64,
    /// In which unit.
    pub(crate) unit: &'static str,
    /// What becomes of more.
    pub(crate) beyond: &'static str,
}

/// What is refused is refused with this.
pub(crate) const REFUSED: &str = "RESOURCE_EXHAUSTED";
/// The sender waits, for as long as its caller does.
pub(crate) const WAITS: &str = "waits to be let in, until its caller gives up";
