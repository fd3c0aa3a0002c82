//! What a run may have at most, and what counts where nothing is said.

use crate::cluster::sizes::{BLOB_BYTES, ID_BYTES};
use resurgam_state::Millis;

/// Limits and defaults, as in temporalio/temporal, `common/dynamicconfig/constants.go`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Longest id, in bytes.
    pub id_bytes: usize,
    /// Largest payload, in bytes.
    pub blob_bytes: usize,
    /// Events after which a run is terminated.
    pub history_events: i64,
    /// Bytes after which a run is terminated.
    pub history_bytes: i64,
    /// Events after which workers are advised to continue as new.
    pub suggest_events: i64,
    /// Bytes after which workers are advised to continue as new.
    pub suggest_bytes: i64,
    /// Pending activities, children, signals and cancel requests: each at most this many.
    pub pending: usize,
    /// Signals per run.
    pub signals: i64,
    /// Buffered events per run.
    pub buffered: usize,
    /// Bytes of buffered events per run.
    pub buffered_bytes: usize,
    /// Updates in flight per run.
    pub updates_in_flight: usize,
    /// Updates per run.
    pub updates: usize,
    /// Workflow task timeout if the start names none.
    pub task_timeout: Millis,
    /// Longest workflow task timeout.
    pub task_timeout_max: Millis,
    /// Schedule-to-start timeout of speculative workflow tasks.
    pub speculative_timeout: Millis,
    /// Workflow task attempts from which on the timeout backs off.
    pub task_backoff_after: i32,
    /// Shortest time between the starts of two runs of a continue-as-new chain.
    pub continue_interval: Millis,
    /// First retry interval of activities and workflows that name none.
    pub retry_interval: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            id_bytes: ID_BYTES,
            blob_bytes: BLOB_BYTES,
            history_events: 51_200,
            history_bytes: 50 << 20,
            suggest_events: 4096,
            suggest_bytes: 4 << 20,
            pending: 2000,
            signals: 10_000,
            buffered: 100,
            buffered_bytes: 2 << 20,
            updates_in_flight: 10,
            updates: 2000,
            task_timeout: 10_000,
            task_timeout_max: 120_000,
            speculative_timeout: 5_000,
            task_backoff_after: 3,
            continue_interval: 1_000,
            retry_interval: 1_000,
        }
    }
}
