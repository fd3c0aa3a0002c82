//! The fenced log: how one owner at a time changes a partition, however wrong membership, clocks and answers are.
//!
//! The partition's head row is `{range, sequence, batch, owner}`. Whoever raised the range last, *and saw that applied*,
//! has the tenure; it sends one batch at a time under the condition that range and sequence are its own. An answer
//! that does not come is settled by a fence, the only write after which nothing earlier can take effect. So a log is
//! always in one of three states: held; in doubt, while [`Log::commit`] works on it; lost, after which only
//! [`Log::open`] helps. Dropping a future of it in the middle, as a crash does, leaves it lost.
//!
//! Model: `models/cassandra/tests/fenced_log`. It knows nothing of what the rows mean, and never retries a batch.

mod backoff;
mod batch;
mod fence;
mod group;
mod read;
#[cfg(test)]
mod rivals_tests;
#[cfg(test)]
mod tests;

pub(crate) use backoff::Backoff;
pub use group::{Bounds, Group};

use crate::invariant::invariant;
use crate::planted::{Bug, planted};
use crate::store::{Head, Partition, Store};
use resurgam_api::environment::Environment;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// Numbers drawn within one tenure: 24 bits, so that `range << 24 | number` grows over tenures and never repeats.
const NUMBER_BITS: u32 = 24;

/// So many ranges leave 16 bits for numbers within one transition.
const RANGE_BITS: u32 = 23;

/// The tenure of one owner on one partition.
pub(crate) struct Log {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    partition: Partition,
    name: String,
    head: Head,
    drawn: i64,
    ownership: Ownership,
}

/// What the owner may believe of its tenure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ownership {
    /// The head row was this log's when last heard of.
    Held,
    /// Something was sent and not answered, or somebody else has the partition.
    Lost,
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Applied,
    /// It took effect, which only a fence has shown: the log is held with a new range, and what the owner knew before
    /// still holds, since nobody else had the partition in between; or the log is lost.
    Settled,
    /// It did not take effect, and never will. The log is held, perhaps with a new range.
    Absent,
    /// Ownership is lost or in doubt, and it is unknown whether the group took effect. The log must be opened anew.
    Lost,
    /// The store will never take this group. The log is held.
    Refused(String),
}

/// A log could not be opened, or not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store does not answer well enough for now.
    #[error("the log cannot reach its store: {0}")]
    Unavailable(String),
    /// Somebody else has the partition, or may have it.
    #[error("the log's tenure is lost")]
    Lost,
}

impl Log {
    /// Takes the partition, from whoever has it: reads the head row and fences until a fence was seen applied, or the
    /// store has failed several times.
    ///
    /// # Errors
    /// The store does not answer, or somebody else takes the partition again and again.
    pub async fn open(
        store: Arc<dyn Store>,
        environment: Arc<dyn Environment>,
        partition: Partition,
        name: &str,
    ) -> Result<Self, Error> {
        let nobody = Head { range: 0, sequence: 0, batch: Uuid::nil(), owner: String::new() };
        let name = name.to_owned();
        let mut log = Self { store, environment, partition, name, head: nobody, drawn: 0, ownership: Ownership::Lost };
        log.take().await?;
        Ok(log)
    }

    /// A number that no owner of this partition has drawn before, nor will again; greater than all before.
    pub fn draw(&mut self) -> i64 {
        self.drawn += 1;
        let (range, drawn) = (self.head.range, self.drawn);
        invariant!(range < 1 << RANGE_BITS && drawn < 1 << NUMBER_BITS, "there is no number {drawn} in range {range}");
        (range << NUMBER_BITS) as i64 + drawn
    }

    /// Whether this number was drawn by a later owner, so that this one has lost the partition.
    #[must_use]
    pub(crate) fn is_behind(&self, number: i64) -> bool {
        number >> NUMBER_BITS > self.head.range as i64 && !planted(Bug::FenceMissing)
    }

    /// The partition that the log is of.
    #[must_use]
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The range of the tenure.
    #[must_use]
    pub fn range(&self) -> u64 {
        self.head.range
    }

    /// The tenure is not known to be lost. It may be, all the same: only a commit tells.
    #[must_use]
    pub(crate) fn is_held(&self) -> bool {
        self.ownership == Ownership::Held
    }

    /// Looks whether somebody else has taken the partition. An owner that has nothing to write would never hear of it,
    /// and never read what others wrote meanwhile. False: the tenure is lost. A read that fails says nothing.
    pub async fn lasts(&mut self) -> bool {
        if planted(Bug::FenceMissing) || planted(Bug::StaleQueueOwner) {
            return true;
        }
        if self.is_held()
            && let Ok(Some(head)) = self.store.head(&self.partition).await
            && head.range > self.head.range
        {
            tracing::info!(partition = %self.partition, range = self.head.range, ?head, "the log was taken");
            self.ownership = Ownership::Lost;
        }
        self.is_held()
    }

    fn uuid(&self) -> Uuid {
        let bits = u128::from(self.environment.random()) << 64 | u128::from(self.environment.random());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.environment.clone())
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("partition", &self.partition)
            .field("head", &self.head)
            .field("ownership", &self.ownership)
            .finish_non_exhaustive()
    }
}
