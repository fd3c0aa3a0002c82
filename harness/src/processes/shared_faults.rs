//! Faults of what several cases share, the nodes and their store: each of these cases records all of them, whoever's plan they are
//! from.

use crate::session::Session;
use resurgam_formats::plan::{Fault, FaultKind};
use resurgam_formats::recording::{Injected, What};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The cases in execution, and what is being done to the nodes.
#[derive(Debug, Default)]
pub(crate) struct SharedFaults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sessions: Vec<Arc<Session>>,
    active: Vec<(Instant, FaultKind)>,
}

impl SharedFaults {
    /// A case begins; what is active is recorded at once.
    pub(crate) fn join(&self, session: &Arc<Session>) {
        let mut state = self.state();
        state.active.iter().for_each(|(began, kind)| record(session, *began, kind, None));
        state.sessions.push(Arc::clone(session));
    }

    /// A case has no use for the nodes any more.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        self.state().sessions.retain(|other| !Arc::ptr_eq(other, session));
    }

    /// A fault of the nodes began.
    pub(crate) fn began(&self, at: Instant, kind: &FaultKind) {
        let mut state = self.state();
        state.sessions.iter().for_each(|session| record(session, at, kind, None));
        state.active.push((at, kind.clone()));
    }

    /// It is over; `hits`: how often it made a difference.
    pub(crate) fn ended(&self, began: Instant, kind: &FaultKind, hits: u32) {
        let mut state = self.state();
        state.active.retain(|active| *active != (began, kind.clone()));
        state.sessions.iter().for_each(|session| record(session, began, kind, Some(hits)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records the begin of a fault, or, with its hits, its end.
pub(super) fn record(session: &Session, began: Instant, kind: &FaultKind, hits: Option<u32>) {
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let at_ms = millis(began.saturating_duration_since(session.recorder.began()));
    let for_ms = hits.map_or(0, |_| millis(began.elapsed()));
    let fault = Injected::Planned(Fault { at_ms, for_ms, moment: None, kind: kind.clone() });
    session.recorder.record(What::Fault { fault, active: hits.is_none(), hits });
}
