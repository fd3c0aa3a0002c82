//! Scopes and their timers.

use super::*;

#[test]
fn the_timer_is_started_first_and_cancelled_when_the_body_ends() {
    let mut server = run(vec![scope(Some(50), vec![activity(0)]), timer()]);
    assert_eq!(task(&mut server), "timer 1, activity 2");
    assert_eq!(after(&mut server, [Happening::Completed(2, 1)]), "cancel-timer 1, timer 3");
    let mut server = run(vec![scope(Some(50), vec![activity(0)])]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Failed(2, application("k"))]), "cancel-timer 1, failed k");
}

#[test]
fn a_scope_cancelled_by_its_own_timer_is_done() {
    let mut server = run(vec![scope(Some(50), vec![activity(0), timer()]), set(0, 9), timer()]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "cancel-activity 2, timer 3");
    assert_eq!(after(&mut server, [Happening::Fired(3)]), "done 9");
}

#[test]
fn however_its_body_ended() {
    let body = vec![attempt(vec![timer()], None, vec![fail("k")])];
    let mut server = run(vec![scope(Some(50), body), set(0, 9)]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "cancel-timer 2, done 9");
}

#[test]
fn only_the_body_is_cancelled() {
    let mut server = run(vec![all(vec![vec![scope(Some(50), vec![timer()]), activity(0)], vec![timer()]])]);
    assert_eq!(task(&mut server), "timer 1, timer 2, timer 3");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "cancel-timer 2, activity 4");
}

#[test]
fn cancellation_from_outside_cancels_the_timers_before_the_body() {
    let mut server = run(vec![scope(Some(50), vec![scope(Some(40), vec![activity(0)])])]);
    assert_eq!(task(&mut server), "timer 1, timer 2, activity 3");
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-timer 1, cancel-timer 2, cancel-activity 3, cancelled");
}

#[test]
fn a_scope_that_begins_cancelled_starts_no_timer_but_its_body_begins() {
    let late = scope(Some(50), vec![set(0, 4), timer(), set(0, 5)]);
    let mut server = run(vec![attempt(vec![first(vec![vec![], vec![late]])], None, vec![])]);
    assert_eq!(task(&mut server), "done 4");
}

#[test]
fn a_scope_without_timer_only_groups() {
    assert_eq!(task(&mut run(vec![scope(None, vec![set(0, 3)])])), "done 3");
    assert_eq!(task(&mut run(vec![scope(None, vec![fail("k")]), set(0, 3)])), "failed k");
}

#[test]
fn a_timer_that_fires_twice_in_effect_changes_nothing_the_second_time() {
    let waits = activity_with(0, Cancellation::WaitCompleted);
    let mut server = run(vec![scope(Some(50), vec![waits])]);
    task(&mut server);
    server.happens(Happening::Started(2)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "cancel-activity 2");
    // Asked once; a second cancellation does not ask again, and the scope was still cancelled by its own timer.
    assert_eq!(after(&mut server, [Happening::Cancel]), "");
    assert_eq!(after(&mut server, [Happening::Cancelled(2)]), "done 0");
}
