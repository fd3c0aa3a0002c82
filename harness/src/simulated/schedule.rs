//! When the faults of a plan begin in a simulation: at their time, or directly after the moment for which they wait.
//!
//! Whoever sees something happen says so here. A fault that begins by it does so before the next step, so whoever answers a
//! call waits that long first: a node that is killed after its commit must not have learned of it.
//!
//! A fault is named by its index in the plan.

use super::injection::order;
use crate::recorder::Recorder;
use resurgam_formats::plan::{Fault, FaultMoment, Happening};
use resurgam_formats::recording::What;
use resurgam_simulation::{Nemesis, Node, TICK};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a call that begins a fault has to wait for it.
pub(super) const BEGUN: Duration = TICK.saturating_mul(2);

/// See the module. Clones are the same.
#[derive(Clone)]
pub(super) struct Schedule(Arc<Shared>);

struct Shared {
    nemesis: Nemesis,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// As they are done: those that have met their moment, to the node that they met there.
    faults: Vec<Fault>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    name: usize,
    moment: FaultMoment,
    /// How often it has to happen.
    left: u8,
    from: Duration,
    until: Duration,
}

impl Schedule {
    pub(super) fn new(nemesis: Nemesis, faults: &[Fault]) -> Self {
        let state = State { faults: faults.to_vec(), waiting: Vec::new() };
        Self(Arc::new(Shared { nemesis, state: Mutex::new(state) }))
    }

    /// Begins: the times of all faults count from now.
    pub(super) fn begin(&self, now: Duration) {
        let mut state = self.state();
        state.waiting.clear();
        for name in 0..state.faults.len() {
            let fault = &state.faults[name];
            let after = Duration::from_millis(fault.at_ms.into());
            let Some(moment) = fault.moment else {
                order(&self.0.nemesis, after, fault, name);
                continue;
            };
            let from = now + after;
            let until = from + Duration::from_millis(FaultMoment::PATIENCE_MS.into());
            state.waiting.push(Waiting { name, moment, left: moment.nth.max(1), from, until });
        }
    }

    /// From now on tasks that workers are handed count as happenings. `node` is where the workers are.
    pub(super) fn watch(&self, recorder: &Recorder, node: &Node) {
        let (schedule, node) = (self.clone(), node.clone());
        recorder.watch(move |what| {
            if let What::Task(task) = what {
                let event = Happening::Task { kind: task.kind, attempt: task.attempt };
                schedule.happened(node.elapsed(), &event, None);
            }
        });
    }

    /// Something has happened, and a node did it if one is named. True if a fault begins by it.
    pub(super) fn happened(&self, now: Duration, event: &Happening, by: Option<u8>) -> bool {
        let State { faults, waiting } = &mut *self.state();
        let met = waiting.extract_if(.., |waiting| {
            let counts = (waiting.from..=waiting.until).contains(&now) && waiting.moment.event.covers(event);
            waiting.left -= u8::from(counts);
            waiting.left == 0
        });
        let mut begins = false;
        for Waiting { name, .. } in met {
            if let Some(number) = by {
                faults[name].kind.aim_at(number);
            }
            order(&self.0.nemesis, Duration::ZERO, &faults[name], name);
            begins = true;
        }
        begins
    }

    /// What still waits does so no more.
    pub(super) fn forget(&self) {
        self.state().waiting.clear();
    }

    /// A fault, as it is done.
    pub(super) fn fault(&self, name: usize) -> Fault {
        self.state().faults[name].clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
