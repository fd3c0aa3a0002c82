//! The whole as a state machine for stateright: what can happen next, and what it does.
//!
//! Pauses need no action of their own: a paused owner is one that takes no step. A lost message is one never delivered.

use std::sync::atomic::{AtomicU32, Ordering};

use stateright::{Model, Property};

use crate::scope::Scope;
use crate::state::{Message, Owner, Phase, Reading, Started, State, Transaction, TransferTask};
use crate::variant::Flaw;
use crate::{owner, properties, state, store};

/// The protocol with some flaws, in a scope.
pub(crate) struct FencedLog {
    pub(crate) scope: Scope,
    pub(crate) flaws: &'static [Flaw],
    /// Which properties have been decided already, by their place. stateright goes on looking and would replace the first
    /// discovery, which is the shortest, by a later one.
    decided: AtomicU32,
}

/// One step of somebody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Fence(usize),
    /// Only flaws and liberties.
    Adopt(usize),
    /// `stale`: the reads miss the last conditional write.
    Load {
        owner: usize,
        stale: bool,
    },
    /// Only an owner with a flaw does this.
    ReadBack {
        owner: usize,
        stale: bool,
    },
    Take {
        owner: usize,
        request: u8,
    },
    /// Only a liberty: reads a page of the queue.
    Page {
        owner: usize,
        stale: bool,
    },
    /// Only flaws: answers a repeated request at once.
    Echo {
        owner: usize,
        request: u8,
    },
    ReadByCommit(usize),
    /// By one serial read that must still show the owner's range and sequence; flaws leave that out.
    ReadAtOnce(usize),
    Tidy(usize),
    Dispatch {
        owner: usize,
        task: Transaction,
    },
    GiveUp(usize),
    GiveUpDispatch(usize),
    Crash(usize),
    Deliver {
        message: Message,
        replied: bool,
    },
    Resend(Message),
}

