//! Where a reader of a history goes on. Opaque to clients; a snapshot's pages are read without asking the shard again,
//! since what is committed never changes.

use crate::cluster::Rejection;
use crate::history::engine::Slice;
use prost::Message;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_state::{EventId, Tail};

/// A place in a history.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HistoryPlace {
    /// Run id of the run that is read.
    #[prost(string, tag = "1")]
    pub run_id: String,
    /// The next event to read.
    #[prost(int64, tag = "2")]
    pub from: EventId,
    /// One past the last event of the snapshot.
    #[prost(int64, tag = "3")]
    pub next: EventId,
    /// The end of the snapshot's chain.
    #[prost(message, optional, tag = "4")]
    pub tail: Option<Tail>,
    /// Events that follow the snapshot and are not stored.
    #[prost(message, repeated, tag = "5")]
    pub appended: Vec<HistoryEvent>,
    /// When the snapshot is read, the reader wants what comes after it.
    #[prost(bool, tag = "6")]
    pub follow: bool,
    /// A node of the chain that begins at or before `from`: there the reading goes on.
    #[prost(message, optional, tag = "7")]
    pub at: Option<Tail>,
}

impl From<Slice> for HistoryPlace {
    fn from(slice: Slice) -> Self {
        let Slice { run_id, from, at, next, tail, appended } = slice;
        Self { run_id, from, next, tail, appended, follow: false, at }
    }
}

impl HistoryPlace {
    /// Reads a token of ours.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let token = Self::decode(bytes).ok().filter(|token| token.from > 0 && !token.run_id.is_empty());
        token.ok_or_else(|| Rejection::InvalidArgument("Invalid NextPageToken.".to_owned()))
    }
}
