//! The fenced log, model-checked: the protocol of `orchestrator/src/log` in every order of events within a scope, then with
//! every planted bug.
//!
//! Why: the log is what makes ownership, membership and clocks harmless. It is proven here before anything rests on it, and
//! the same exploration says which planted bugs no judge could ever see. What it never does: run the orchestrator's code, or
//! look at time. `owner` states the protocol again, in the small.
//!
//! `store` and `party` are the outside, `owner` is the protocol, `properties` what must hold, `variant` the planted bugs,
//! `table` what each of them does. A counter-example is printed as the list of its steps.
#![allow(clippy::print_stdout, reason = "the figures, for who asks with --nocapture")]

mod model;
mod owner;
mod party;
mod properties;
mod scope;
mod state;
mod store;
mod table;
mod variant;

use std::collections::{BTreeMap, BTreeSet};

use stateright::{Checker, Expectation, HasDiscoveries, Model as _};

use model::FencedLog;
use scope::Scope;
use table::Row;
use variant::Flaw;

/// What an exploration found.
struct Exploration {
    states: usize,
    /// Steps of the longest shortest way.
    depth: usize,
    /// Broken properties with the steps that break them, as few as possible.
    broken: BTreeMap<&'static str, Vec<model::Action>>,
    /// Sights that never came up.
    unseen: Vec<&'static str>,
}

/// Explores all states breadth first, on one thread, so that the first way found is a shortest one; stops early once all
/// properties of a non-empty `until` are broken.
fn explore(scope: Scope, flaws: &'static [Flaw], until: &[&'static str]) -> Exploration {
    let finish = match until {
        [] => HasDiscoveries::All,
        names => HasDiscoveries::AllOf(names.iter().copied().collect()),
    };
    let checker = FencedLog::new(scope, flaws).checker().finish_when(finish).spawn_bfs().join();
    let mut found = checker.discoveries();
    let mut exploration = Exploration {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        broken: BTreeMap::new(),
        unseen: Vec::new(),
    };
    for property in checker.model().properties() {
        match (property.expectation, found.remove(property.name)) {
            (Expectation::Always, Some(path)) => drop(exploration.broken.insert(property.name, path.into_actions())),
            (Expectation::Sometimes, None) => exploration.unseen.push(property.name),
            _ => {}
        }
    }
    exploration
}

fn hold(scopes: &[Scope]) {
    for scope in scopes {
        let exploration = explore(*scope, &[], &[]);
        let Exploration { states, depth, broken, unseen } = &exploration;
        println!("{}: {states} states, {depth} deep", scope.name);
        assert!(broken.is_empty(), "{}: {broken:#?}", scope.name);
        assert!(unseen.is_empty(), "{}: vacuous, never seen: {unseen:?}", scope.name);
    }
}

fn verify<'a>(rows: impl Iterator<Item = &'a Row>) {
    let mut wrong = Vec::new();
    for Row { flaws, scope, breaks, why } in rows {
        let until: Vec<_> = breaks.iter().map(|(property, _)| *property).collect();
        let exploration = explore(*scope, flaws, &until);
        println!("{flaws:?} in {}: {} states", scope.name, exploration.states);
        let found: BTreeMap<_, _> = exploration.broken.iter().map(|(name, steps)| (*name, steps.len())).collect();
        let right = match breaks {
            [] => found.is_empty(),
            breaks => breaks.iter().all(|(name, steps)| found.get(name) == Some(steps)),
        };
        if !right {
            let shortest = exploration.broken.into_values().min_by_key(Vec::len);
            wrong.push(format!(
                "{flaws:?} in {}: expected {breaks:?} ({why}), found {found:?}: {shortest:#?}",
                scope.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn protocol_holds() {
    hold(&scope::SMALL);
}

#[test]
fn planted_bugs_break_what_is_predicted() {
    verify(table::rows().filter(|row| !row.breaks.is_empty()));
}

#[test]
fn equivalent_guards_and_outcomes_are_silent() {
    verify(table::GUARDS.iter().chain(table::OUTCOMES).filter(|row| row.breaks.is_empty()));
}

#[test]
fn other_equivalent_mutants_are_silent() {
    let rest = [table::OWNERSHIP, table::HISTORY, table::REPLIES, table::TASKING].into_iter().flatten();
    verify(rest.filter(|row| row.breaks.is_empty()));
}

/// Ten times as many states and more; see ARCHITECTURE.md for the figures.
#[test]
#[ignore = "takes minutes"]
fn protocol_holds_in_larger_scopes() {
    hold(&scope::LARGE);
}

/// A property that no planted bug breaks would be no check, and a flaw that no row names would be no planted bug.
#[test]
fn every_property_can_be_broken_and_every_flaw_is_judged() {
    let broken: BTreeSet<_> = table::rows().flat_map(|row| row.breaks).map(|(property, _)| *property).collect();
    let properties: BTreeSet<_> = properties::rules().collect();
    assert_eq!(broken, properties);
    let judged: BTreeSet<_> = table::rows().flat_map(|row| row.flaws).map(|flaw| format!("{flaw:?}")).collect();
    let flaws: BTreeSet<_> = Flaw::ALL.iter().map(|flaw| format!("{flaw:?}")).collect();
    assert_eq!(judged, flaws);
}
