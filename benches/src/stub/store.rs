//! The store in process: it survives nodes, and answers after a while.

use resurgam_simulation::Jitter;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows by workflow.
#[derive(Clone, Default)]
pub(super) struct Store(Arc<Mutex<BTreeMap<String, Vec<Vec<u8>>>>>);

impl Store {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a row; returns how many there are.
    pub(super) async fn append(&self, jitter: &Jitter, workflow: &str, row: Vec<u8>) -> usize {
        jitter
            .around(async {
                let mut rows = self.rows();
                let rows = rows.entry(workflow.to_owned()).or_default();
                rows.push(row);
                rows.len()
            })
            .await
    }

    /// The last row.
    pub(super) async fn last(&self, jitter: &Jitter, workflow: &str) -> Option<Vec<u8>> {
        jitter.around(async { self.rows().get(workflow).and_then(|rows| rows.last().cloned()) }).await
    }
}
