//! Every planted bug has a witness: a small plan that shows it, and that our orchestrator survives without the bug.
//!
//! A plan's seed is also the seed of everything that the simulation draws, and whatever changes the number of draws changes
//! what a seed stands for. So a witness is tried under some seeds, and one has to show the bug.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::{Bug, Builtin, Orchestrator, Trial};
use resurgam_models::plan::Plan;
use resurgam_scenarios::bugs::{Planted, bugs};
use std::sync::Arc;

/// Under so many seeds a witness is tried.
const SEEDS: u64 = 100;

fn violated(plan: &Plan, bug: Option<Bug>) -> Vec<String> {
    let target: Arc<dyn Orchestrator> = Arc::new(Builtin::with(bug));
    Trial::of(plan, &target, "case-").violated()
}

fn witness(bug: &Planted) -> Plan {
    let path = bug.witness();
    let bytes = std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn a_witness_shows_its_bug_and_nothing_else() {
    let mut silent = Vec::new();
    for bug in bugs().unwrap() {
        let planted = Bug::named(&bug.name).unwrap();
        let plan = witness(&bug);
        let seeds = (0..SEEDS).map(|more| Plan { seed: plan.seed.wrapping_add(more), ..plan.clone() });
        match seeds.into_iter().find(|plan| !violated(plan, Some(planted)).is_empty()) {
            Some(plan) => assert_eq!(violated(&plan, None), Vec::<String>::new(), "without {}", bug.name),
            None => silent.push(bug.name),
        }
    }
    assert!(silent.is_empty(), "not shown by their witnesses: {silent:?}");
}
