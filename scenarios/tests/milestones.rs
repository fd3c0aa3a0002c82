//! Random plans alone, without any fault, reach the milestones that need no fault.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_campaign::milestone::{Milestones, Needs, all};
use resurgam_harness::SimulatedRun;
use resurgam_scenarios::fixtures;

/// Cases of our own beside the evidence.
const CASES: u64 = 60;

#[test]
fn plans_alone_reach_what_needs_no_fault() {
    let mut sum = Milestones::default();
    for fixture in fixtures().unwrap() {
        sum.merge(&Milestones::of(&fixture.evidence));
    }
    for one in all() {
        let reached = sum.reached.get(&one.id).copied().unwrap_or_default();
        println!("{:35} {:4} cases {:6} times", one.id, reached.cases, reached.times);
    }
    let faulty: Vec<&String> =
        sum.reached.keys().filter(|id| id.starts_with("fault-") || id.starts_with("store-")).collect();
    assert!(faulty.is_empty(), "nobody injected {faulty:?}");
    // What needs a habit is younger than the evidence: cases of our own reach it.
    let ours = resurgam_builtin::subject(None);
    for seed in 0..CASES {
        let judged = SimulatedRun::of(&resurgam_generate::plan(seed), &ours).judged;
        sum.merge(&Milestones::of(&judged.unwrap().0));
    }
    let missing: Vec<String> = sum.missing(Needs::Plans).into_iter().map(|one| one.id).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
