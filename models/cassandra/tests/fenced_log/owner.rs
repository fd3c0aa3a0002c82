//! The protocol: what an owner sends, and how it reads what comes back. This is what the orchestrator's log implements; the
//! flaws stand where an implementer would make them.

use std::collections::BTreeMap;

use crate::model::FencedLog;
use crate::state::{
    Batch, Doubt, Entry, Message, NodeKey, Offer, Phase, Reading, State, Store, Transaction, TransferTask, View,
};
use crate::variant::Flaw;

/// Tries to take the partition, from whoever has it. Also the way out of a doubt.
pub(crate) fn fence(model: &FencedLog, state: &mut State, owner: usize) {
    let Phase::Idle { doubt } = state.owners[owner].phase else { return };
    let nonce = state.draw(owner);
    let range = state.store.range;
    let sequence = model.has(Flaw::FenceTestsSequence).then_some(state.store.sequence);
    state.fences += 1;
    state.owners[owner].phase = Phase::Fencing { nonce, range: range + 1, doubt };
    state.send(Message::Fence { range, sequence, nonce });
}

/// Hears of a fence: adopts the range if the fence applied, or if "not applied" shows its own nonce.
pub(crate) fn fenced(state: &mut State, owner: usize, applied: bool) {
    let Phase::Fencing { nonce, range, doubt } = state.owners[owner].phase else { return };
    let mine = applied || state.store.nonce == Some(nonce);
    state.owners[owner].phase = if mine { Phase::Loading { range, doubt } } else { Phase::Idle { doubt } };
}

/// Goes to loading without having seen a fence applied. Only flaws and liberties do.
pub(crate) fn adopt(state: &mut State, owner: usize) {
    let range = state.store.range;
    let doubt = match state.owners[owner].phase {
        Phase::Idle { doubt } | Phase::Fencing { doubt, .. } => doubt,
        _ => return,
    };
    state.owners[owner].phase = Phase::Loading { range, doubt };
}

/// Loads the partition after a fence, and answers who still waits by what took effect.
pub(crate) fn load(model: &FencedLog, state: &mut State, owner: usize, stale: bool) {
    let Phase::Loading { range, doubt } = state.owners[owner].phase else { return };
    let mut shown = shown(state, stale);
    match state.owners[owner].half.take() {
        None if model.scope.torn => {
            state.owners[owner].half = Some(shown.chain);
            return;
        }
        None => {}
        Some(half) => shown.chain = half,
    }
    // The head row is read last.
    if shown.range != range && !model.has(Flaw::LoadUnchecked) {
        lose(state, owner);
        return;
    }
    let kept = state.owners[owner].view.take().filter(|_| model.has(Flaw::CacheKeptAcrossFence));
    let start = match doubt {
        Some(Doubt { transaction: Some(transaction), .. }) if model.has(Flaw::ReadLevelEarly) => {
            transaction.max(shown.level)
        }
        _ => shown.level,
    };
    let view = match kept {
        Some(view) => View { range, sequence: shown.sequence, drawn: 0, ..view },
        None => View { range, ..read(&shown, start) },
    };
    let view = if model.has(Flaw::QueuePaged) { paged(view) } else { view };
    serve(model, state, owner, view, doubt);
}

/// Resolves a doubt by a plain read, keeping the range. Only a flaw does.
pub(crate) fn read_back(model: &FencedLog, state: &mut State, owner: usize, stale: bool) {
    let Phase::Idle { doubt } = state.owners[owner].phase else { return };
    let Some(view) = state.owners[owner].view.take() else { return };
    let shown = shown(state, stale);
    if shown.range == view.range {
        let view = View { drawn: view.drawn, ..read(&shown, shown.level) };
        serve(model, state, owner, view, doubt);
    } else {
        lose(state, owner);
    }
}

fn shown(state: &State, stale: bool) -> Store {
    state.before.as_ref().filter(|_| stale).unwrap_or(&state.store).clone()
}

