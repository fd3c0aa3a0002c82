//! Programs, for people.

use crate::program::{
    Act, ActEnd, ActivityCall, Block, Cancellation, ChildCall, ChildWait, Expr, ParentClose, Program, Retry, Statement,
    Until, Var,
};
use std::fmt::Write as _;

/// A program. Ends with a line break.
#[must_use]
pub fn program(program: &Program) -> String {
    program_lines(program).join("\n") + "\n"
}

/// A value, such as `v0 + 3`.
#[must_use]
pub fn expr(value: &Expr) -> String {
    match value {
        Expr::Const(value) => value.to_string(),
        Expr::Var(var) => variable(*var),
        Expr::Sum(parts) if parts.is_empty() => "sum of nothing".into(),
        Expr::Sum(parts) => {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| if matches!(part, Expr::Sum(_)) { format!("({})", expr(part)) } else { expr(part) })
                .collect();
            parts.join(" + ")
        }
    }
}

pub(super) fn retry(retry: &Retry) -> String {
    let attempts = match retry.maximum_attempts {
        0 => "unlimited attempts".into(),
        1 => "1 attempt".into(),
        n => format!("{n} attempts"),
    };
    let (whole, tenth) = (retry.coefficient_tenths / 10, retry.coefficient_tenths % 10);
    let mut text = format!("{attempts}, back-off {} ms × {whole}.{tenth} ≤ {} ms", retry.initial_ms, retry.maximum_ms);
    if !retry.non_retryable.is_empty() {
        let kinds: Vec<_> = retry.non_retryable.iter().map(|kind| format!("{kind:?}")).collect();
        let _ = write!(text, ", none after {}", kinds.join(" or "));
    }
    text
}

pub(super) fn program_lines(program: &Program) -> Vec<String> {
    let mut lines = vec![format!("variables v0 to v{}", program.variables.saturating_sub(1))];
    lines.extend(program.queries.iter().map(|(name, value)| format!("query {name:?} is {}", expr(value))));
    for (name, handler) in &program.updates {
        let into = variable(handler.into);
        let value = expr(&handler.result);
        lines.push(format!("update {name:?} of at least {} into {into}, answers {value}", handler.at_least));
        lines.extend(indented(block(&handler.body)));
    }
    lines.push("do".into());
    lines.extend(indented(block(&program.body)));
    if program.drain_updates {
        lines.push("wait for updates".into());
    }
    lines.push(format!("return {}", expr(&program.result)));
    if let Some(next) = &program.continue_as {
        lines.push("but if done, continue as".into());
        lines.extend(indented(program_lines(next)));
    }
    lines
}

fn block(block: &Block) -> Vec<String> {
    if block.is_empty() { vec!["nothing".into()] } else { block.iter().flat_map(statement).collect() }
}

fn statement(statement: &Statement) -> Vec<String> {
    let timeout = |ms: &Option<u32>| ms.map_or(String::new(), |ms| format!(", at most {ms} ms"));
    match statement {
        Statement::Set { into, value } => vec![format!("{} = {}", variable(*into), expr(value))],
        Statement::Activity(call) => vec![activity(call)],
        Statement::LocalActivity { value, into } => vec![format!("{} = local activity {value}", variable(*into))],
        Statement::Timer { ms } => vec![format!("timer {ms} ms")],
        Statement::AwaitSignal { name, into, timeout_ms } => {
            vec![format!("{} = signal {name:?}{}", variable(*into), timeout(timeout_ms))]
        }
        Statement::Condition { var, at_least, timeout_ms, into } => {
            let limit = timeout(timeout_ms);
            vec![format!("{} = wait until {} ≥ {at_least}{limit}", variable(*into), variable(*var))]
        }
        Statement::Child(call) => child(call),
        Statement::Parallel { until, branches } => {
            let until = match until {
                Until::All => "parallel, all of",
                Until::First => "parallel, first of",
            };
            let branches = branches.iter().flat_map(|branch| marked(block(branch)));
            [until.to_owned()].into_iter().chain(branches).collect()
        }
        Statement::Scope { cancel_after_ms, body } => {
            let cancel = cancel_after_ms.map_or(String::new(), |ms| format!(", cancelled after {ms} ms"));
            headed(format!("scope{cancel}"), body).collect()
        }
        Statement::Try { body, catch, finally } => {
            let catch = catch.iter().flat_map(|body| headed("catch".into(), body));
            let finally = Some(finally).filter(|body| !body.is_empty());
            let finally = finally.into_iter().flat_map(|body| headed("finally".into(), body));
            headed("try".into(), body).chain(catch).chain(finally).collect()
        }
        Statement::Fail { kind, non_retryable } => vec![format!("fail {}", failure(kind, *non_retryable))],
    }
}

fn activity(call: &ActivityCall) -> String {
    let attempts: Vec<_> = call.script.attempts.iter().map(act).collect();
    let mut text = format!(
        "{} = activity: {} | {} ms each",
        variable(call.into),
        attempts.join("; then "),
        call.start_to_close_ms
    );
    let limits = [
        ("schedule to start", call.schedule_to_start_ms),
        ("schedule to close", call.schedule_to_close_ms),
        ("heartbeat", call.heartbeat_ms),
    ];
    for (name, ms) in limits {
        if let Some(ms) = ms {
            let _ = write!(text, ", {name} {ms} ms");
        }
    }
    let _ = write!(text, " | {}{}", retry(&call.retry), cancellation(call.cancellation));
    text
}

fn act(act: &Act) -> String {
    let mut text = String::new();
    if act.work_ms > 0 {
        let _ = write!(text, "work {} ms, ", act.work_ms);
    }
    if let Some(ms) = act.heartbeat_every_ms {
        let _ = write!(text, "beat every {ms} ms, ");
    }
    match &act.end {
        ActEnd::Return(value) => text += &format!("return {value}"),
        ActEnd::Fail { kind, non_retryable } => text += &format!("fail {}", failure(kind, *non_retryable)),
        ActEnd::Hang => text += "hang",
        ActEnd::CompleteById(value) => text += &format!("be completed by id with {value}"),
    }
    text
}

fn failure(kind: &str, non_retryable: bool) -> String {
    if non_retryable { format!("{kind:?} for good") } else { format!("{kind:?}") }
}

fn cancellation(cancellation: Cancellation) -> &'static str {
    match cancellation {
        Cancellation::TryCancel => "",
        Cancellation::WaitCompleted => " | waits when cancelled",
        Cancellation::Abandon => " | abandoned when cancelled",
    }
}

fn child(call: &ChildCall) -> Vec<String> {
    let wait = match call.wait {
        ChildWait::Started => "started child",
        ChildWait::Completed => "child",
    };
    let close = match call.parent_close {
        ParentClose::Terminate => "",
        ParentClose::RequestCancel => " | asked to cancel at the end",
        ParentClose::Abandon => " | left alone at the end",
    };
    let again = call.retry.as_ref().map_or(String::new(), |policy| format!(" | {}", retry(policy)));
    let head = format!("{} = {wait}{again}{close}{}", variable(call.into), cancellation(call.cancellation));
    [head].into_iter().chain(indented(program_lines(&call.program))).collect()
}

fn variable(var: Var) -> String {
    format!("v{var}")
}

fn headed(head: String, body: &Block) -> impl Iterator<Item = String> + use<> {
    [head].into_iter().chain(indented(block(body)))
}

pub(super) fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

/// The lines of one branch: a dash before the first.
fn marked(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().enumerate().map(|(index, line)| format!("{} {line}", if index == 0 { '-' } else { ' ' }))
}
