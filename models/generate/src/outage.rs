//! Outages: in some plans one node is away for longer than it takes the others to notice. All other faults are over within
//! three seconds, and so a node that comes back by itself hides that nobody has taken over what it had.
//!
//! Nothing else is done to the cluster then, and at the end of the outage clients ask for every workflow: L20 judges what they are told.

use super::operation::{CLIENTS, told_apart};
use super::program::SIGNALS;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use resurgam_formats::plan::{Action, Fault, FaultKind, Operation, Plan};
use resurgam_formats::time::Millis;

/// In so many of a hundred plans with faults of nodes.
const PERCENT: u32 = 8;
/// The node goes while programs run, or before any of them does.
const BEGINS: std::ops::RangeInclusive<Millis> = 0..=1000;
/// Until what was the node's has to be served, as L20 says, with a little more.
const TAKEN_OVER: Millis = 5200;
/// The outage goes on for so long after clients have begun to ask.
const ASKED: Millis = 3000;

/// How long the node is away.
pub(super) const LASTS: Millis = TAKEN_OVER + ASKED;

/// One node that is away, and what clients ask meanwhile.
#[derive(Clone, Debug)]
struct Outage {
    fault: Fault,
    operations: Vec<Operation>,
}

/// The plan with an outage in place of its faults; mostly there is none.
pub(super) fn instead(runner: &mut TestRunner, plan: Plan) -> Plan {
    let slots = plan.operations.iter().map(|operation| operation.workflow + 1).max().unwrap_or(1);
    let drawn = (weighted(f64::from(PERCENT) / 100.0), outage(slots)).new_tree(runner);
    // A strategy without filters cannot reject.
    let (happens, Outage { fault, operations: more }) = drawn.unwrap_or_else(|why| unreachable!("{why}")).current();
    // Nobody takes over from the only node.
    if !happens || plan.cluster.nodes == 1 {
        return plan;
    }
    let operations = plan.operations.into_iter().chain(more).collect();
    Plan { faults: vec![fault], operations: told_apart(operations), ..plan }
}

fn outage(slots: u8) -> impl Strategy<Value = Outage> {
    let kind = (0..5u8, 0..4u8).prop_map(|(node, of)| match of {
        0 => FaultKind::Pause { node },
        1 => FaultKind::PowerLoss { node },
        _ => FaultKind::Kill { node },
    });
    let name = || select(SIGNALS.to_vec()).prop_map(str::to_owned);
    let action = prop_oneof![
        2 => Just(Action::Describe),
        2 => name().prop_map(|name| Action::Signal { name, value: 1 }),
        1 => Just(Action::ReadHistory),
    ];
    let asked = (0..=ASKED / 2, 0..CLIENTS, action);
    (BEGINS, kind, vec(asked, usize::from(2 * slots))).prop_map(move |(at_ms, kind, asked)| {
        let fault = Fault { at_ms, for_ms: LASTS, moment: None, kind };
        let slot = (0..slots).cycle();
        let operations = slot.zip(asked).map(|(workflow, (later, client, action))| {
            let at_ms = at_ms + TAKEN_OVER + later;
            Operation { at_ms, client, workflow, action, again_ms: Vec::new() }
        });
        Outage { fault, operations: operations.collect() }
    })
}

#[cfg(test)]
mod tests {
    use crate::{chaos, chaos_of, plan};
    use resurgam_formats::plan::{Family, Plan};

    fn has_outage(plan: &Plan) -> bool {
        plan.faults.iter().any(|fault| fault.for_ms == super::LASTS)
    }

    #[test]
    fn some_plans_lose_a_node_for_long_and_ask_for_every_workflow_then() {
        let all: Vec<_> = (0..500).map(chaos).filter(has_outage).collect();
        assert!((20..=60).contains(&all.len()), "{} of 500", all.len());
        for wild in all {
            let calm = plan(wild.seed);
            let (same, more) = wild.operations.split_at(calm.operations.len());
            assert_eq!((same, wild.faults.len()), (&calm.operations[..], 1));
            let from = wild.faults[0].at_ms + super::TAKEN_OVER;
            assert!(more.iter().all(|operation| (from..wild.faults[0].end_ms() as u32).contains(&operation.at_ms)));
            let slots: std::collections::BTreeSet<_> = same.iter().map(|operation| operation.workflow).collect();
            assert!(slots.iter().all(|slot| more.iter().any(|operation| operation.workflow == *slot)));
        }
        assert!(!(0..200).map(|seed| chaos_of(seed, &[Family::Store])).any(|plan| has_outage(&plan)));
    }
}
