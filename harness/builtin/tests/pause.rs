//! The stale owner: a node that stands still for longer than the others wait, and goes on as if nothing had happened. Nothing but
//! the fence stands between what it has in memory and the rows of the next owner.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_builtin::{Bug, subject};
use resurgam_campaign::milestone::Milestones;
use resurgam_formats::plan::{Family, Plan};
use resurgam_harness::SimulatedRun;

/// Plans whose only faults are pauses that outlast the patience of the others.
fn plans() -> impl Iterator<Item = Plan> {
    (0..24).filter_map(|seed| {
        let mut plan = resurgam_generate::chaos_of(seed, &[Family::Node]);
        plan.faults.retain(|fault| fault.kind.affects().paused().is_some());
        plan.faults.iter_mut().for_each(|fault| fault.for_ms = 2_500);
        (!plan.faults.is_empty() && plan.cluster.node_count() > 1).then_some(plan)
    })
}

#[test]
fn a_fence_meets_it_and_without_one_it_is_seen() {
    let (mut passed, mut loud, mut plans_with) = (0, 0, 0);
    for plan in plans() {
        plans_with += 1;
        let run = SimulatedRun::of(&plan, &subject(None));
        let (evidence, verdict) = run.judged.as_ref().unwrap();
        assert!(run.violated().is_empty(), "seed {}: {verdict:?}", plan.seed);
        let reached = Milestones::of(evidence).reached;
        let met = reached.contains_key("owner-passed-while-paused");
        passed += u32::from(met);
        if met {
            loud += u32::from(!SimulatedRun::of(&plan, &subject(Some(Bug::FenceMissing))).violated().is_empty());
        }
    }
    assert!(
        plans_with >= 8 && passed >= 5 && loud >= 3,
        "{plans_with} plans: {passed} passed an owner, {loud} are loud"
    );
}