impl FencedLog {
    pub(crate) fn new(scope: Scope, flaws: &'static [Flaw]) -> FencedLog {
        FencedLog { scope, flaws, decided: AtomicU32::new(0) }
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    /// Whether the property at `place` was decided before.
    pub(crate) fn decided(&self, place: usize) -> bool {
        self.decided.load(Ordering::Relaxed) & (1 << place) != 0
    }

    pub(crate) fn decide(&self, place: usize) {
        self.decided.fetch_or(1 << place, Ordering::Relaxed);
    }

    fn owner_actions(&self, state: &State, owner: usize, actions: &mut Vec<Action>) {
        let Owner { phase, view, offered, .. } = &state.owners[owner];
        let own = owner as u8;
        match *phase {
            Phase::Idle { .. } => {
                if state.fences < self.scope.fences {
                    actions.push(Action::Fence(owner));
                }
                let named = state.store.nonce.is_some_and(|nonce| nonce.owner == own);
                if self.has(Flaw::OldRangeReused) && named {
                    actions.push(Action::Adopt(owner));
                }
                if self.has(Flaw::ReadInsteadOfFence) && view.is_some() {
                    self.reads(state, actions, |stale| Action::ReadBack { owner, stale });
                }
            }
            Phase::Fencing { nonce, .. } => {
                actions.push(Action::GiveUp(owner));
                if self.has(Flaw::AdoptByNonce) && state.store.nonce == Some(nonce) {
                    actions.push(Action::Adopt(owner));
                }
            }
            Phase::Loading { .. } => self.reads(state, actions, |stale| Action::Load { owner, stale }),
            Phase::Ready => self.ready_actions(state, owner, actions),
            Phase::Appending { .. } => actions.push(Action::GiveUp(owner)),
            Phase::Committing { transfer, .. } => {
                actions.push(Action::GiveUp(owner));
                if self.has(Flaw::ReadBesideBatch) && self.readable(state) && self.current(state, owner) {
                    actions.push(Action::ReadAtOnce(owner));
                }
                if let TransferTask::Write(entry) = transfer {
                    if self.has(Flaw::RepeatOnUncommitted) && self.callable(state, entry.request) {
                        actions.push(Action::Echo { owner, request: entry.request });
                    }
                    if self.has(Flaw::ReadOnUncommitted) && self.readable(state) {
                        actions.push(Action::ReadAtOnce(owner));
                    }
                }
            }
        }
        let serving = matches!(phase, Phase::Ready | Phase::Appending { .. } | Phase::Committing { .. });
        if let Some(view) = view
            && serving
            && self.has(Flaw::QueuePaged)
            && view.read < owner::reach(self, view)
        {
            self.reads(state, actions, |stale| Action::Page { owner, stale });
        }
        match (view, offered) {
            (_, Some(_)) => actions.push(Action::GiveUpDispatch(owner)),
            (Some(view), None) if serving && state.dispatches < self.scope.dispatches => {
                actions.extend(view.queue.keys().map(|task| Action::Dispatch { owner, task: *task }));
            }
            _ => {}
        }
        if *phase != (Phase::Idle { doubt: None }) || view.is_some() || offered.is_some() {
            actions.push(Action::Crash(owner));
        }
    }

    fn ready_actions(&self, state: &State, owner: usize, actions: &mut Vec<Action>) {
        let Some(view) = &state.owners[owner].view else { return };
        for request in 0..self.scope.requests {
            if self.callable(state, request) {
                actions.push(Action::Take { owner, request });
            }
        }
        if self.readable(state) {
            actions.push(Action::ReadByCommit(owner));
            if self.current(state, owner) || self.has(Flaw::ReadFromCache) {
                actions.push(Action::ReadAtOnce(owner));
            }
        }
        if self.scope.dispatches > 0 && owner::level(self, view) > view.stored {
            actions.push(Action::Tidy(owner));
        }
    }

    /// What a serial read of the head row tells the owner: that it may answer reads from its view.
    fn current(&self, state: &State, owner: usize) -> bool {
        let store = &state.store;
        state.owners[owner].view.as_ref().is_some_and(|view| {
            let sequence = view.sequence == store.sequence || self.has(Flaw::SerialReadTestsRange);
            view.range == store.range && sequence
        })
    }

    fn reads(&self, state: &State, actions: &mut Vec<Action>, action: impl Fn(bool) -> Action) {
        actions.push(action(false));
        if state.before.is_some() {
            actions.push(action(true));
        }
    }

    /// Clients repeat what was not answered for good.
    fn callable(&self, state: &State, request: u8) -> bool {
        state.calls[usize::from(request)] < self.scope.calls
            && !state.acknowledged.contains(request)
            && !state.refused.contains(request)
    }

    fn readable(&self, state: &State) -> bool {
        self.scope.reads && state.reading == Reading::NotBegun
    }
}

impl Model for FencedLog {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let requests = usize::from(self.scope.requests);
        vec![State {
            store: state::Store::default(),
            before: None,
            nodes: std::collections::BTreeMap::new(),
            owners: vec![Owner::new(); usize::from(self.scope.owners)],
            flying: Vec::new(),
            truth: Vec::new(),
            acknowledged: state::Requests::default(),
            refused: state::Requests::default(),
            calls: vec![0; requests],
            reading: Reading::NotBegun,
            started: vec![Started::default(); requests],
            fences: 0,
            resends: 0,
            dispatches: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for owner in 0..state.owners.len() {
            self.owner_actions(state, owner, actions);
        }
        for (place, message) in state.flying.iter().enumerate() {
            // Equal copies stand side by side; one of them is enough to speak of.
            if state.flying.get(place + 1) == Some(message) {
                actions.push(Action::Deliver { message: message.clone(), replied: false });
                continue;
            }
            actions.push(Action::Deliver { message: message.clone(), replied: true });
            let awaited = state.owners.iter().any(|owner| owner.awaits(message));
            if awaited && state.resends < self.scope.resends {
                actions.push(Action::Resend(message.clone()));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        let state = &mut next;
        match action {
            Action::Fence(owner) => owner::fence(self, state, owner),
            Action::Adopt(owner) => owner::adopt(state, owner),
            Action::Load { owner, stale } => owner::load(self, state, owner, stale),
            Action::ReadBack { owner, stale } => owner::read_back(self, state, owner, stale),
            Action::Page { owner, stale } => owner::page(self, state, owner, stale),
            Action::Take { owner, request } => owner::take(self, state, owner, request),
            Action::Echo { request, .. } => {
                state.calls[usize::from(request)] += 1;
                state.acknowledged.insert(request);
            }
            Action::ReadByCommit(owner) => owner::commit(self, state, owner, TransferTask::Read),
            Action::ReadAtOnce(owner) => {
                let Owner { view, phase, .. } = &state.owners[owner];
                let mut shown = view.as_ref()?.requests();
                if let Phase::Committing { transfer: TransferTask::Write(entry), .. } = phase
                    && self.has(Flaw::ReadOnUncommitted)
                {
                    shown.insert(entry.request);
                }
                state.reading = Reading::Shown { acknowledged: state.acknowledged, shown };
            }
            Action::Tidy(owner) => owner::commit(self, state, owner, TransferTask::Tidy),
            Action::Dispatch { owner, task } => owner::dispatch(self, state, owner, task),
            Action::GiveUp(owner) => owner::give_up(self, state, owner),
            Action::GiveUpDispatch(owner) => state.owners[owner].offered = None,
            Action::Crash(owner) => owner::crash(state, owner),
            Action::Deliver { message, replied } => store::deliver(self, state, &message, replied),
            Action::Resend(message) => {
                state.resends += 1;
                state.send(message);
            }
        }
        store::forget(self, state);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<FencedLog>> {
        properties::all(&self.scope)
    }
}