fn read(shown: &Store, start: Transaction) -> View {
    let queue = shown.tasks.iter().filter(|(task, _)| **task > start).map(|(task, request)| (*task, *request));
    View {
        range: shown.range,
        sequence: shown.sequence,
        chain: shown.chain.clone(),
        drawn: 0,
        queue: queue.collect(),
        written: Transaction::default(),
        read: shown.tasks.keys().last().map_or(start, |last| start.max(*last)),
        stored: shown.level,
    }
}

/// Nothing in memory yet: everything that is drawn in earlier ranges is to be paged.
fn paged(view: View) -> View {
    let written = Transaction { range: view.range, number: 0 };
    View { queue: BTreeMap::new(), read: view.stored, written, ..view }
}

/// How far a page of the queue may reach.
pub(crate) fn reach(model: &FencedLog, view: &View) -> Transaction {
    if model.has(Flaw::PagedPastCommit) { Transaction { range: view.range, number: view.drawn } } else { view.written }
}

/// Reads the next page of the queue by a plain read.
pub(crate) fn page(model: &FencedLog, state: &mut State, owner: usize, stale: bool) {
    let shown = shown(state, stale);
    let Some(view) = &mut state.owners[owner].view else { return };
    let reach = reach(model, view);
    let page = shown.tasks.into_iter().filter(|(task, _)| *task > view.read && *task <= reach);
    view.queue.extend(page);
    view.read = reach;
}

fn serve(model: &FencedLog, state: &mut State, owner: usize, view: View, doubt: Option<Doubt>) {
    if let Some(Doubt { request, .. }) = doubt {
        if view.requests().contains(request) {
            state.acknowledged.insert(request);
        } else {
            say_failed(model, state, request);
        }
    }
    state.owners[owner].view = Some(view);
    state.owners[owner].phase = Phase::Ready;
}

/// Receives a client's write request: a new one begins a transition, a repeated one must wait for a commit too.
pub(crate) fn take(model: &FencedLog, state: &mut State, owner: usize, request: u8) {
    state.calls[usize::from(request)] += 1;
    let Some(view) = &mut state.owners[owner].view else { return };
    if view.requests().contains(request) {
        commit(model, state, owner, TransferTask::Repeat(request));
        return;
    }
    begin(model, state, owner, request);
}

/// Begins a transition: its history node first, then its batch.
fn begin(model: &FencedLog, state: &mut State, owner: usize, request: u8) {
    let id = state.draw(owner);
    let view = state.owners[owner].view.get_or_insert_default();
    view.drawn += 1;
    let range = if model.has(Flaw::TransactionReused) { 0 } else { view.range };
    let entry = Entry { request, transaction: Transaction { range, number: view.drawn }, id };
    if model.scope.nodes {
        let position = view.chain.len() as u8;
        let key: NodeKey = (position, (!model.has(Flaw::NodeKeyWithoutTransaction)).then_some(entry.transaction));
        state.owners[owner].phase = Phase::Appending { entry };
        state.send(Message::Append { key, bytes: entry.id });
    } else {
        commit(model, state, owner, TransferTask::Write(entry));
    }
}

/// Hears that its node is durable: the batch may go.
pub(crate) fn appended(model: &FencedLog, state: &mut State, owner: usize) {
    if let Phase::Appending { entry } = state.owners[owner].phase {
        commit(model, state, owner, TransferTask::Write(entry));
    }
}

/// Sends the conditional batch of `transfer task`.
pub(crate) fn commit(model: &FencedLog, state: &mut State, owner: usize, transfer: TransferTask) {
    match transfer {
        TransferTask::Write(entry) => {
            set_level(model, state, owner);
            send_write(state, owner, entry);
            if model.has(Flaw::ReplyBeforeCommit) {
                state.acknowledged.insert(entry.request);
            }
            if model.has(Flaw::HandOutBeforeCommit)
                && let Some(view) = &mut state.owners[owner].view
            {
                view.queue.insert(entry.transaction, entry.request);
            }
        }
        TransferTask::Read => {
            state.reading = Reading::Begun { acknowledged: state.acknowledged };
            send_empty(model, state, owner, transfer);
        }
        TransferTask::Repeat(_) | TransferTask::Tidy => send_empty(model, state, owner, transfer),
    }
}

