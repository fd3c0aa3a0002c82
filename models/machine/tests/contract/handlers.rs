//! Updates and queries.

use super::*;

#[test]
fn an_accepted_update_runs_and_completes_with_its_result() {
    let mut server = start(with_update(vec![timer()], vec![], false));
    server.update("x", "u", 6).expect("open");
    assert_eq!(task(&mut server), "timer 1, accept x, complete x=6");
}

#[test]
fn a_refused_update_leaves_no_trace() {
    let mut server = start(with_update(vec![timer()], vec![], false));
    let mut machine = server.machine().clone();
    assert!(!machine.update("x", "u", 0), "below the least argument");
    assert!(!machine.update("x", "other", 6), "no such handler");
    assert_eq!(&machine, server.machine());
    assert!(machine.update("x", "u", 1));
    assert!(!machine.update("x", "u", 1), "an id is accepted once");
    server.update("x", "u", 0).expect("open");
    assert_eq!(task(&mut server), "timer 1");
}

#[test]
fn a_handler_that_fails_or_is_cancelled_completes_with_that() {
    let mut server = start(with_update(vec![timer()], vec![fail("k")], false));
    server.update("x", "u", 1).expect("open");
    assert_eq!(task(&mut server), "timer 1, accept x, complete x!k");
    let waits = activity_with(0, Cancellation::WaitCompleted);
    let mut server = start(with_update(vec![waits], vec![timer()], false));
    server.update("x", "u", 1).expect("open");
    task(&mut server);
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-activity 1, cancel-timer 2, complete x!cancelled");
}

#[test]
fn a_handler_is_a_branch_to_the_right_of_all_others() {
    // Handler and main wait for the same signal: the main branch is served first.
    let mut server = start(with_update(vec![signal("a", 0, None)], vec![signal("a", 1, None)], true));
    server.update("x", "u", 1).expect("open");
    task(&mut server);
    assert_eq!(after(&mut server, [signalled("a", 5), signalled("a", 6)]), "complete x=6, done 5");
}

#[test]
fn the_argument_is_stored_at_the_first_visit_and_moves_the_main_branch_after_it() {
    let mut server = start(with_update(vec![condition(1, 5, None, 2), copy(1, 0)], vec![activity(3)], true));
    server.update("x", "u", 5).expect("open");
    assert_eq!(task(&mut server), "accept x, activity 1");
    assert_eq!(after(&mut server, [Happening::Completed(1, 1)]), "complete x=5, done 5");
}

#[test]
fn without_drain_the_end_leaves_handlers_behind() {
    let mut server = start(with_update(vec![signal("a", 0, None)], vec![timer()], false));
    server.update("x", "u", 1).expect("open");
    task(&mut server);
    assert_eq!(after(&mut server, [signalled("a", 5)]), "done 5");
    assert!(server.machine().is_closed());
    assert!(!server.machine().clone().update("y", "u", 1), "refused after the last command");
}

#[test]
fn with_drain_the_end_waits_whichever_it_is() {
    let drained = |body: Block, how: Vec<Happening>| {
        let mut server = start(with_update(body, vec![timer(), set(0, 8)], true));
        server.update("x", "u", 1).expect("open");
        task(&mut server);
        let commands = after(&mut server, how);
        server.update("y", "u", 2).expect("still open");
        (
            commands,
            task(&mut server),
            after(&mut server, [Happening::Fired(1)]),
            after(&mut server, [Happening::Fired(2)]),
        )
    };
    let (ended, second, fired, last) = drained(vec![signal("a", 0, None)], vec![signalled("a", 5)]);
    assert_eq!((ended.as_str(), second.as_str()), ("", "accept y, timer 2"));
    // Values are those of the moment in which the last command is issued.
    assert_eq!((fired.as_str(), last.as_str()), ("complete x=2", "complete y=2, done 8"));
    let (ended, _, _, last) = drained(vec![signal("a", 0, None), fail("k")], vec![signalled("a", 5)]);
    assert_eq!((ended.as_str(), last.as_str()), ("", "complete y=2, failed k"));
}

#[test]
fn a_query_sees_the_present_state() {
    let mut server = run(vec![set(1, 4), signal("a", 1, None), signal("a", 1, None)]);
    assert_eq!(server.machine().query("other"), None);
    let answer = server.machine().query("v1").expect("known");
    assert_eq!((answer.value, answer.seen, answer.signals), (4, 2, 0));
    after(&mut server, [signalled("a", 7), signalled("b", 1)]);
    let answer = server.machine().query("v1").expect("known");
    assert_eq!((answer.value, answer.seen, answer.signals), (7, 6, 2));
}
