//! What must hold in every state, and what must be seen in some, or nothing was proven.

use stateright::Property;

use crate::model::FencedLog;
use crate::owner;
use crate::scope::Scope;
use crate::state::{self, Message, Owner, Phase, Reading, State, Transaction, TransferTask};
use crate::variant::Flaw;

/// A statement about one state, and the scopes in which it says anything.
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    holds: fn(&FencedLog, &State) -> bool,
    pub(crate) applies: fn(&Scope) -> bool,
}

/// The execution row shows every transition that ever took effect, in order, and nothing else.
pub(crate) const GROWS: &str = "committed history only grows";
/// Following the execution row's chain finds every history node with its own bytes.
pub(crate) const READABLE: &str = "committed history is readable";
/// What was acknowledged is there, for ever.
pub(crate) const ACKNOWLEDGED: &str = "acknowledged is present";
/// What was told to have failed is absent, for ever.
pub(crate) const REFUSED: &str = "told failed is absent";
/// One request id, one effect.
pub(crate) const ONCE: &str = "no effect twice";
/// A read shows every write acknowledged before it began.
pub(crate) const FRESH: &str = "reads are fresh";
/// A read shows nothing that did not take effect.
pub(crate) const CLEAN: &str = "reads are clean";
/// A task of a committed transition that no worker was given has its row above the ack level: a new owner would find it.
pub(crate) const KEPT: &str = "undelivered task is stored";
/// The owner of the range, when it waits for nothing, knows every such task: else it hands it out only if something else
/// makes it load again.
pub(crate) const KNOWN: &str = "undelivered task is known to its owner";
/// No task starts twice.
pub(crate) const STARTED_ONCE: &str = "task starts once";
/// No task starts whose transition did not take effect.
pub(crate) const STARTED_COMMITTED: &str = "started task is committed";

const RULES: [Statement; 11] = [
    Statement { name: GROWS, holds: |_, state| state.store.chain == state.truth, applies: |_| true },
    Statement { name: READABLE, holds: readable, applies: |scope| scope.nodes },
    Statement {
        name: ACKNOWLEDGED,
        holds: |_, state| state::requests(&state.store.chain).includes(state.acknowledged),
        applies: |_| true,
    },
    Statement {
        name: REFUSED,
        holds: |_, state| !state.truth.iter().any(|entry| state.refused.contains(entry.request)),
        applies: |scope| scope.definite,
    },
    Statement { name: ONCE, holds: once, applies: |_| true },
    Statement {
        name: FRESH,
        holds: |_, state| match state.reading {
            Reading::Shown { acknowledged, shown } => shown.includes(acknowledged),
            Reading::NotBegun | Reading::Begun { .. } => true,
        },
        applies: |scope| scope.reads,
    },
    Statement {
        name: CLEAN,
        holds: |_, state| match state.reading {
            Reading::Shown { shown, .. } => state::requests(&state.truth).includes(shown),
            Reading::NotBegun | Reading::Begun { .. } => true,
        },
        applies: |scope| scope.reads,
    },
    Statement { name: KEPT, holds: kept, applies: |scope| scope.dispatches > 0 },
    Statement { name: KNOWN, holds: known, applies: |scope| scope.dispatches > 0 },
    Statement {
        name: STARTED_ONCE,
        holds: |_, state| state.started.iter().all(|started| started.times < 2),
        applies: |scope| scope.dispatches > 0,
    },
    Statement { name: STARTED_COMMITTED, holds: started_committed, applies: |scope| scope.dispatches > 0 },
];

fn readable(model: &FencedLog, state: &State) -> bool {
    let keyed = !model.has(Flaw::NodeKeyWithoutTransaction);
    state
        .store
        .chain
        .iter()
        .zip(0..)
        .all(|(entry, position)| state.nodes.get(&(position, keyed.then_some(entry.transaction))) == Some(&entry.id))
}

fn once(_: &FencedLog, state: &State) -> bool {
    let truth = &state.truth;
    truth.iter().enumerate().all(|(place, entry)| truth[..place].iter().all(|other| other.request != entry.request))
}

fn undelivered(state: &State, request: u8) -> bool {
    state.started[usize::from(request)].delivered == 0
}

fn kept(_: &FencedLog, state: &State) -> bool {
    let store = &state.store;
    store
        .chain
        .iter()
        .filter(|entry| undelivered(state, entry.request))
        .all(|entry| entry.transaction > store.level && store.tasks.contains_key(&entry.transaction))
}

fn known(model: &FencedLog, state: &State) -> bool {
    let store = &state.store;
    let knows = |view: &state::View, task: &Transaction| {
        // A page still to come will show it.
        let ahead = *task > view.read && *task <= owner::reach(model, view);
        view.range != store.range || view.queue.contains_key(task) || (model.has(Flaw::QueuePaged) && ahead)
    };
    state.owners.iter().all(|owner| match (&owner.view, owner.phase) {
        (Some(view), Phase::Ready | Phase::Appending { .. }) => {
            store.tasks.iter().all(|(task, request)| !undelivered(state, *request) || knows(view, task))
        }
        _ => true,
    })
}

fn started_committed(_: &FencedLog, state: &State) -> bool {
    let committed = state::requests(&state.truth);
    state.started.iter().zip(0..).all(|(started, request)| started.times == 0 || committed.contains(request))
}

