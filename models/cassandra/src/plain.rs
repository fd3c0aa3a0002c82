//! Plain writes: appends and deletes of rows, ordered by nothing but the timestamps that they carry.

use super::cells::{Rows, Stamp};
use super::held::Request;
use super::outcome::{Chooser, Question, ScriptedAppend, WriteAnswer};
use super::{Cassandra, Done};
use resurgam_formats::store::StoreEvent;
use std::ops::Range;

impl Cassandra {
    /// Writes rows by plain writes with the timestamp `at` (microseconds of the *sender's* clock).
    pub fn append(
        &mut self,
        partition: &str,
        rows: Rows,
        at: Stamp,
        scripted: ScriptedAppend,
        chooser: &mut impl Chooser,
    ) -> Done {
        let mut outcomes = Vec::new();
        let (mut answer, mut held) = (WriteAnswer::Unknown, None);
        match scripted {
            ScriptedAppend::Answered => {
                answer = WriteAnswer::Applied;
                outcomes.push(StoreEvent::Appended);
                self.write(partition, rows, at, &mut outcomes);
            }
            ScriptedAppend::ReplyLost => {
                outcomes.push(StoreEvent::AppendedUnknown);
                self.write(partition, rows, at, &mut outcomes);
            }
            ScriptedAppend::Lost => outcomes.push(StoreEvent::AppendLost),
            ScriptedAppend::Held => {
                outcomes.push(StoreEvent::AppendHeld);
                held = Some(self.held.hold(partition, Request::Append { rows, at }));
            }
            ScriptedAppend::Partial => {
                outcomes.push(StoreEvent::AppendPartial);
                let kept = rows.into_iter().filter(|_| chooser.yes(Question::Keep)).collect();
                self.write(partition, kept, at, &mut outcomes);
            }
        }
        Done { answer, outcomes, held }
    }

    /// Deletes a range of rows by a plain delete with the timestamp `at`, which ends as `scripted` says; a torn one deletes
    /// some of the rows that are there.
    pub fn delete(
        &mut self,
        partition: &str,
        range: &Range<String>,
        at: Stamp,
        scripted: ScriptedAppend,
        chooser: &mut impl Chooser,
    ) -> Done {
        let (mut answer, mut held) = (WriteAnswer::Unknown, None);
        let outcome = match scripted {
            ScriptedAppend::Answered => {
                answer = WriteAnswer::Applied;
                self.erase(partition, range, at);
                StoreEvent::Deleted
            }
            ScriptedAppend::ReplyLost => {
                self.erase(partition, range, at);
                StoreEvent::DeletedUnknown
            }
            ScriptedAppend::Lost => StoreEvent::DeleteLost,
            ScriptedAppend::Held => {
                held = Some(self.held.hold(partition, Request::Delete { range: range.clone(), at }));
                StoreEvent::DeleteHeld
            }
            ScriptedAppend::Partial => {
                let there = self.partitions.get(partition).map(|place| place.rows(range, usize::MAX));
                for (key, _) in there.unwrap_or_default().into_iter().filter(|_| chooser.yes(Question::Keep)) {
                    let next = format!("{key}\0");
                    self.erase(partition, &(key..next), at);
                }
                StoreEvent::DeletePartial
            }
        };
        Done { answer, outcomes: vec![outcome], held }
    }

    pub(super) fn erase(&mut self, partition: &str, range: &Range<String>, at: Stamp) {
        self.partitions.entry(partition.to_owned()).or_default().erase(range, at);
    }

    pub(super) fn write(&mut self, partition: &str, rows: Rows, at: Stamp, outcomes: &mut Vec<StoreEvent>) {
        if !rows.is_empty() {
            self.partitions.entry(partition.to_owned()).or_default().write(rows, at, outcomes);
        }
    }
}
