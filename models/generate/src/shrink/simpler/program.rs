//! Programs and their statements made plainer.

use super::changes::Changes;
use crate::shrink::tree;
use resurgam_formats::plan::Plan;
use resurgam_formats::program::{
    ActEnd, ActivityCall, Cancellation, ChildCall, ChildWait, Expr, ParentClose, Program, Retry, Statement, Until,
};

pub(crate) fn statement(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let by = plainer(&tree::statement(plan, at)?).into_iter().nth(which);
    Some(by.map(|by| tree::replace(plan, at, by)))
}

/// What may stand in the place of a statement.
fn plainer(statement: &Statement) -> Vec<Vec<Statement>> {
    let mut all: Vec<Vec<Statement>> = Vec::new();
    let mut same = Changes::of(statement);
    match statement {
        Statement::Parallel { until, branches } => {
            all.extend(branches.iter().cloned());
            if branches.len() > 1 {
                all.push(branches.concat());
                for gone in 0..branches.len() {
                    let left = branches.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, b)| b.clone());
                    all.push(vec![Statement::Parallel { until: *until, branches: left.collect() }]);
                }
            }
            all.push(vec![Statement::Parallel { until: Until::All, branches: branches.clone() }]);
        }
        Statement::Scope { body, .. } => {
            all.push(body.clone());
            all.push(vec![Statement::Scope { cancel_after_ms: None, body: body.clone() }]);
        }
        Statement::Try { body, catch, finally } => {
            let (body, catch, finally) = (body.clone(), catch.clone(), finally.clone());
            all.push(body.clone());
            all.extend(catch.clone());
            all.push(finally.clone());
            all.push([body.clone(), finally.clone()].concat());
            all.push(vec![Statement::Try { body: body.clone(), catch: None, finally }]);
            all.push(vec![Statement::Try { body, catch, finally: Vec::new() }]);
        }
        Statement::Child(call) => {
            all.push(call.program.body.clone());
            all.extend(children(call).into_iter().map(|call| vec![Statement::Child(Box::new(call))]));
        }
        Statement::Activity(call) => all.extend(calls(call).into_iter().map(|call| vec![Statement::Activity(call)])),
        Statement::Set { into, value } => {
            all.extend(exprs(value).into_iter().map(|value| vec![Statement::Set { into: *into, value }]));
        }
        Statement::Fail { .. } => same.add(|statement| {
            if let Statement::Fail { non_retryable, .. } = statement {
                *non_retryable = false;
            }
        }),
        Statement::LocalActivity { .. }
        | Statement::Timer { .. }
        | Statement::AwaitSignal { .. }
        | Statement::Condition { .. } => {}
    }
    all.extend(same.all.into_iter().map(|one| vec![one]));
    all.retain(|by| by.as_slice() != std::slice::from_ref(statement));
    all
}

fn once() -> Retry {
    Retry { initial_ms: 10, coefficient_tenths: 10, maximum_ms: 10, maximum_attempts: 1, non_retryable: vec![] }
}

fn calls(call: &ActivityCall) -> Vec<ActivityCall> {
    let mut all = Changes::of(call);
    all.add(|call| {
        call.script.attempts.truncate(1);
        for act in &mut call.script.attempts {
            (act.heartbeat_every_ms, act.end) = (None, ActEnd::Return(1));
        }
        (call.schedule_to_close_ms, call.schedule_to_start_ms, call.heartbeat_ms) = (None, None, None);
        (call.retry, call.cancellation) = (once(), Cancellation::TryCancel);
    });
    all.add(|call| call.retry = once());
    for (n, act) in call.script.attempts.iter().enumerate() {
        all.add(|call| call.script.attempts = vec![act.clone()]);
        if call.script.attempts.len() > 1 {
            all.add(|call| drop(call.script.attempts.remove(n)));
        }
        all.add(|call| call.script.attempts[n].heartbeat_every_ms = None);
        if !matches!(act.end, ActEnd::Return(_)) {
            all.add(|call| call.script.attempts[n].end = ActEnd::Return(1));
        }
    }
    all.add(|call| call.schedule_to_close_ms = None);
    all.add(|call| call.schedule_to_start_ms = None);
    all.add(|call| call.heartbeat_ms = None);
    all.add(|call| call.retry.non_retryable.clear());
    if call.retry.maximum_attempts == 0 || call.retry.maximum_attempts > 2 {
        all.add(|call| call.retry.maximum_attempts = 2);
    }
    all.add(|call| call.cancellation = Cancellation::TryCancel);
    all.all
}

fn children(call: &ChildCall) -> Vec<ChildCall> {
    let mut all = Changes::of(call);
    all.add(|call| {
        (call.retry, call.parent_close) = (None, ParentClose::Terminate);
        (call.cancellation, call.wait) = (Cancellation::TryCancel, ChildWait::Completed);
    });
    all.add(|call| call.retry = None);
    all.add(|call| call.parent_close = ParentClose::Terminate);
    all.add(|call| call.cancellation = Cancellation::TryCancel);
    all.add(|call| call.wait = ChildWait::Completed);
    all.all
}

/// Plainer values: the parts of a sum, and in the end a constant.
fn exprs(value: &Expr) -> Vec<Expr> {
    match value {
        Expr::Const(_) => Vec::new(),
        Expr::Var(_) => vec![Expr::Const(0)],
        Expr::Sum(parts) => std::iter::once(Expr::Const(0)).chain(parts.iter().cloned()).collect(),
    }
}

pub(crate) fn program(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let (mut plan, mut found) = (plan.clone(), None);
    tree::programs(&mut plan, &mut |number, program| {
        if number == at {
            let by = plainer_programs(program).into_iter().nth(which);
            found = Some(by.is_some());
            if let Some(by) = by {
                *program = by;
            }
        }
    });
    found.map(|changed| changed.then_some(plan))
}

fn plainer_programs(program: &Program) -> Vec<Program> {
    let mut all = Changes::of(program);
    all.add(|program| {
        program.updates.clear();
        program.queries.clear();
        (program.continue_as, program.drain_updates) = (None, false);
    });
    all.add(|program| program.continue_as = None);
    if let Some(next) = &program.continue_as {
        all.add(|program| *program = (**next).clone());
    }
    all.add(|program| program.updates.clear());
    all.add(|program| program.queries.clear());
    for (name, handler) in &program.updates {
        // What matters about a handler may be only what it does.
        all.add(|program| {
            program.body.extend(handler.body.clone());
            program.updates.remove(name);
        });
    }
    for name in program.updates.keys() {
        all.add(|program| drop(program.updates.remove(name)));
    }
    for name in program.queries.keys() {
        all.add(|program| drop(program.queries.remove(name)));
    }
    all.add(|program| program.drain_updates = false);
    for result in exprs(&program.result) {
        all.add(|program| program.result = result);
    }
    all.all
}
