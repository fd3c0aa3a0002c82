//! The calls that a node has to serve are those that are made.

use resurgam_builtin::subject;
use resurgam_harness::SimulatedRun;
use resurgam_node::calls;
use std::collections::BTreeSet;

/// At most so many cases until every call was made; the rarest is seldom.
const CASES: u64 = 400;

#[test]
fn the_list_of_calls_is_what_is_called() {
    let ours = subject(None);
    let listed: BTreeSet<String> = calls::names().map(str::to_owned).collect();
    let mut made = BTreeSet::new();
    for seed in 0..CASES {
        made.extend(SimulatedRun::of(&resurgam_generate::chaos(seed), &ours).calls);
        assert!(made.is_subset(&listed), "not listed: {:?}", made.difference(&listed));
        if made == listed {
            return;
        }
    }
    panic!("never made: {:?}", listed.difference(&made));
}
