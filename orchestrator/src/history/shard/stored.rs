//! Rows of tasks: what a transfer or a timer is called in the store, and what is read of it.

use super::keys;
use crate::invariant::{broken, invariant};
use crate::store::Key;
use bytes::Bytes;
use prost::Message;
use resurgam_state::Millis;
use resurgam_state::task::{TimerKind, TimerTask, TransferTask};

/// When a timer task is due, and its id.
pub(super) type TimerId = (Millis, i64);

/// The number that a row or a part of its key is.
pub(super) fn number(key: &str, text: &[u8]) -> i64 {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| broken!("there is no number in the row {key}"))
}

/// A task as it is stored: its key says what its row says.
pub(super) trait Stored: Message + Default + PartialEq {
    /// The key of this task under this id; `None`: the task says nothing.
    fn key(&self, id: i64) -> Option<Key>;
}

impl Stored for TransferTask {
    fn key(&self, id: i64) -> Option<Key> {
        self.kind.as_ref().map(|_| keys::transfer(id))
    }
}

impl Stored for TimerTask {
    fn key(&self, id: i64) -> Option<Key> {
        self.kind.as_ref().map(|kind| match kind {
            TimerKind::Retention(_) => keys::expiry(self.due, id),
            _ => keys::timer(self.due, id),
        })
    }
}

/// The row of a task, with its id, the last part of its key. A shard does not go on without one of them: nobody could tell what
/// then never happens.
pub(super) fn task<T: Stored>(key: &Key, row: &Bytes) -> (i64, T) {
    let task = T::decode(row.as_ref()).unwrap_or_else(|problem| broken!("the task row {key}: {problem}"));
    let id = number(key, key.rsplit('/').next().unwrap_or(key).as_bytes());
    invariant!(task.key(id).as_ref() == Some(key), "the task row {key} is another task's, or says nothing");
    (id, task)
}
