//! What the store does with a message, and who hears of it.
//!
//! Conditional writes are linearizable: each takes effect at one moment, between sending and never. What a plain read may
//! still miss is kept in [`State::before`]: the state without the last conditional write, as long as that one was never
//! acknowledged and no later one has settled it (docs/cassandra-semantics.md).

use crate::model::FencedLog;
use crate::state::{Batch, Id, Message, NodeKey, State};
use crate::variant::Flaw;
use crate::{owner, party};

/// Delivers one copy of `message`. Without `replied` its reply is lost on the way to a sender who still waits: for another
/// copy.
pub(crate) fn deliver(model: &FencedLog, state: &mut State, message: &Message, replied: bool) {
    let Some(place) = state.flying.iter().position(|other| other == message) else { return };
    let waiting = state.owners.iter().position(|owner| replied && owner.awaits(message));
    state.flying.remove(place);
    match message {
        Message::Append { key, bytes } => append(model, state, *key, *bytes, waiting),
        Message::Fence { range, sequence, nonce } => {
            let settled = model.scope.undecided.then(|| state.store.clone());
            let applied =
                state.store.range == *range && sequence.is_none_or(|sequence| sequence == state.store.sequence);
            if applied {
                state.store.range += 1;
                state.store.nonce = Some(*nonce);
                if model.has(Flaw::FenceResetsSequence) {
                    state.store.sequence = 0;
                    state.store.batch = None;
                }
            }
            state.before = settled.filter(|_| applied && waiting.is_none());
            if let Some(owner) = waiting {
                owner::fenced(state, owner, applied);
            }
        }
        Message::Batch(batch) => {
            let settled = model.scope.undecided.then(|| state.store.clone());
            let applied = commit(model, state, batch);
            state.before = settled.filter(|_| applied && waiting.is_none());
            if let Some(owner) = waiting {
                owner::committed(model, state, owner, applied);
            }
        }
        Message::Start { from, offer } => party::start(model, state, usize::from(*from), *offer, replied),
    }
}

fn append(model: &FencedLog, state: &mut State, key: NodeKey, bytes: Id, waiting: Option<usize>) {
    state.nodes.insert(key, bytes);
    if let Some(owner) = waiting {
        owner::appended(model, state, owner);
    }
}

fn commit(model: &FencedLog, state: &mut State, batch: &Batch) -> bool {
    let store = &mut state.store;
    let range = model.has(Flaw::NoRangeGuard) || batch.range == store.range;
    let sequence = model.has(Flaw::NoSequenceGuard) || batch.sequence == store.sequence;
    if !range || !sequence {
        return false;
    }
    store.sequence = batch.sequence + 1;
    store.batch = Some(batch.id);
    if let Some((chain, entry)) = batch.put.as_ref().and_then(|chain| Some((chain, chain.last()?))) {
        store.chain.clone_from(chain);
        if model.scope.dispatches > 0 {
            store.tasks.insert(entry.transaction, entry.request);
        }
        // The same rows put a second time are no second effect; what they took back shows in the chain.
        if !state.truth.contains(entry) {
            state.truth.push(*entry);
        }
    }
    if model.scope.dispatches > 0 {
        store.level = batch.level;
        store.tasks.retain(|task, _| *task > batch.level);
    }
    true
}

/// Forgets messages that nobody waits for and that can change nothing any more, so that states which differ in nothing else
/// are one.
pub(crate) fn forget(model: &FencedLog, state: &mut State) {
    let mut flying = std::mem::take(&mut state.flying);
    flying.retain(|message| state.owners.iter().any(|owner| owner.awaits(message)) || !dead(model, state, message));
    state.flying = flying;
}

fn dead(model: &FencedLog, state: &State, message: &Message) -> bool {
    match message {
        Message::Append { key, bytes } => state.nodes.get(key) == Some(bytes),
        // Range ids only grow.
        Message::Fence { range, .. } => *range < state.store.range,
        Message::Batch(batch) => {
            let overtaken = batch.sequence < state.store.sequence
                && !model.has(Flaw::NoSequenceGuard)
                && !model.has(Flaw::FenceResetsSequence);
            let disowned = batch.range < state.store.range && !model.has(Flaw::NoRangeGuard);
            overtaken || disowned
        }
        Message::Start { from, offer } => {
            let awaited = state.owners[usize::from(*from)].offered == Some(*offer);
            !awaited && party::settled(model, state, *offer)
        }
    }
}