fn send_empty(model: &FencedLog, state: &mut State, owner: usize, transfer: TransferTask) {
    let id = state.draw(owner);
    set_level(model, state, owner);
    let Some(View { range, sequence, stored: level, .. }) = state.owners[owner].view else { return };
    state.owners[owner].phase = Phase::Committing { id, transfer };
    state.send(Message::Batch(Batch { range, sequence, id, put: None, level }));
}

fn send_write(state: &mut State, owner: usize, entry: Entry) {
    let Some(view) = &state.owners[owner].view else { return };
    let mut chain = view.chain.clone();
    chain.push(entry);
    let View { range, sequence, stored: level, .. } = *view;
    state.owners[owner].phase = Phase::Committing { id: entry.id, transfer: TransferTask::Write(entry) };
    state.send(Message::Batch(Batch { range, sequence, id: entry.id, put: Some(chain), level }));
}

/// The ack level that this owner would store: everything up to it is finished.
pub(crate) fn level(model: &FencedLog, view: &View) -> Transaction {
    match view.queue.keys().next() {
        Some(first) if !model.has(Flaw::AckPastUnfinished) => {
            Transaction { number: first.number - 1, ..*first }.max(view.stored)
        }
        _ => view.read,
    }
}

fn set_level(model: &FencedLog, state: &mut State, owner: usize) {
    if let Some(view) = &mut state.owners[owner].view {
        view.stored = level(model, view);
    }
}

/// Hears of its batch. In this order: my batch id, then another range, then another sequence.
pub(crate) fn committed(model: &FencedLog, state: &mut State, owner: usize, applied: bool) {
    let Phase::Committing { id, transfer } = state.owners[owner].phase else { return };
    let recognised = state.store.batch == Some(id) && !model.has(Flaw::OwnBatchNotRecognised);
    let owned = state.owners[owner].view.as_ref().is_some_and(|view| view.range == state.store.range);
    if applied || recognised {
        succeed(model, state, owner, transfer);
        if !owned && !model.has(Flaw::NoRangeGuard) {
            lose(state, owner);
        }
    } else if model.has(Flaw::RefusalIsFailure) {
        if let TransferTask::Write(entry) = transfer {
            say_failed(model, state, entry.request);
        }
        lose(state, owner);
    } else if owned {
        doubt(model, state, owner);
    } else {
        // The batch may have been applied before the range was taken: nothing may be said but UNAVAILABLE.
        lose(state, owner);
    }
}

/// Moves the view over its committed batch and answers.
fn succeed(model: &FencedLog, state: &mut State, owner: usize, transfer: TransferTask) {
    let Some(view) = &mut state.owners[owner].view else { return };
    view.sequence += 1;
    match transfer {
        TransferTask::Write(entry) => {
            view.chain.push(entry);
            if model.has(Flaw::QueuePaged) {
                view.written = entry.transaction;
            } else if model.scope.dispatches > 0 {
                view.queue.insert(entry.transaction, entry.request);
                view.read = entry.transaction;
            }
            state.acknowledged.insert(entry.request);
        }
        TransferTask::Repeat(request) => state.acknowledged.insert(request),
        TransferTask::Read => {
            let shown = view.requests();
            if let Reading::Begun { acknowledged } = state.reading {
                state.reading = Reading::Shown { acknowledged, shown };
            }
        }
        TransferTask::Tidy => {}
    }
    state.owners[owner].phase = Phase::Ready;
}

