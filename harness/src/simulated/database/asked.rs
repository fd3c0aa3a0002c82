//! What the store was asked so far, counted as it arrives, whatever becomes of it.

use resurgam_cassandra::{Batch, Rows};
use resurgam_formats::cost::Cost;

/// See the module.
#[derive(Default)]
pub(super) struct StoreCost(Cost);

impl StoreCost {
    /// All of it.
    pub(super) fn so_far(&self) -> Cost {
        self.0
    }

    /// A conditional batch.
    pub(super) fn batch(&mut self, batch: &Batch) {
        self.0.commits += 1;
        self.0.written += (batch.rows.len() + batch.deleted.len()) as u64;
        self.0.bytes += batch.rows.iter().flat_map(|(_, row)| row).map(|row| row.len() as u64).sum::<u64>();
    }

    /// A plain write.
    pub(super) fn append(&mut self, rows: &Rows) {
        self.0.appends += 1;
        self.0.written += rows.len() as u64;
        self.0.bytes += bytes(rows);
    }

    /// A plain delete of a range.
    pub(super) fn delete(&mut self) {
        self.0.appends += 1;
        self.0.written += 1;
    }

    /// A read that may show so many rows, and shows these; with none it is a look at the head row, as an owner has it from
    /// time to time in any case.
    pub(super) fn rows(&mut self, limit: usize, rows: &Rows) {
        if limit > 0 {
            self.0.reads += 1;
            self.0.read += rows.len() as u64;
            self.0.bytes += bytes(rows);
        }
    }
}

fn bytes(rows: &Rows) -> u64 {
    rows.iter().map(|(_, row)| row.len() as u64).sum()
}
