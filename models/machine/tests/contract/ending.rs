//! The last command.

use super::*;

#[test]
fn each_end_has_its_command() {
    assert_eq!(task(&mut run(vec![set(0, 3)])), "done 3");
    assert_eq!(task(&mut run(vec![fail("k"), set(0, 3)])), "failed k");
    let mut server = run(vec![timer()]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-timer 1, cancelled");
}

#[test]
fn a_cancelled_run_may_still_complete() {
    let mut server = run(vec![attempt(vec![activity_with(0, Cancellation::WaitCompleted)], None, vec![]), set(0, 2)]);
    task(&mut server);
    server.happens(Happening::Started(1)).expect("it runs");
    assert_eq!(after(&mut server, [Happening::Cancel]), "cancel-activity 1");
    assert_eq!(after(&mut server, [Happening::Completed(1, 1)]), "done 2");
}

#[test]
fn a_done_body_continues_with_the_present_variables_and_others_do_not() {
    let next = || Some(Box::new(program(vec![])));
    let mut server = start(Program { continue_as: next(), ..program(vec![set(2, 7)]) });
    assert_eq!(task(&mut server), "continue [0, 0, 7, 0, 0, 0, 0, 0]");
    let mut server = start(Program { continue_as: next(), ..program(vec![fail("k")]) });
    assert_eq!(task(&mut server), "failed k");
}

#[test]
fn the_new_run_ignores_variables_it_does_not_have() {
    let program = Program { variables: 1, ..program(vec![]) };
    let mut server = FakeServer::new("w", &Input { program, variables: vec![4, 5, 6] }).expect("readable");
    let commands = server.task().expect("taken");
    let Command::CompleteWorkflow { output } = &commands[0] else { panic!("{commands:?}") };
    assert_eq!((output.value, output.variables.as_slice()), (4, [4].as_slice()));
}

#[test]
fn after_the_last_command_nothing_moves_but_signals_are_counted() {
    let body = vec![all(vec![vec![signal("a", 0, None)], vec![]])];
    let mut server = start(with_update(body, vec![scope(Some(5), vec![signal("b", 1, None)])], false));
    server.update("x", "u", 1).expect("open");
    task(&mut server);
    // The run is ready to close; before it does, more happens, and the output stays what it was.
    server.happens(signalled("a", 5)).expect("open");
    assert!(server.machine().is_closed());
    server.begin().expect("scheduled");
    for what in [signalled("b", 6), Happening::Fired(1), Happening::Cancel] {
        server.happens(what).expect("open");
    }
    server.finish(0).expect("fails with UNHANDLED_COMMAND");
    assert!(!server.is_closed());
    let answer = server.machine().query("v1").expect("known");
    assert_eq!((answer.value, answer.signals), (1, 2));
    assert_eq!(task(&mut server), "done 5");
    let Some((_, commands)) = server.tasks.last() else { panic!("no task") };
    let Command::CompleteWorkflow { output } = &commands[0] else { panic!("{commands:?}") };
    assert_eq!(output.signals, BTreeMap::from([("a".into(), 1)]));
}

#[test]
fn requests_are_withdrawn_even_after_the_last_command() {
    let mut server = run(vec![first(vec![vec![timer()], vec![timer()]])]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Fired(1), Happening::Fired(2)]), "done 0");
}

#[test]
fn failed_and_lost_tasks_change_nothing() {
    let mut server = run(vec![local(4, 1), timer()]);
    for timed_out in [false, true, true] {
        server.begin().expect("scheduled");
        server.fail(timed_out).expect("started");
    }
    assert_eq!(task(&mut server), "local 1=4, timer 2");
}