/// Gives up waiting. What was sent may still arrive.
pub(crate) fn give_up(model: &FencedLog, state: &mut State, owner: usize) {
    match state.owners[owner].phase {
        // The transition is abandoned; its node may still land.
        Phase::Appending { entry } => {
            if model.has(Flaw::BatchBeforeAppend) {
                commit(model, state, owner, TransferTask::Write(entry));
            } else {
                state.owners[owner].phase = Phase::Ready;
            }
        }
        Phase::Fencing { range, doubt, .. } => {
            let trusting = model.has(Flaw::TrustUnknownFence);
            state.owners[owner].phase = if trusting { Phase::Loading { range, doubt } } else { Phase::Idle { doubt } };
        }
        Phase::Committing { transfer, .. } => batch_unknown(model, state, owner, transfer),
        Phase::Idle { .. } | Phase::Loading { .. } | Phase::Ready => {}
    }
}

fn batch_unknown(model: &FencedLog, state: &mut State, owner: usize, transfer: TransferTask) {
    let again = state.resends < model.scope.resends.max(1);
    let TransferTask::Write(entry) = transfer else {
        doubt(model, state, owner);
        return;
    };
    if model.has(Flaw::RetrySameBatch) && again {
        let sent = state.flying.iter().find(|message| state.owners[owner].awaits(message)).cloned();
        state.resends += 1;
        sent.into_iter().for_each(|message| state.send(message));
    } else if model.has(Flaw::RetryNewBatch) && again {
        state.resends += 1;
        begin(model, state, owner, entry.request);
    } else if model.has(Flaw::TimeoutIsFailure) {
        say_failed(model, state, entry.request);
        state.owners[owner].phase = Phase::Ready;
    } else if model.has(Flaw::TimeoutIsSuccess) {
        succeed(model, state, owner, transfer);
    } else if model.has(Flaw::DirtyCache) {
        state.owners[owner].phase = Phase::Ready;
        if let Some(view) = &mut state.owners[owner].view {
            view.chain.push(entry);
        }
    } else {
        doubt(model, state, owner);
    }
}

/// The outcome of the outstanding batch is unknown: drops the view, keeps the waiting request.
fn doubt(model: &FencedLog, state: &mut State, owner: usize) {
    let Phase::Committing { id, transfer } = state.owners[owner].phase else { return };
    let doubt = match transfer {
        TransferTask::Write(entry) => Some(Doubt { request: entry.request, id, transaction: Some(entry.transaction) }),
        TransferTask::Repeat(request) => Some(Doubt { request, id, transaction: None }),
        TransferTask::Read | TransferTask::Tidy => None,
    };
    state.owners[owner].phase = Phase::Idle { doubt };
    if !model.has(Flaw::CacheKeptAcrossFence) && !model.has(Flaw::ReadInsteadOfFence) {
        state.owners[owner].view = None;
    }
}

/// Owns nothing any more. Who waits is told UNAVAILABLE, which promises nothing.
fn lose(state: &mut State, owner: usize) {
    state.owners[owner].phase = Phase::Idle { doubt: None };
    state.owners[owner].view = None;
    state.owners[owner].half = None;
}

/// Dies and comes back with an empty memory.
pub(crate) fn crash(state: &mut State, owner: usize) {
    lose(state, owner);
    state.owners[owner].offered = None;
}

/// Hands a task over.
pub(crate) fn dispatch(model: &FencedLog, state: &mut State, owner: usize, task: Transaction) {
    let Some(request) = state.owners[owner].view.as_ref().and_then(|view| view.queue.get(&task).copied()) else {
        return;
    };
    let dispatch = model.has(Flaw::RequestPerDispatch).then(|| state.draw(owner));
    let offer = Offer { task, request, dispatch };
    state.dispatches += 1;
    state.owners[owner].offered = Some(offer);
    state.send(Message::Start { from: owner as u8, offer });
}

fn say_failed(model: &FencedLog, state: &mut State, request: u8) {
    if model.scope.definite {
        state.refused.insert(request);
    }
}
