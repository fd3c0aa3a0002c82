//! Try, catch, finally.

use super::*;

#[test]
fn catch_runs_only_for_failures_and_its_end_counts() {
    let caught = |body: Block| attempt(body, Some(vec![set(0, 1), timer()]), vec![]);
    assert_eq!(task(&mut run(vec![caught(vec![set(0, 2)])])), "done 2");
    let mut server = run(vec![caught(vec![fail("k"), set(0, 2)]), set(1, 1)]);
    assert_eq!(task(&mut server), "timer 1");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "done 1");
    // A cancelled body is not caught.
    let mut server = run(vec![caught(vec![activity(0)])]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Cancelled(1)]), "cancelled");
    assert_eq!(task(&mut run(vec![attempt(vec![fail("k")], Some(vec![fail("c")]), vec![])])), "failed c");
}

#[test]
fn finally_runs_in_any_case_and_wins_if_it_is_not_done() {
    let ends = |body: Block, catch: Option<Block>, finally: Block| task(&mut run(vec![attempt(body, catch, finally)]));
    assert_eq!(ends(vec![], None, vec![set(0, 7)]), "done 7");
    assert_eq!(ends(vec![fail("k")], None, vec![set(0, 7)]), "failed k");
    assert_eq!(ends(vec![fail("k")], Some(vec![]), vec![set(0, 7)]), "done 7");
    assert_eq!(ends(vec![fail("k")], None, vec![fail("f")]), "failed f");
    assert_eq!(ends(vec![], None, vec![fail("f")]), "failed f");
    assert_eq!(ends(vec![fail("k")], Some(vec![fail("c")]), vec![set(0, 7)]), "failed c");
}

#[test]
fn finally_is_shielded_from_cancellation_before_and_while_it_runs() {
    let tidy = || vec![attempt(vec![activity(0)], None, vec![timer(), set(0, 3), activity(1)]), timer()];
    let mut server = run(tidy());
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-activity 1, timer 2");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "activity 3");
    assert_eq!(after(&mut server, [Happening::Completed(3, 1)]), "cancelled");
    let mut server = run(tidy());
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Completed(1, 1)]), "timer 2");
    assert_eq!(after(&mut server, [Happening::Cancel]), "");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "activity 3");
    // The try was done; the timer after it begins in a cancelled branch and takes no number.
    assert_eq!(after(&mut server, [Happening::Completed(3, 1)]), "cancelled");
}

#[test]
fn the_shield_holds_for_all_that_is_inside_but_not_against_it() {
    let inside = first(vec![vec![activity(0)], vec![timer()]]);
    let mut server = run(vec![attempt(vec![], None, vec![inside]), set(0, 6)]);
    assert_eq!(task(&mut server), "activity 1, timer 2");
    assert_eq!(after(&mut server, [Happening::Cancel]), "");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "cancel-activity 1, done 6");
    let mut server = run(vec![attempt(vec![], None, vec![scope(Some(5), vec![timer()])])]);
    assert_eq!(task(&mut server), "timer 1, timer 2");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "cancel-timer 2, done 0");
}

#[test]
fn catch_can_be_cancelled() {
    let mut server = run(vec![attempt(vec![fail("k")], Some(vec![timer()]), vec![set(0, 1)])]);
    assert_eq!(task(&mut server), "timer 1");
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-timer 1, cancelled");
}
