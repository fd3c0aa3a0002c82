//! What an orchestrator asks of a database: conditional commits, plain reads, and plain appends and deletes of rows in
//! partitions, and nothing else.
//!
//! It is narrow so that many databases can do it, and so that everything a database may do wrong has a name in an
//! [`Answer`]. In the simulation its other side is a model of Cassandra, under the faults of the plan. An orchestrator
//! that speaks to its database by another interface writes an adapter to this one; there is no other way to a database
//! inside the simulation, and one of its own (a map in `self`, a host of its own on the network) is never lost, never in
//! doubt and never hit by a fault of the store. The only atomic write is a [`Commit`] to one partition under a condition on its head row, which
//! Cassandra does as a conditional batch. History nodes are appended by plain writes, to partitions that are never
//! committed to, and deleted by plain deletes once nothing names them any more. No answer ever claims more than is known: what may have happened is [`Answer::Unknown`].

mod commit;
pub mod conformance;
pub mod memory;
mod partition;
mod row;

pub use commit::{Change, Commit, Condition, Head};
pub use partition::{NotAPartition, Partition, PartitionKind};
pub use row::{Key, Rows, prefixed};

use async_trait::async_trait;
use std::ops::Range;

/// What is known of a commit after asking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took effect.
    Applied,
    /// The condition did not hold when this attempt ran; the head row that was seen (`None`: there is none). An
    /// earlier attempt of the same batch, re-sent by a driver or proxy, may be what changed it.
    NotApplied(Option<Head>),
    /// It took effect, will later, or never will. Only a later commit that took effect under a condition which this
    /// one would have broken settles it.
    Unknown(String),
    /// The store will never execute it: too large, or malformed.
    Refused(String),
}

/// A read, an append or a delete did not succeed; a write may have had an effect, or have one later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is unavailable: {0}")]
pub struct Unavailable(pub String);

/// A database, as far as an orchestrator needs one.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Asks for one conditional batch. Never retried inside: a second attempt is a second commit.
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer;

    /// The head row by a plain read: what it shows did happen, what it does not show may still.
    ///
    /// # Errors
    /// It cannot be read now.
    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable>;

    /// At most `limit` rows from `range` by a plain read, in order; fewer than `limit` only at the end of the range.
    ///
    /// # Errors
    /// They cannot be read now.
    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable>;

    /// Writes rows by plain writes, to a partition without a head row. A key is never written twice with different
    /// bytes, so repeating an append is harmless, now and late.
    ///
    /// # Errors
    /// Some or all of it may be missing, for now or for ever.
    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable>;

    /// Deletes rows by a plain delete, from a partition without a head row, and for good: whoever asks will never again
    /// append a row of the range. So repeating a delete is harmless, now and late. What was appended before is gone, whatever
    /// clocks say of the order; a store that orders writes by timestamps gives this one the largest that there is. An
    /// append that was under way, without an acknowledgement, may leave its rows all the same: nobody reads them.
    ///
    /// # Errors
    /// Some or all of it may be there, for now or for ever.
    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable>;
}
