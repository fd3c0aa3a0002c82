//! What the README says of it: it holds as long as nothing goes wrong and nothing is asked that it does not have.

use resurgam_example_naive::Naive;
use resurgam_harness::Feature::{self, *};
use resurgam_harness::{Check, Family, check};
use std::time::Duration;

/// What it has. Everything else it refuses.
const FEATURES: &[Feature] = &[
    Set,
    Activity,
    Timer,
    AwaitSignal,
    Condition,
    ParallelAll,
    Try,
    InitialVariables,
    Signal,
    Terminate,
    Describe,
    ReadHistory,
    SeveralWorkers,
    CacheOff,
    SmallCache,
    FullReplay,
];

fn naive(forgets: bool, families: &[Family]) -> Check {
    check(Naive { forgets }).features(FEATURES).nodes(1).faults(families).shrink(Duration::ZERO)
}

#[test]
fn it_holds_while_nothing_goes_wrong() {
    naive(false, &[]).cases(150).assert_ok();
}

#[test]
fn the_mistake_is_caught() {
    let failed = naive(true, &[]).cases(150).run().failed.expect("150 cases did not find it");
    assert!(failed.rules.iter().any(|rule| rule.starts_with("H22")), "{}", failed.report);
}

#[test]
fn what_it_does_not_have_is_named() {
    let checked = check(Naive::default()).features(&[Timer, Query]).nodes(1).faults(&[]).cases(20).run();
    let failed = checked.failed.expect("some plan of twenty asks a query");
    assert!(failed.rules.iter().any(|rule| rule.starts_with("I2")), "{}", failed.report);
    assert!(failed.report.contains("is not served: UNIMPLEMENTED"), "{}", failed.report);
}

#[test]
fn it_breaks_under_the_faults_that_the_readme_names() {
    for (family, holds) in [
        (Family::Network, false),
        (Family::Node, false),
        (Family::Call, false),
        (Family::Clock, false),
        (Family::Store, true),
    ] {
        let failed = naive(false, &[family]).cases(40).run().failed;
        let report = failed.map(|failed| failed.report).unwrap_or_default();
        assert_eq!(report.is_empty(), holds, "{family:?}: {report}");
    }
}
