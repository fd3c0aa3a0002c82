//! What clients change of a schedule: by a patch, or all of it.

use crate::machine::{Machine, settled};
use crate::stored::{Backfill, Schedule};
use crate::{BUFFER, REQUESTS, moment};
use resurgam_api::temporal::schedule::v1::{Schedule as Definition, SchedulePatch};
use resurgam_calendar::Millis;

impl Schedule {
    /// Whether a request has been here before; from now on it has.
    pub fn knows(&mut self, request_id: &str) -> bool {
        if request_id.is_empty() {
            return false;
        }
        if self.requests.iter().any(|known| known == request_id) {
            return true;
        }
        if self.requests.len() >= REQUESTS {
            self.requests.remove(0);
        }
        self.requests.push(request_id.to_owned());
        false
    }
}

impl Machine<'_> {
    /// It has another definition since now: times from before are met no more, if they are not still to come by their jitter.
    pub fn begin_again(&mut self) {
        let passed = self.now.saturating_sub(self.clock.jitter()).saturating_sub(1000);
        self.stored.met = self.stored.met.max(passed);
        self.catch_up();
    }

    /// Does what a patch says.
    pub fn patch(&mut self, patch: &SchedulePatch) {
        if let Some(trigger) = &patch.trigger_immediately {
            let at = match moment(trigger.scheduled_time.as_ref()) {
                0 => self.now,
                given => given,
            };
            self.add(at, at, trigger.overlap_policy(), true);
        }
        for asked in &patch.backfill_request {
            if self.stored.backfills.len() >= BUFFER {
                self.stored.dropped += 1;
                continue;
            }
            // Its start is included.
            let after = moment(asked.start_time.as_ref()).saturating_sub(1);
            let (until, overlap) = (moment(asked.end_time.as_ref()), asked.overlap_policy);
            self.stored.backfills.push(Backfill { after, until, overlap });
        }
        for (notes, paused) in [(&patch.pause, true), (&patch.unpause, false)] {
            if !notes.is_empty() {
                self.stored.state.paused = paused;
                self.stored.state.notes.clone_from(notes);
                self.stored.token += 1;
            }
        }
    }
}

/// A schedule gets another definition, which is returned as it is kept under its new key.
pub fn replace(stored: &mut Schedule, mut definition: Definition, now: Millis) -> Definition {
    stored.state = settled(&mut definition);
    stored.definition += 1;
    stored.updated = now;
    stored.token += 1;
    definition
}
