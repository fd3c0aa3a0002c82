//! What a cancellation does to each kind of statement.

use super::*;

use Cancellation::{Abandon, TryCancel, WaitCompleted};

fn cancelled_after_start(statement: Statement, happenings: Vec<Happening>) -> (FakeServer, String) {
    let mut server = run(vec![statement]);
    task(&mut server);
    happenings.into_iter().for_each(|what| server.happens(what).expect("it can happen"));
    let commands = after(&mut server, [Happening::Cancel]);
    (server, commands)
}

#[test]
fn timers_waits_and_conditions_are_cancelled_with_their_timers() {
    assert_eq!(cancelled_after_start(timer(), vec![]).1, "cancel-timer 1, cancelled");
    assert_eq!(cancelled_after_start(signal("a", 0, Some(5)), vec![]).1, "cancel-timer 1, cancelled");
    assert_eq!(cancelled_after_start(signal("a", 0, None), vec![]).1, "cancelled");
    assert_eq!(cancelled_after_start(condition(0, 1, Some(5), 0), vec![]).1, "cancel-timer 1, cancelled");
}

#[test]
fn an_activity_is_asked_and_awaited_by_its_type() {
    let cancel = |how| cancelled_after_start(activity_with(0, how), vec![Happening::Started(1)]);
    assert_eq!(cancel(TryCancel).1, "cancel-activity 1, cancelled");
    assert_eq!(cancel(Abandon).1, "cancelled");
    for (outcome, end) in [
        (Happening::Completed(1, 8), "done 8"),
        (Happening::Failed(1, application("k")), "failed k"),
        (Happening::Cancelled(1), "cancelled"),
    ] {
        let (mut server, commands) = cancel(WaitCompleted);
        assert_eq!(commands, "cancel-activity 1");
        assert_eq!(after(&mut server, [outcome]), end);
    }
}

#[test]
fn a_started_child_is_asked_and_awaited_by_its_type() {
    let cancel = |how| cancelled_after_start(child_with(0, ChildWait::Completed, how), vec![Happening::Started(1)]);
    assert_eq!(cancel(TryCancel).1, "cancel-child w/1, cancelled");
    assert_eq!(cancel(Abandon).1, "cancelled");
    let (mut server, commands) = cancel(WaitCompleted);
    assert_eq!(commands, "cancel-child w/1");
    assert_eq!(after(&mut server, [Happening::CancelDelivered]), "");
    assert_eq!(after(&mut server, [Happening::Cancelled(1)]), "cancelled");
}

#[test]
fn a_child_whose_start_is_not_known_is_asked_only_if_it_is_awaited_and_then_later() {
    let cancel = |how, tail: Block| {
        let child = child_with(0, ChildWait::Completed, how);
        let mut server = run(vec![attempt(vec![child], None, tail)]);
        task(&mut server);
        let commands = after(&mut server, [Happening::Cancel]);
        (server, commands)
    };
    for how in [TryCancel, Abandon] {
        let (mut server, commands) = cancel(how, vec![timer()]);
        assert_eq!(commands, "timer 2");
        assert_eq!(after(&mut server, [Happening::Started(1)]), "", "{how:?}");
        assert_eq!(after(&mut server, [Happening::Completed(1, 3)]), "");
    }
    let (mut server, commands) = cancel(WaitCompleted, vec![]);
    assert_eq!(commands, "");
    assert_eq!(after(&mut server, [Happening::Started(1)]), "cancel-child w/1");
    assert_eq!(after(&mut server, [Happening::Completed(1, 3)]), "done 3");
    let (mut server, _) = cancel(WaitCompleted, vec![]);
    assert_eq!(after(&mut server, [Happening::Failed(1, Failure::StartFailed)]), "failed start-failed");
}

#[test]
fn a_detached_child_that_starts_after_the_cancellation_is_asked_and_done() {
    let (mut server, commands) = cancelled_after_start(child_with(0, ChildWait::Started, WaitCompleted), vec![]);
    assert_eq!(commands, "");
    assert_eq!(after(&mut server, [Happening::Started(1)]), "cancel-child w/1, done 0");
}

