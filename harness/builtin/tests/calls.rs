//! The calls that a node has to serve are those that are made.

use resurgam_builtin::subject;
use resurgam_harness::SimulatedRun;

use resurgam_node::calls::CALLS;
use std::collections::BTreeSet;

/// So many cases make every call.
const CASES: u64 = 60;

#[test]
fn the_list_of_calls_is_what_is_called() {
    let ours = subject(None);
    let made: BTreeSet<String> =
        (0..CASES).flat_map(|seed| SimulatedRun::of(&resurgam_generate::chaos(seed), &ours).calls).collect();
    let listed: BTreeSet<String> = CALLS.iter().map(|call| call.name.to_owned()).collect();
    assert_eq!(made, listed);
}
