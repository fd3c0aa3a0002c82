//! How a case ended: as it should, with a node that panicked, or with one that does not do what it has to.

use crate::time::At;

/// A node does not do what every node has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Which, if it is known.
    pub node: Option<u8>,
    /// What it does not do.
    pub why: String,
}

/// A node panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// When it panicked.
    pub at: At,
    /// Which node it was.
    pub node: u8,
    /// What it said, or where in its code it was.
    pub message: String,
}

/// The last line of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When it was written.
    pub at: At,
    /// Everything was closed and answered.
    pub quiescent: bool,
    /// By when that had to be.
    pub deadline: At,
    /// What was still open.
    pub open: Vec<String>,
    /// A bug of the suite itself that showed in this case.
    pub suite: Option<String>,
}