#[test]
fn a_local_activity_is_not_interrupted() {
    let mut server = run(vec![local(4, 0), set(1, 1), timer()]);
    // The cancellation is there before the worker executed the local activity.
    assert_eq!(after(&mut server, [Happening::Cancel]), "local 1=4, cancelled");
    let mut server = run(vec![local(4, 0)]);
    assert_eq!(after(&mut server, [Happening::Cancel]), "local 1=4, done 4");
}

#[test]
fn blocking_statements_that_begin_cancelled_issue_nothing_and_take_no_number() {
    let statements =
        [activity(1), child(1), timer(), local(1, 1), signal("a", 1, Some(5)), condition(2, 0, Some(5), 1)];
    for statement in statements {
        // The second branch begins cancelled. Its condition would hold and its signal is there, but neither is tested.
        let second = vec![set(0, 1), statement.clone(), set(0, 2)];
        let mut server = run(vec![first(vec![vec![], second]), timer()]);
        assert_eq!(after(&mut server, [signalled("a", 5)]), "timer 1", "{statement:?}");
        assert_eq!(after(&mut server, [Happening::Fired(1)]), "done 1", "{statement:?}");
    }
}

#[test]
fn cancellation_reaches_left_to_right_and_then_the_handlers_in_order() {
    let body = vec![all(vec![vec![activity(0)], vec![all(vec![vec![timer()], vec![child(1)]])]])];
    let mut server = start(with_update(body, vec![timer()], false));
    server.update("u1", "u", 1).expect("open");
    server.update("u2", "u", 2).expect("open");
    assert_eq!(task(&mut server), "activity 1, timer 2, child w/3, accept u1, timer 4, accept u2, timer 5");
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(
        after(&mut server, [Happening::Started(3), Happening::Cancel]),
        "cancel-activity 1, cancel-timer 2, cancel-child w/3, cancel-timer 4, cancel-timer 5, cancelled"
    );
}

#[test]
fn handlers_accepted_after_the_cancellation_are_not_affected() {
    let waits = activity_with(0, WaitCompleted);
    let mut server = start(with_update(vec![waits], vec![timer()], true));
    task(&mut server);
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-activity 1");
    server.update("u1", "u", 1).expect("open");
    assert_eq!(task(&mut server), "accept u1, timer 2");
}

#[test]
fn a_late_outcome_is_ignored() {
    let mut server = run(vec![first(vec![vec![activity(1)], vec![timer()]]), timer(), copy(1, 0)]);
    task(&mut server);
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Fired(2)]), "cancel-activity 1, timer 3");
    assert_eq!(after(&mut server, [Happening::Completed(1, 9)]), "");
    assert_eq!(after(&mut server, [Happening::Fired(3)]), "done 0");
}

#[test]
fn a_request_that_was_not_sent_is_withdrawn_when_its_subject_ends() {
    let both = || vec![first(vec![vec![timer()], vec![activity(1)], vec![timer()]]), set(0, 1)];
    let mut server = run(both());
    task(&mut server);
    // The first timer wins; the other timer and the activity end by themselves before the worker is asked.
    let ends = [Happening::Fired(1), Happening::Fired(3), Happening::Completed(2, 5)];
    assert_eq!(after(&mut server, ends), "done 1");
    let mut server = run(both());
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1), Happening::Completed(2, 5)]), "cancel-timer 3, done 1");
}

#[test]
fn a_request_is_not_withdrawn_by_what_ends_while_the_task_runs() {
    let mut server = run(vec![first(vec![vec![timer()], vec![timer()]]), timer()]);
    task(&mut server);
    server.happens(Happening::Fired(1)).expect("pending");
    server.begin().expect("scheduled");
    server.happens(Happening::Fired(2)).expect("pending");
    server.finish(0).expect("taken");
    assert_eq!(brief(&server.tasks[1].1), "cancel-timer 2, timer 3");
    // The server takes the held back event away: it never happened.
    assert_eq!(after(&mut server, [Happening::Fired(3)]), "done 0");
}

#[test]
fn an_activity_may_be_scheduled_and_asked_to_cancel_in_one_task() {
    let mut server = run(vec![first(vec![vec![activity(1)], vec![set(0, 2)]])]);
    assert_eq!(task(&mut server), "activity 1, cancel-activity 1, done 2");
}