/// What must be seen at least once in each scope of the unflawed protocol.
const SIGHTS: [Statement; 14] = [
    Statement {
        name: "an owner serves that has lost its range",
        holds: |_, state| {
            let lost = |owner: &Owner| owner.view.as_ref().is_some_and(|view| view.range < state.store.range);
            state.owners.iter().any(|owner| owner.phase == Phase::Ready && lost(owner))
        },
        applies: |_| true,
    },
    Statement {
        name: "a load comes too late",
        holds: |_, state| {
            let late = |phase| matches!(phase, Phase::Loading { range, .. } if range < state.store.range);
            state.owners.iter().any(|owner| late(owner.phase))
        },
        applies: |_| true,
    },
    Statement {
        name: "a batch took effect after its sender gave up",
        holds: |_, state| doubts(state).any(|(_, doubt)| state.store.batch == Some(doubt.id)),
        applies: |_| true,
    },
    Statement {
        name: "a batch flies whose sender gave up",
        holds: |_, state| {
            let waits = |message| state.owners.iter().any(|owner| owner.awaits(message));
            state.flying.iter().any(|message| matches!(message, Message::Batch(_)) && !waits(message))
        },
        applies: |_| true,
    },
    Statement {
        name: "a fence took effect that its sender gave up",
        holds: |_, state| {
            let fenced = |owner, range| {
                state.store.range > range && state.store.nonce.is_some_and(|nonce| usize::from(nonce.owner) == owner)
            };
            doubts(state)
                .any(|(owner, doubt)| doubt.transaction.is_some_and(|transaction| fenced(owner, transaction.range)))
        },
        applies: |scope| scope.fences > 2,
    },
    Statement {
        name: "own batch is about to be answered by not applied",
        holds: |_, state| {
            let own =
                |message: &&Message| matches!(message, Message::Batch(batch) if state.store.batch == Some(batch.id));
            state.flying.iter().filter(own).any(|message| state.owners.iter().any(|owner| owner.awaits(message)))
        },
        applies: |scope| scope.resends > 0,
    },
    Statement {
        name: "a repeated request waits for a commit",
        holds: |_, state| {
            state.owners.iter().any(|o| matches!(o.phase, Phase::Committing { transfer: TransferTask::Repeat(_), .. }))
        },
        applies: |scope| scope.calls > 1,
    },
    Statement {
        name: "a client is told that its request failed",
        holds: |_, state| !state.refused.is_empty(),
        applies: |scope| scope.definite,
    },
    Statement {
        name: "an abandoned node lies beside committed history",
        holds: |_, state| {
            let committed = |id| state.truth.iter().any(|entry| entry.id == id);
            state.nodes.iter().any(|(key, id)| usize::from(key.0) < state.truth.len() && !committed(*id))
        },
        applies: |scope| scope.nodes,
    },
    Statement {
        name: "a read shows an acknowledged write",
        holds: |_, state| matches!(state.reading, Reading::Shown { acknowledged, .. } if !acknowledged.is_empty()),
        applies: |scope| scope.reads,
    },
    Statement {
        name: "a task is handed over twice",
        holds: |_, state| state.started.iter().any(|started| started.delivered > 1),
        applies: |scope| scope.dispatches > 1,
    },
    Statement {
        name: "a finished task is deleted",
        holds: |_, state| state.store.level > Transaction::default(),
        applies: |scope| scope.dispatches > 0,
    },
    Statement {
        name: "a load has one half from before another owner's write",
        holds: |_, state| {
            state.owners.iter().any(|owner| owner.half.as_ref().is_some_and(|half| *half != state.store.chain))
        },
        applies: |scope| scope.torn,
    },
    Statement {
        name: "a load may miss a conditional write",
        holds: |_, state| {
            state.before.is_some() && state.owners.iter().any(|owner| matches!(owner.phase, Phase::Loading { .. }))
        },
        applies: |scope| scope.undecided,
    },
];

fn doubts(state: &State) -> impl Iterator<Item = (usize, state::Doubt)> + '_ {
    state.owners.iter().enumerate().filter_map(|(owner, it)| match it.phase {
        Phase::Idle { doubt: Some(doubt) } => Some((owner, doubt)),
        _ => None,
    })
}

/// Whether rule `N` still holds; only its first breach counts, see [`FencedLog::decided`].
fn rule<const N: usize>(model: &FencedLog, state: &State) -> bool {
    let holds = model.decided(N) || (RULES[N].holds)(model, state);
    if !holds {
        model.decide(N);
    }
    holds
}

fn sight<const N: usize>(model: &FencedLog, state: &State) -> bool {
    let seen = !model.decided(RULES.len() + N) && (SIGHTS[N].holds)(model, state);
    if seen {
        model.decide(RULES.len() + N);
    }
    seen
}

type Condition = fn(&FencedLog, &State) -> bool;

macro_rules! conditions {
    ($function:ident: $($place:literal)*) => { [$($function::<$place> as Condition),*] };
}

/// All properties that say something in `scope`.
pub(crate) fn all(scope: &Scope) -> Vec<Property<FencedLog>> {
    let rules = RULES.iter().zip(conditions!(rule: 0 1 2 3 4 5 6 7 8 9 10));
    let sights = SIGHTS.iter().zip(conditions!(sight: 0 1 2 3 4 5 6 7 8 9 10 11 12 13));
    let rules = rules.filter(|(it, _)| (it.applies)(scope)).map(|(it, condition)| Property::always(it.name, condition));
    let sights =
        sights.filter(|(it, _)| (it.applies)(scope)).map(|(it, condition)| Property::sometimes(it.name, condition));
    rules.chain(sights).collect()
}

/// The rules' names.
pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|it| it.name)
}
