//! What a case asks of its world, which may be one without faults.

use crate::session::Session;
use async_trait::async_trait;
use std::sync::Arc;

/// A workflow id and a run id.
pub(crate) type RunName = (String, String);

/// What a case asks of its world beside calls: to do its faults, to undo them, and to make everything undecided decided.
/// The phases: inject, heal, drain, settle, read, expire, grow.
#[async_trait]
pub(crate) trait Stage: Send + Sync {
    /// The case begins: faults of the plan are due from now on.
    fn inject(&self, _: &Arc<Session>) {}
    /// Waits until everything of the plan has begun, ends all faults, and waits until what was held back is delivered.
    async fn heal(&self) {}
    /// Every run is closed, or will not be: settles what the store has not decided, so that reads are final.
    async fn settle(&self) {}
    /// Everything has been read: lets the time pass after which these runs may be deleted, and records what is kept.
    async fn expire(&self, _: &[RunName]) {}
    /// Last of all: makes many of what the plan says, and counts what calls cost beside them.
    async fn grow(&self) {}
}

/// A world without faults.
pub(crate) struct Calm;

impl Stage for Calm {}
