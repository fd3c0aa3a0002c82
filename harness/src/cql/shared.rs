//! What all connections of a node share: the faults in force, the statements it has prepared, and what waits.

use super::statement::{Statement, Statements};
use crate::store_faults::StoreFaults;
use resurgam_formats::plan::{PartitionKind, StoreOutcome};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The faults in force, for all nodes.
#[derive(Debug)]
pub(super) struct Faults {
    active: Mutex<StoreFaults>,
    nodes: u8,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Shared {
    node: u8,
    faults: Arc<Faults>,
    statements: Mutex<Statements>,
    waiting: Mutex<Vec<Waiting>>,
    /// How many requests were spoiled.
    spoiled: Mutex<u64>,
}

/// Something to be done when the next commit on such a partition is decided.
struct Waiting {
    partition: PartitionKind,
    then: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {:?}", self.partition)
    }
}

impl Faults {
    /// No faults yet, for a cluster of this many nodes.
    pub(super) fn of(nodes: u8) -> Self {
        Self { active: Mutex::default(), nodes }
    }

    pub(super) fn active(&self) -> MutexGuard<'_, StoreFaults> {
        locked(&self.active)
    }
}

impl Shared {
    pub(super) fn of(node: u8, faults: Arc<Faults>) -> Self {
        Self { node, faults, statements: Mutex::default(), waiting: Mutex::default(), spoiled: Mutex::default() }
    }

    /// Whether nothing gets through.
    pub(super) fn is_cut_off(&self) -> bool {
        self.faults.active().unreachable(self.node, self.faults.nodes)
    }

    /// How a request ends, if a fault spoils it, and whether its sender hears nothing at all: every second time.
    pub(super) fn spoiled(&self, statement: Statement) -> Option<(StoreOutcome, bool)> {
        let Statement { partition, call } = statement;
        let outcome = self.faults.active().spoiled(self.node, self.faults.nodes, || partition, call)?;
        let mut spoiled = locked(&self.spoiled);
        *spoiled += 1;
        Some((outcome, spoiled.is_multiple_of(2)))
    }

    /// The statements that the node has prepared.
    pub(super) fn statements(&self) -> MutexGuard<'_, Statements> {
        locked(&self.statements)
    }

    /// Does something when the next commit on such a partition is decided.
    pub(super) fn after_a_commit(&self, partition: PartitionKind, then: impl FnOnce() + Send + 'static) {
        locked(&self.waiting).push(Waiting { partition, then: Box::new(then) });
    }

    /// A commit on such a partition is decided.
    pub(super) fn decided(&self, partition: PartitionKind) {
        let all = std::mem::take(&mut *locked(&self.waiting));
        let (ready, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|waiting| waiting.partition == partition);
        locked(&self.waiting).extend(rest);
        ready.into_iter().for_each(|waiting| (waiting.then)());
    }
}

/// What is in it, whatever became of others who looked at it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
