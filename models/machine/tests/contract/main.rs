//! The contract, sentence by sentence, and the three properties that define a reentrant process.
//!
//! Programs run on the fake server, which writes the events; commands are compared in a short notation.

mod attempts;
mod cancellation;
mod ending;
mod handlers;
mod numbers;
mod parallel;
mod properties;
mod scopes;
mod stray;
mod waiting;

use resurgam_formats::command::Command;
use resurgam_formats::failure::kind_of;
use resurgam_formats::program::{
    Block, Cancellation, ChildCall, ChildWait, Expr, Failure, Handler, Input, ParentClose, Program, Statement, Until,
    VERSION, Var,
};
use resurgam_formats::time::Millis;
use resurgam_testing::dense;
use resurgam_testing::fake_server::{FakeServer, Happening};
use std::collections::BTreeMap;

fn set(into: Var, value: i64) -> Statement {
    Statement::Set { into, value: Expr::Const(value) }
}

fn copy(from: Var, into: Var) -> Statement {
    Statement::Set { into, value: Expr::Var(from) }
}

fn fail(kind: &str) -> Statement {
    Statement::Fail { kind: kind.into(), non_retryable: false }
}

fn timer() -> Statement {
    Statement::Timer { ms: 10 }
}

fn local(value: i64, into: Var) -> Statement {
    Statement::LocalActivity { value, into }
}

fn signal(name: &str, into: Var, timeout_ms: Option<Millis>) -> Statement {
    Statement::AwaitSignal { name: name.into(), into, timeout_ms }
}

fn condition(var: Var, at_least: i64, timeout_ms: Option<Millis>, into: Var) -> Statement {
    Statement::Condition { var, at_least, timeout_ms, into }
}

fn all(branches: Vec<Block>) -> Statement {
    Statement::Parallel { until: Until::All, branches }
}

fn first(branches: Vec<Block>) -> Statement {
    Statement::Parallel { until: Until::First, branches }
}

fn scope(cancel_after_ms: Option<Millis>, body: Block) -> Statement {
    Statement::Scope { cancel_after_ms, body }
}

fn attempt(body: Block, catch: Option<Block>, finally: Block) -> Statement {
    Statement::Try { body, catch, finally }
}

fn activity_with(into: Var, cancellation: Cancellation) -> Statement {
    Statement::Activity(dense::activity(cancellation, into))
}

fn activity(into: Var) -> Statement {
    activity_with(into, Cancellation::TryCancel)
}

fn child_with(into: Var, wait: ChildWait, cancellation: Cancellation) -> Statement {
    let (program, parent_close) = (program(vec![]), ParentClose::Abandon);
    Statement::Child(Box::new(ChildCall { program, retry: None, parent_close, cancellation, wait, into }))
}

fn child(into: Var) -> Statement {
    child_with(into, ChildWait::Completed, Cancellation::TryCancel)
}

/// Eight variables, the first is the result; the query `v1` answers the second.
fn program(body: Block) -> Program {
    Program {
        version: VERSION,
        variables: 8,
        body,
        result: Expr::Var(0),
        queries: BTreeMap::from([("v1".into(), Expr::Var(1))]),
        updates: BTreeMap::new(),
        drain_updates: false,
        continue_as: None,
    }
}

/// A program with the update `u`, which takes arguments from 1 into variable 1 and answers that.
fn with_update(body: Block, handler: Block, drain_updates: bool) -> Program {
    let handler = Handler { at_least: 1, into: 1, body: handler, result: Expr::Var(1) };
    Program { updates: BTreeMap::from([("u".into(), handler)]), drain_updates, ..program(body) }
}

fn start(program: Program) -> FakeServer {
    FakeServer::new("w", &Input { program, variables: vec![] }).expect("readable")
}

fn run(body: Block) -> FakeServer {
    start(program(body))
}

/// The commands of the next workflow task.
fn task(server: &mut FakeServer) -> String {
    brief(&server.task().expect("a task is scheduled and its commands are taken"))
}

/// Things happen, then a workflow task.
fn after(server: &mut FakeServer, happenings: impl IntoIterator<Item = Happening>) -> String {
    for what in happenings {
        server.happens(what).expect("it can happen");
    }
    task(server)
}

fn signalled(name: &str, value: i64) -> Happening {
    Happening::Signal(name.into(), value)
}

fn application(kind: &str) -> Failure {
    Failure::Application { kind: kind.into(), non_retryable: false }
}

fn brief(commands: &[Command]) -> String {
    let one = |command: &Command| match command {
        Command::ScheduleActivity { seq, .. } => format!("activity {seq}"),
        Command::RequestCancelActivity { seq } => format!("cancel-activity {seq}"),
        Command::StartTimer { seq, .. } => format!("timer {seq}"),
        Command::CancelTimer { seq } => format!("cancel-timer {seq}"),
        Command::StartChild { workflow_id, .. } => format!("child {workflow_id}"),
        Command::RequestCancelChild { workflow_id, .. } => format!("cancel-child {workflow_id}"),
        Command::RecordLocalActivity { seq, value } => format!("local {seq}={value}"),
        Command::AcceptUpdate { id } => format!("accept {id}"),
        Command::CompleteUpdate { id, outcome: Ok(value) } => format!("complete {id}={value}"),
        Command::CompleteUpdate { id, outcome: Err(failure) } => format!("complete {id}!{}", kind_of(failure)),
        Command::CompleteWorkflow { output } => format!("done {}", output.value),
        Command::FailWorkflow { failure } => format!("failed {}", kind_of(failure)),
        Command::CancelWorkflow => "cancelled".into(),
        Command::ContinueAsNew { input } => format!("continue {:?}", input.variables),
    };
    commands.iter().map(one).collect::<Vec<_>>().join(", ")
}
