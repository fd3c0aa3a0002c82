//! Parallel statements and the order of visits.

use super::*;

#[test]
fn all_ends_with_the_last_and_first_with_the_first() {
    let branches = || vec![vec![activity(1)], vec![timer(), set(0, 5)]];
    let mut server = run(vec![all(branches()), set(2, 1)]);
    assert_eq!(task(&mut server), "activity 1, timer 2");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "");
    assert_eq!(after(&mut server, [Happening::Completed(1, 3)]), "done 5");
    let mut server = run(vec![first(branches())]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "cancel-activity 1, done 5");
    let mut server = run(vec![first(branches())]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Completed(1, 3)]), "cancel-timer 2, done 0");
}

#[test]
fn an_empty_list_is_done_at_once() {
    assert_eq!(task(&mut run(vec![all(vec![]), first(vec![])])), "done 0");
    assert_eq!(task(&mut run(vec![first(vec![vec![], vec![timer()]])])), "done 0");
}

#[test]
fn a_failed_or_cancelled_child_has_the_others_cancelled_and_is_the_end() {
    let branches = || vec![vec![timer()], vec![activity(0)], vec![timer(), set(0, 1)]];
    let mut server = run(vec![all(branches())]);
    task(&mut server);
    assert_eq!(
        after(&mut server, [Happening::Failed(2, application("k"))]),
        "cancel-timer 1, cancel-timer 3, failed k"
    );
    let mut server = run(vec![all(branches())]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Cancelled(2)]), "cancel-timer 1, cancel-timer 3, cancelled");
    let mut server = run(vec![first(branches())]);
    task(&mut server);
    assert_eq!(
        after(&mut server, [Happening::Failed(2, application("k"))]),
        "cancel-timer 1, cancel-timer 3, failed k"
    );
}

#[test]
fn the_statement_waits_for_those_it_cancelled() {
    let waits = activity_with(0, Cancellation::WaitCompleted);
    let mut server = run(vec![first(vec![vec![waits], vec![timer()]])]);
    task(&mut server);
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "cancel-activity 1");
    // The decisive child decides, whatever becomes of the other.
    assert_eq!(after(&mut server, [Happening::Failed(1, application("k"))]), "done 0");
}

#[test]
fn the_leftmost_visited_decides_and_cancels_before_any_other_moves() {
    // The second is cancelled before its first visit: it starts no timer, but Set works.
    let mut server = run(vec![first(vec![vec![set(0, 1)], vec![set(0, 2), timer(), set(0, 3)]])]);
    assert_eq!(task(&mut server), "done 2");
    let mut server = run(vec![all(vec![vec![fail("l")], vec![fail("r")]])]);
    assert_eq!(task(&mut server), "failed l");
}

#[test]
fn passes_go_from_left_to_right_until_nothing_moves() {
    // The right branch makes the left one go on, in a second pass, after the middle one has moved.
    let mut server = run(vec![all(vec![
        vec![condition(1, 1, None, 7), timer()],
        vec![activity(3), activity(4)],
        vec![set(1, 1), child(5)],
    ])]);
    assert_eq!(task(&mut server), "activity 1, child w/2, timer 3");
}

#[test]
fn what_was_split_is_visited_in_the_same_pass_and_goes_on_in_it() {
    let nested = all(vec![vec![set(1, 1)], vec![]]);
    let mut server = run(vec![all(vec![vec![nested, timer()], vec![activity(2)]])]);
    assert_eq!(task(&mut server), "timer 1, activity 2");
}

#[test]
fn a_result_is_stored_when_its_branch_is_visited() {
    // On the left a condition on what the right branch stores: it is visited first and must not hold yet.
    let mut server =
        run(vec![all(vec![vec![condition(1, 5, None, 2), copy(1, 3)], vec![activity(1), set(1, 0)]]), copy(2, 0)]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Completed(1, 5)]), "");
}
