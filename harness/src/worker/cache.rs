//! The sticky cache: machines of runs between two workflow tasks, the least recently used one dropped first.

use resurgam_formats::event::{Body, Event};
use resurgam_machine::{Machine, Stray};
use std::collections::BTreeMap;

/// A run as a worker remembers it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The program in execution.
    pub(super) machine: Machine,
    /// Scheduled event ids of activities by number.
    pub(super) scheduled: BTreeMap<u32, i64>,
}

impl Run {
    /// From the whole history.
    pub(super) fn replay(workflow_id: &str, events: &[Event]) -> Result<Self, Stray> {
        let machine = Machine::replay(workflow_id, events)?;
        let mut run = Self { machine, scheduled: BTreeMap::new() };
        run.note(events);
        Ok(run)
    }

    /// Goes on with the next events.
    pub(super) fn advance(&mut self, events: &[Event]) -> Result<(), Stray> {
        for event in events {
            self.machine.event(event)?;
        }
        self.note(events);
        Ok(())
    }

    fn note(&mut self, events: &[Event]) {
        for event in events {
            if let Body::ActivityTaskScheduled(scheduled) = &event.body
                && let Ok(seq) = scheduled.activity_id.parse()
            {
                self.scheduled.insert(seq, event.id.0);
            }
        }
    }
}

/// The cache of one worker.
#[derive(Debug)]
pub(super) struct Cache {
    size: usize,
    /// Most recently used last.
    runs: Vec<(String, Run)>,
}

impl Cache {
    pub(super) fn new(size: usize) -> Self {
        Self { size, runs: Vec::new() }
    }
    /// Takes a run out.
    pub(super) fn take(&mut self, run_id: &str) -> Option<Run> {
        let index = self.runs.iter().position(|(id, _)| id == run_id)?;
        Some(self.runs.remove(index).1)
    }
    /// Puts a run in, unless it is there as of a later event: a slow answer to a query must not bring an old machine back.
    pub(super) fn put(&mut self, run_id: String, run: Run) {
        let there = self.take(&run_id).filter(|there| there.machine.seen() > run.machine.seen());
        self.runs.push((run_id, there.unwrap_or(run)));
        if self.runs.len() > self.size {
            self.runs.remove(0);
        }
    }
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }
}
