//! Misuses: up to three in a quarter of all plans, while the programs run.
//!
//! They are drawn from a source of their own, so that everything else in the plan of a seed is as it was without them.

use super::mask;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use resurgam_formats::plan::{Damage, Held, Misuse, Namespace, Operation, WorkflowAddress};

/// The latest of them.
const HORIZON_MS: u32 = 2500;

/// The misuses in a plan with these operations, in order of time.
pub(super) fn of(runner: &mut TestRunner, operations: &[Operation]) -> Vec<Misuse> {
    let slots = operations.iter().map(|operation| operation.workflow + 1).max().unwrap_or(1);
    let any = proptest::bool::weighted(f64::from(mask::misuse_percent()) / 100.0);
    let all = (any, vec(one(slots), 1..=3)).prop_map(|(any, all)| if any { all } else { Vec::new() });
    // A strategy without filters cannot reject.
    let tree = all.new_tree(runner).unwrap_or_else(|reason| unreachable!("{reason}"));
    let mut misuses = tree.current();
    misuses.sort();
    misuses
}

fn one(slots: u8) -> impl Strategy<Value = Misuse> {
    let held = prop_oneof![
        5 => Just(Held::PageToken),
        1 => Just(Held::FirstRunPageToken),
        1 => Just(Held::NamespacesPageToken),
        2 => Just(Held::RunId),
        2 => Just(Held::UpdateId),
        2 => Just(Held::WorkflowTask),
        3 => Just(Held::ActivityTask),
    ];
    let namespaces = select(vec![
        (Namespace::Other, Namespace::Own),
        (Namespace::Own, Namespace::Other),
        (Namespace::Own, Namespace::Own),
    ]);
    let workflows = (0..slots, prop_oneof![2 => Just(0u8), 1 => 0..slots]);
    let damage = proptest::option::weighted(0.15, select(vec![Damage::Cut, Damage::Changed]));
    (50..=HORIZON_MS, held, namespaces, workflows, damage).prop_map(
        move |(at_ms, held, (of, by), (workflow, step), damage)| {
            let (of, by) = match held {
                // Only there are updates and workers. With one workflow, another one is in the other namespace.
                Held::WorkflowTask | Held::ActivityTask => (Namespace::Own, Namespace::Other),
                Held::UpdateId if slots == 1 => (Namespace::Own, Namespace::Other),
                Held::UpdateId => (Namespace::Own, by),
                // It is one workflow, or none, that such a token is of.
                Held::FirstRunPageToken => (Namespace::Own, Namespace::Own),
                Held::NamespacesPageToken => (by, by),
                Held::PageToken | Held::RunId if slots == 1 && of == by => (Namespace::Other, Namespace::Own),
                Held::PageToken | Held::RunId => (of, by),
            };
            let alone = matches!(held, Held::FirstRunPageToken | Held::NamespacesPageToken);
            let step = match step {
                _ if alone => 0,
                0 if of == by => 1,
                step => step,
            };
            let owner = WorkflowAddress { namespace: of, workflow };
            let user = WorkflowAddress { namespace: by, workflow: (workflow + step) % slots };
            let damage = damage.filter(|_| !matches!(held, Held::RunId | Held::UpdateId));
            Misuse { at_ms, held, owner, user, damage }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use std::collections::BTreeSet;

    #[test]
    fn a_quarter_of_the_plans_misuses_all_that_can_be_held_and_never_uses_it() {
        let plans: Vec<_> = (0..400).map(plan).filter(|plan| !plan.misuses.is_empty()).collect();
        assert!((70..130).contains(&plans.len()), "{} plans", plans.len());
        let (mut held, mut namespaces, mut damages) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for plan in plans {
            assert!(plan.misuses.len() <= 3 && plan.misuses.is_sorted(), "seed {}", plan.seed);
            for misuse in &plan.misuses {
                let alone = matches!(misuse.held, Held::FirstRunPageToken | Held::NamespacesPageToken);
                assert_eq!(alone, misuse.owner == misuse.user, "seed {}: {misuse:?}", plan.seed);
                held.insert(misuse.held);
                namespaces.insert((misuse.owner.namespace, misuse.user.namespace));
                damages.insert(misuse.damage);
            }
        }
        assert!(held.iter().eq(Held::ALL), "{held:?}");
        assert_eq!((namespaces.len(), damages.len()), (4, 3), "{namespaces:?} {damages:?}");
    }
}
