//! One partition with a head row: what was decided, and at most one batch that is not.
//!
//! There is at most one undecided batch, as every batch that prepares first completes or kills what it finds. The
//! undecided one has found its condition true, and nothing can be decided beside it, so it stays true until then.

use super::batch::{Batch, Head};
use super::cells::{Cells, Rows, Stamp};
use super::outcome::{Chooser, Question, ScriptedCommit, WriteAnswer};
use resurgam_formats::store::StoreEvent;
use std::ops::Range;

/// The unit of atomicity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    head: Option<Head>,
    cells: Cells,
    /// The timestamp of the last batch that prepared.
    ballot: Stamp,
    limbo: Option<Limbo>,
    decided: Vec<Head>,
}

/// A batch that a minority accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Limbo {
    batch: Batch,
    ballot: Stamp,
    /// A read has shown it, so it is decided, though others need not see it yet.
    shown: bool,
}

impl Partition {
    /// The head row.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The head row after each batch that took effect, in order: the witness of what happened here.
    #[must_use]
    pub fn decided(&self) -> &[Head] {
        &self.decided
    }

    /// The rows with their timestamps.
    #[must_use]
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The batch that is neither in nor out.
    #[must_use]
    pub fn undecided(&self) -> Option<&Batch> {
        self.limbo.as_ref().map(|limbo| &limbo.batch)
    }

    pub(super) fn rows(&self, range: &Range<String>, limit: usize) -> Rows {
        self.cells.rows(range, limit)
    }

    /// A batch that reaches the partition. The last of the outcomes is its own.
    pub(super) fn commit(
        &mut self,
        now: Stamp,
        batch: Batch,
        scripted: ScriptedCommit,
        chooser: &mut impl Chooser,
        outcomes: &mut Vec<StoreEvent>,
    ) -> WriteAnswer {
        self.settle(chooser, outcomes);
        self.ballot = now.max(self.ballot + 1);
        if !batch.condition.holds(self.head.as_ref()) {
            let heard = matches!(scripted, ScriptedCommit::Answered | ScriptedCommit::Resent);
            outcomes.push(if heard { StoreEvent::Refused } else { StoreEvent::RefusedUnknown });
            return if heard { WriteAnswer::NotApplied(self.head.clone()) } else { WriteAnswer::Unknown };
        }
        if let ScriptedCommit::Limbo = scripted {
            self.limbo = Some(Limbo { batch, ballot: self.ballot, shown: false });
            outcomes.push(StoreEvent::LimboOpened);
            return WriteAnswer::Unknown;
        }
        if batch.collision().is_some() {
            outcomes.push(StoreEvent::Collision);
        }
        self.apply(&batch, self.ballot);
        outcomes.push(scripted.applied());
        match scripted {
            ScriptedCommit::Answered => WriteAnswer::Applied,
            ScriptedCommit::Resent => {
                // The second sending is a batch of its own. Its condition fails, unless it tests nothing that it changes.
                self.ballot += 1;
                if batch.condition.holds(self.head.as_ref()) {
                    self.apply(&batch, self.ballot);
                    outcomes.push(StoreEvent::AppliedTwice);
                    WriteAnswer::Applied
                } else {
                    WriteAnswer::NotApplied(self.head.clone())
                }
            }
            ScriptedCommit::ReplyLost
            | ScriptedCommit::Lost
            | ScriptedCommit::Unavailable
            | ScriptedCommit::Held(_)
            | ScriptedCommit::Limbo => WriteAnswer::Unknown,
        }
    }

    /// A plain read: it shows the undecided batch as a whole, or not at all.
    pub(super) fn peek(
        &mut self,
        range: &Range<String>,
        limit: usize,
        chooser: &mut impl Chooser,
        outcomes: &mut Vec<StoreEvent>,
    ) -> (Option<Head>, Rows) {
        let Some(limbo) = &mut self.limbo else { return (self.head.clone(), self.cells.rows(range, limit)) };
        if !chooser.yes(Question::Show) {
            outcomes.push(if limbo.shown { StoreEvent::LimboFlipped } else { StoreEvent::LimboHidden });
            return (self.head.clone(), self.cells.rows(range, limit));
        }
        limbo.shown = true;
        outcomes.push(StoreEvent::LimboShown);
        let mut cells = self.cells.clone();
        limbo.batch.write(&mut cells, limbo.ballot);
        (Some(limbo.batch.after(self.head.as_ref())), cells.rows(range, limit))
    }

    /// The undecided batch is completed or killed, for good.
    pub(super) fn settle(&mut self, chooser: &mut impl Chooser, outcomes: &mut Vec<StoreEvent>) {
        let Some(limbo) = self.limbo.take() else { return };
        if limbo.shown || chooser.yes(Question::Complete) {
            self.apply(&limbo.batch, limbo.ballot);
            outcomes.push(StoreEvent::LimboApplied);
        } else {
            outcomes.push(StoreEvent::LimboKilled);
        }
    }

    /// Rows arrive by plain writes with this timestamp.
    pub(super) fn write(&mut self, rows: Rows, at: Stamp, outcomes: &mut Vec<StoreEvent>) {
        for (key, value) in rows {
            let before = self.cells.get(&key).map(<[u8]>::to_vec);
            self.cells.put(key.clone(), Some(value.clone()), at);
            match self.cells.get(&key) {
                Some(now) if now == value => {
                    if before.is_some_and(|before| before != value) {
                        outcomes.push(StoreEvent::Overwritten);
                    }
                }
                _ => outcomes.push(StoreEvent::Outdated),
            }
        }
    }

    /// Rows go by a plain delete with this timestamp.
    pub(super) fn erase(&mut self, range: &Range<String>, at: Stamp) {
        self.cells.erase(range, at);
    }

    fn apply(&mut self, batch: &Batch, ballot: Stamp) {
        batch.write(&mut self.cells, ballot);
        let head = batch.after(self.head.as_ref());
        self.head = Some(head.clone());
        self.decided.push(head);
    }
}
