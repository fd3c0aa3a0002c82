//! Sequence numbers, values, and what a completed statement stores.

use super::*;

#[test]
fn one_counter_numbers_everything_in_order_of_issue() {
    let mut server = run(vec![all(vec![
        vec![activity(0), timer()],
        vec![condition(7, 1, Some(5), 6)],
        vec![local(3, 1), child(2)],
        vec![signal("a", 3, Some(5))],
    ])]);
    // The local activity took number 3 when it began; its marker comes with its result.
    assert_eq!(task(&mut server), "activity 1, timer 2, timer 4, local 3=3, child w/5");
    server.happens(Happening::Started(1)).expect("the activity runs");
    assert_eq!(after(&mut server, [Happening::Completed(1, 4)]), "timer 6");
}

#[test]
fn the_base_of_a_local_activity_is_what_the_worker_adds_to() {
    let server = run(vec![local(3, 1)]);
    let mut machine = server.machine().clone();
    let local = machine.locals()[0];
    assert_eq!((local.seq, local.value), (1, 3));
    machine.local(local.seq, 45);
    machine.local(local.seq, 46);
    assert_eq!(brief(&machine.take_commands()), "local 1=45, done 0");
}

#[test]
fn variables_start_as_the_input_says_wrap_around_and_add_with_wrapping() {
    let sum = Expr::Sum(vec![Expr::Var(0), Expr::Var(9), Expr::Const(1)]);
    let mut program = program(vec![Statement::Set { into: 8, value: sum }]);
    program.result = Expr::Var(16);
    let mut server = FakeServer::new("w", &Input { program, variables: vec![i64::MAX, 2] }).expect("readable");
    assert_eq!(task(&mut server), format!("done {}", i64::MIN + 2));
}

#[test]
fn completions_store_and_failures_name_what_failed() {
    let ends = |statement: Statement, happenings: Vec<Happening>| {
        let mut server = run(vec![statement]);
        task(&mut server);
        after(&mut server, happenings)
    };
    let timeout = |which: &str| Failure::Timeout(which.into());
    assert_eq!(ends(activity(0), vec![Happening::Completed(1, 7)]), "done 7");
    assert_eq!(ends(activity(0), vec![Happening::Failed(1, application("k"))]), "failed k");
    assert_eq!(ends(activity(0), vec![Happening::Failed(1, timeout("HEARTBEAT"))]), "failed timeout:HEARTBEAT");
    assert_eq!(ends(activity(0), vec![Happening::Cancelled(1)]), "cancelled");
    let child_ends = |end| ends(child(0), vec![Happening::Started(1), end]);
    assert_eq!(child_ends(Happening::Completed(1, 7)), "done 7");
    assert_eq!(child_ends(Happening::Failed(1, application("k"))), "failed k");
    assert_eq!(child_ends(Happening::Failed(1, timeout("RUN"))), "failed timeout:RUN");
    assert_eq!(child_ends(Happening::Failed(1, Failure::Terminated)), "failed terminated");
    assert_eq!(child_ends(Happening::Cancelled(1)), "cancelled");
    assert_eq!(ends(child(0), vec![Happening::Failed(1, Failure::StartFailed)]), "failed start-failed");
}

#[test]
fn a_detached_child_is_done_once_started() {
    let detached = child_with(0, ChildWait::Started, Cancellation::TryCancel);
    let mut server = run(vec![detached.clone(), timer()]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Started(1)]), "timer 2");
    // Its outcome is news to nobody.
    assert_eq!(after(&mut server, [Happening::Failed(1, application("k"))]), "");
    let mut server = run(vec![detached]);
    task(&mut server);
    assert_eq!(after(&mut server, [Happening::Failed(1, Failure::StartFailed)]), "failed start-failed");
}
