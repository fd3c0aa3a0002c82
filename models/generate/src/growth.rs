//! Growths: one or two crowds, each so large that a cost which grows with it stands out from what else a call costs.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use resurgam_formats::plan::{Crowd, Growth};

/// The growths of a large plan.
pub(super) fn of(runner: &mut TestRunner) -> Vec<Growth> {
    let crowds = subsequence(Crowd::ALL.to_vec(), 1..=2);
    let all = crowds.prop_flat_map(|crowds| crowds.into_iter().map(one).collect::<Vec<_>>());
    // A strategy without filters cannot reject.
    all.new_tree(runner).unwrap_or_else(|reason| unreachable!("{reason}")).current()
}

/// The sizes say how many calls it takes to make one of the crowd, and how cheap those are.
fn one(of: Crowd) -> impl Strategy<Value = Growth> {
    let sizes = match of {
        Crowd::Signals => vec![300u16, 1000, 3000],
        Crowd::Runs | Crowd::Closed | Crowd::Open => vec![200, 400, 800],
        Crowd::Queues | Crowd::Namespaces => vec![100, 200],
    };
    select(sizes).prop_map(move |to| Growth { of, to })
}

#[cfg(test)]
mod tests {
    use crate::{Scope, chaos, chaos_within};
    use resurgam_formats::plan::{Crowd, Family, Plan};
    use std::collections::BTreeSet;

    #[test]
    fn large_plans_have_every_crowd_and_are_otherwise_as_they_were() {
        let scope = Scope { families: Family::SIMULATED.to_vec(), large: true, ..Scope::default() };
        let mut crowds = BTreeSet::new();
        for seed in 0..60 {
            let large = chaos_within(seed, &scope);
            assert!((1..=2).contains(&large.growths.len()), "seed {seed}");
            crowds.extend(large.growths.iter().map(|growth| growth.of));
            assert!(large.growths.iter().all(|growth| (100..=3000).contains(&growth.to)), "seed {seed}");
            assert_eq!(Plan { growths: vec![], ..large }, chaos(seed));
        }
        assert!(crowds.iter().eq(Crowd::ALL), "{crowds:?}");
    }
}
