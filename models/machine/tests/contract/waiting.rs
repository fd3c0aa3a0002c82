//! Signal waits and conditions.

use super::*;
use resurgam_formats::program::TIMED_OUT;

#[test]
fn signals_are_taken_oldest_first_each_once_by_name() {
    let mut server = run(vec![signal("a", 0, None), signal("b", 1, None), signal("a", 2, None), signal("a", 3, None)]);
    task(&mut server);
    after(&mut server, [signalled("a", 1), signalled("a", 2), signalled("b", 3)]);
    server.happens(signalled("a", 4)).expect("open");
    let commands = server.task().expect("taken");
    let Command::CompleteWorkflow { output } = &commands[0] else { panic!("{commands:?}") };
    assert_eq!(output.variables[..4], [1, 3, 2, 4]);
    assert_eq!(output.signals, BTreeMap::from([("a".into(), 3), ("b".into(), 1)]));
}

#[test]
fn waits_are_served_in_the_order_of_visits() {
    let mut server = run(vec![all(vec![vec![timer(), signal("a", 0, None)], vec![signal("a", 1, None)]])]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1), signalled("a", 1)]), "");
    assert_eq!(after(&mut server, [signalled("a", 2)]), "done 1");
}

#[test]
fn a_wait_that_can_go_on_starts_no_timer() {
    let mut server = run(vec![timer(), signal("a", 0, Some(5)), condition(0, 3, Some(5), 1), copy(1, 0)]);
    assert_eq!(after(&mut server, [signalled("a", 3)]), "timer 1");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "done 1");
}

#[test]
fn a_wait_that_is_satisfied_cancels_its_timer_in_the_same_step() {
    let mut server = run(vec![signal("a", 0, Some(5)), timer()]);
    assert_eq!(task(&mut server), "timer 1");
    assert_eq!(after(&mut server, [signalled("a", 3)]), "cancel-timer 1, timer 2");
    let mut server = run(vec![all(vec![vec![condition(1, 2, Some(5), 0), timer()], vec![activity(1)]])]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Completed(2, 2)]), "cancel-timer 1, timer 3");
}

#[test]
fn a_wait_whose_timer_fires_first_is_done_and_says_so() {
    let mut server = run(vec![signal("a", 0, Some(5))]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1)]), format!("done {TIMED_OUT}"));
    let mut server = run(vec![condition(1, 2, Some(5), 0), timer()]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "timer 2");
    // A signal after that is for the next wait.
    let mut server = run(vec![signal("a", 0, Some(5)), signal("a", 0, Some(5))]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1), signalled("a", 6)]), "timer 2, cancel-timer 2, done 6");
}

#[test]
fn a_condition_holds_only_when_visited() {
    // The variable is at its bound for a moment between two visits.
    let mut server =
        run(vec![all(vec![vec![condition(1, 1, None, 0)], vec![set(1, 1), set(1, 0), timer(), set(1, 2)]])]);
    assert_eq!(task(&mut server), "timer 1");
    assert_eq!(after(&mut server, [Happening::Fired(1)]), "done 1");
}

#[test]
fn a_condition_without_end_waits_for_ever() {
    let mut server = run(vec![condition(1, 1, None, 0)]);
    assert_eq!(task(&mut server), "");
    assert!(!server.machine().is_closed());
}
