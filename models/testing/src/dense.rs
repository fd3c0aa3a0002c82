//! Small programs in which much happens at once: three variables, two signals, everything nested in everything.
//!
//! Denser than what `resurgam_generate` draws for the real server (there every wait must end by itself), and cheap.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use resurgam_formats::program::{
    Act, ActEnd, ActivityCall, Block, Cancellation, ChildCall, ChildWait, Expr, Handler, Input, ParentClose, Program,
    Retry, Script, Statement, Until, VERSION,
};
use std::collections::BTreeMap;

/// Programs with their input.
pub fn inputs() -> impl Strategy<Value = Input> {
    let handler = (vec(statements(1), 0..3), 0..2i64, 0..3u8).prop_map(|(body, at_least, into)| Handler {
        at_least,
        into,
        body,
        result: Expr::Var(0),
    });
    let updates = vec(handler, 0..3)
        .prop_map(|handlers| ["u", "v"].map(str::to_owned).into_iter().zip(handlers).collect::<BTreeMap<_, _>>());
    (vec(statements(3), 1..5), updates, any::<bool>(), option::weighted(0.1, Just(())), vec(-1..3i64, 0..4)).prop_map(
        |(body, updates, drain_updates, next, variables)| {
            let continue_as = next.map(|()| Box::new(program(vec![])));
            let program = Program { updates, drain_updates, continue_as, ..program(body) };
            Input { program, variables }
        },
    )
}

fn program(body: Block) -> Program {
    Program {
        version: VERSION,
        variables: 3,
        body,
        result: Expr::Sum(vec![Expr::Var(0), Expr::Var(1)]),
        queries: BTreeMap::from([("p".into(), Expr::Var(0))]),
        updates: BTreeMap::new(),
        drain_updates: false,
        continue_as: None,
    }
}

fn statements(depth: u32) -> BoxedStrategy<Statement> {
    leaves()
        .prop_recursive(depth, 24, 3, |inner| {
            let block = || vec(inner.clone(), 0..4);
            prop_oneof![
                3 => (select(vec![Until::All, Until::First]), vec(block(), 0..4))
                    .prop_map(|(until, branches)| Statement::Parallel { until, branches }),
                2 => (option::weighted(0.8, Just(50)), block())
                    .prop_map(|(cancel_after_ms, body)| Statement::Scope { cancel_after_ms, body }),
                2 => (block(), option::of(block()), block())
                    .prop_map(|(body, catch, finally)| Statement::Try { body, catch, finally }),
            ]
        })
        .boxed()
}

fn leaves() -> impl Strategy<Value = Statement> {
    use Cancellation::{Abandon, TryCancel, WaitCompleted};
    let var = || 0..3u8;
    let how = || select(vec![TryCancel, WaitCompleted, Abandon]);
    let signal = || select(vec!["a", "b"]).prop_map(str::to_owned);
    let timeout = || option::of(Just(20));
    let value = prop_oneof![(-1..4i64).prop_map(Expr::Const), var().prop_map(Expr::Var)];
    prop_oneof![
        2 => (var(), value).prop_map(|(into, value)| Statement::Set { into, value }),
        4 => (how(), var()).prop_map(|(how, into)| Statement::Activity(activity(how, into))),
        1 => (0..3i64, var()).prop_map(|(value, into)| Statement::LocalActivity { value, into }),
        3 => Just(Statement::Timer { ms: 10 }),
        2 => (signal(), var(), timeout())
            .prop_map(|(name, into, timeout_ms)| Statement::AwaitSignal { name, into, timeout_ms }),
        2 => (var(), 0..4i64, timeout(), var())
            .prop_map(|(var, at_least, timeout_ms, into)| Statement::Condition { var, at_least, timeout_ms, into }),
        2 => (how(), select(vec![ChildWait::Started, ChildWait::Completed]), var())
            .prop_map(|(how, wait, into)| Statement::Child(Box::new(child(how, wait, into)))),
        1 => Just(Statement::Fail { kind: "k".into(), non_retryable: true }),
    ]
}

/// The plainest activity: one attempt that returns 1.
pub fn activity(cancellation: Cancellation, into: u8) -> ActivityCall {
    let end = ActEnd::Return(1);
    ActivityCall {
        script: Script { attempts: vec![Act { work_ms: 0, heartbeat_every_ms: None, end }] },
        schedule_to_close_ms: None,
        schedule_to_start_ms: None,
        start_to_close_ms: 100,
        heartbeat_ms: None,
        retry: Retry {
            initial_ms: 1,
            coefficient_tenths: 10,
            maximum_ms: 1,
            maximum_attempts: 1,
            non_retryable: vec![],
        },
        cancellation,
        into,
    }
}

fn child(cancellation: Cancellation, wait: ChildWait, into: u8) -> ChildCall {
    ChildCall { program: program(vec![]), retry: None, parent_close: ParentClose::Abandon, cancellation, wait, into }
}
