//! A planted bug has a witness: a small plan that shows it, and that our orchestrator survives without the bug.
//!
//! A plan's seed is also the seed of everything that the simulation draws, and whatever changes the number of draws changes
//! what a seed stands for. So a witness is tried under some seeds, and one has to show the bug.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_builtin::Bug;
use resurgam_formats::plan::Plan;
use resurgam_formats::rule_id::RuleId;
use resurgam_harness::SimulatedRun;
use resurgam_scenarios::bugs::{Planted, bugs};
use std::path::Path;

/// Under so many seeds a witness is tried.
const SEEDS: u64 = 100;

fn violated(plan: &Plan, bug: Option<Bug>) -> Vec<RuleId> {
    let target = resurgam_builtin::subject(bug);
    SimulatedRun::of(plan, &target).violated()
}

/// Every bug with its witness.
fn witnesses() -> Vec<(Planted, Plan)> {
    let read = |bug: Planted| {
        let path = bug.witness();
        let bytes = std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let plan = serde_json::from_slice(&bytes).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        (bug, plan)
    };
    bugs().unwrap().into_iter().map(read).collect()
}

#[test]
fn a_witness_shows_its_bug_and_nothing_else() {
    let witnesses = witnesses();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("witnesses")).unwrap().count();
    assert_eq!(witnesses.len(), files, "a file of witnesses/ names no bug");
    let mut silent = Vec::new();
    for (bug, plan) in witnesses {
        let planted = Bug::named(&bug.name).unwrap();
        let mut seeds = (0..SEEDS).map(|more| Plan { seed: plan.seed.wrapping_add(more), ..plan.clone() });
        match seeds.find(|plan| !violated(plan, Some(planted)).is_empty()) {
            Some(plan) => assert_eq!(violated(&plan, None), Vec::<RuleId>::new(), "without {}", bug.name),
            None => silent.push(bug.name),
        }
    }
    assert!(silent.is_empty(), "not shown by their witnesses: {silent:?}");
}
