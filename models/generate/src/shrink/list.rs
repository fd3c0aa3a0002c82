//! The lists of a plan of which parts can be left out.

use super::tree;
use resurgam_formats::plan::{Action, Plan};
use std::collections::BTreeSet;
use std::ops::Range;

/// A list, wherever it is.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// How many elements it has.
    pub(super) length: fn(&Plan) -> usize,
    /// The plan without some of them.
    pub(super) without: fn(&Plan, Range<usize>) -> Plan,
}

pub(super) const FAULTS: List =
    List { length: |plan| plan.faults.len(), without: |plan, part| edited(plan, |plan| drop(plan.faults.drain(part))) };

/// Workflows: all operations on some of them, and what is misused of them.
pub(super) const WORKFLOWS: List = List {
    length: |plan| workflows(plan).len(),
    without: |plan, part| {
        let gone = &workflows(plan)[part];
        edited(plan, |plan| {
            plan.operations.retain(|operation| !gone.contains(&operation.workflow));
            plan.misuses.retain(|misuse| !gone.contains(&misuse.owner.workflow));
        })
    },
};

pub(super) const OPERATIONS: List = List {
    length: |plan| plan.operations.len(),
    without: |plan, part| edited(plan, |plan| drop(plan.operations.drain(part))),
};

pub(super) const WORKER_FAULTS: List = List {
    length: |plan| plan.worker_faults.len(),
    without: |plan, part| edited(plan, |plan| drop(plan.worker_faults.drain(part))),
};

pub(super) const MISUSES: List = List {
    length: |plan| plan.misuses.len(),
    without: |plan, part| edited(plan, |plan| drop(plan.misuses.drain(part))),
};

pub(super) const GROWTHS: List = List {
    length: |plan| plan.growths.len(),
    without: |plan, part| edited(plan, |plan| drop(plan.growths.drain(part))),
};

/// Repetitions of all operations.
pub(super) const AGAIN: List = List {
    length: |plan| plan.operations.iter().map(|operation| operation.again_ms.len()).sum(),
    without: |plan, part| {
        let mut numbers = 0..;
        edited(plan, |plan| {
            for operation in &mut plan.operations {
                operation.again_ms.retain(|_| numbers.next().is_none_or(|number| !part.contains(&number)));
            }
        })
    },
};

/// Statements of all programs, each with what is inside it.
pub(super) const STATEMENTS: List = List {
    length: Plan::statement_count,
    without: |plan, part| {
        edited(plan, |plan| {
            tree::rewrite(plan, &mut |number, statement| {
                if part.contains(&number) { Vec::new() } else { vec![statement] }
            });
        })
    },
};

/// Programs. Starts keep theirs; those that lose it start the first that is left. If anything starts, one program stays.
pub(super) const PROGRAMS: List = List {
    length: |plan| match plan.programs.len() {
        1 if starts_something(plan) => 0,
        count => count,
    },
    without: |plan, part| {
        let count = plan.programs.len();
        let part = if part.len() == count && starts_something(plan) { 1..count } else { part };
        edited(plan, |plan| {
            plan.programs.drain(part.clone());
            for operation in &mut plan.operations {
                if let Action::Start(start) | Action::SignalWithStart { start, .. } = &mut operation.action {
                    let old = usize::from(start.program) % count;
                    let before = part.clone().filter(|gone| *gone < old).count();
                    let new = if part.contains(&old) { 0 } else { old - before };
                    start.program = u8::try_from(new).unwrap_or(0);
                }
            }
        })
    },
};

fn starts_something(plan: &Plan) -> bool {
    plan.operations.iter().any(|o| matches!(o.action, Action::Start(_) | Action::SignalWithStart { .. }))
}

fn workflows(plan: &Plan) -> Vec<u8> {
    let all: BTreeSet<u8> = plan.operations.iter().map(|operation| operation.workflow).collect();
    all.into_iter().collect()
}

pub(super) fn edited(plan: &Plan, edit: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = plan.clone();
    edit(&mut plan);
    plan
}
