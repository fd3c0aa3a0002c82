//! The second party of a hand-over: it records that a task was started, and the worker gets the task with the reply.

use crate::model::FencedLog;
use crate::state::{Offer, State};
use crate::variant::Flaw;

/// Records a start, once per task; says yes again to the same request id.
pub(crate) fn start(model: &FencedLog, state: &mut State, from: usize, offer: Offer, replied: bool) {
    let started = &mut state.started[usize::from(offer.request)];
    let agreed = match started.by {
        Some(by) if !model.has(Flaw::StartNotDeduplicated) => by == offer.dispatch,
        _ => {
            started.by = Some(offer.dispatch);
            started.times = (started.times + 1).min(2);
            true
        }
    };
    let owner = &mut state.owners[from];
    if !replied || owner.offered != Some(offer) {
        return;
    }
    owner.offered = None;
    if agreed {
        started.delivered = (started.delivered + 1).min(2);
    }
    // Refused means that somebody else started it: done with as well.
    if let Some(view) = &mut owner.view {
        view.queue.remove(&offer.task);
    }
}

/// Whether one more delivery of `offer` changes nothing.
pub(crate) fn settled(model: &FencedLog, state: &State, offer: Offer) -> bool {
    let started = &state.started[usize::from(offer.request)];
    started.by.is_some() && (started.times > 1 || !model.has(Flaw::StartNotDeduplicated))
}
