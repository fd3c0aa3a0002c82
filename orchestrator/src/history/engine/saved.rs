//! A way back: a decision that cannot be executed leaves the run as it was.

use super::Run;
use super::transaction::Transaction;

/// What a run was like before a decision.
pub(super) struct Saved {
    run: Run,
    woken: bool,
    events: usize,
    transfers: usize,
    timers: usize,
    answers: usize,
}

impl Saved {
    pub(super) fn of(tx: &Transaction<'_, '_>) -> Self {
        Self {
            run: tx.run.clone(),
            woken: tx.woken,
            events: tx.events.len(),
            transfers: tx.transfers.len(),
            timers: tx.timers.len(),
            answers: tx.answers.len(),
        }
    }

    pub(super) fn restore(self, tx: &mut Transaction<'_, '_>) {
        *tx.run = self.run;
        tx.woken = self.woken;
        tx.events.truncate(self.events);
        tx.transfers.truncate(self.transfers);
        tx.timers.truncate(self.timers);
        tx.answers.truncate(self.answers);
        tx.successor = None;
    }
}
