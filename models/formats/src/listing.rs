//! Plans and programs for people: indented text, one statement or operation a line. Everything that a plan says is in
//! it, defaults left out. It is for reading only; nothing reads it back.

mod fault;

pub use fault::kind;

use crate::plan::{
    Action, IdConflict, IdReuse, Plan, Start, TaskKind, UpdateStage, WorkerFault, WorkerFaultKind, Workers,
};
use crate::program::{
    Act, ActEnd, ActivityCall, Block, Cancellation, ChildCall, ChildWait, Expr, Input, ParentClose, Program, Retry,
    Statement, Until, Var,
};
use std::fmt::Write as _;

/// A plan: workers, cluster, the timeline, worker faults, faults, programs. Ends with a line break.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut lines = vec![
        format!("plan of seed {}", plan.seed),
        workers(&plan.workers),
        format!("task timeout {} ms, sticky {} ms", plan.knobs.task_timeout_ms, plan.knobs.sticky_timeout_ms),
    ];
    if !plan.cluster.is_default() || !plan.faults.is_empty() {
        lines.push(fault::cluster(&plan.cluster));
    }
    lines.push(String::new());
    let width = plan.operations.iter().map(|o| o.at_ms.to_string().len()).max().unwrap_or(0);
    for one in &plan.operations {
        let again: Vec<_> = one.again_ms.iter().map(|ms| format!("+{ms} ms")).collect();
        let again = if again.is_empty() { String::new() } else { format!(", again at {}", again.join(", ")) };
        let what = action(&one.action, &format!("w{}", one.workflow));
        lines.push(format!("at {:>width$} ms client {}: {what}{again}", one.at_ms, one.client));
    }
    if !plan.worker_faults.is_empty() {
        lines.push(String::new());
        lines.extend(plan.worker_faults.iter().map(worker_faults));
    }
    if !plan.faults.is_empty() {
        lines.push(String::new());
        let width = plan.faults.iter().map(|fault| fault.at_ms.to_string().len()).max().unwrap_or(0);
        lines.extend(plan.faults.iter().map(|one| fault::fault(one, width)));
    }
    for (index, Input { program, variables }) in plan.programs.iter().enumerate() {
        lines.push(String::new());
        let values: Vec<_> = variables.iter().enumerate().map(|(var, value)| format!("v{var} = {value}")).collect();
        let with = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
        lines.push(format!("program {index}{with}"));
        lines.extend(indented(program_lines(program)));
    }
    lines.join("\n") + "\n"
}

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

/// What a client asks of a workflow, such as `signal "a" 3 to w0`.
#[must_use]
pub fn action(action: &Action, workflow: &str) -> String {
    match action {
        Action::Start(start) => format!("start {workflow} as {}", start_options(start)),
        Action::Signal { name, value } => format!("signal {name:?} {value} to {workflow}"),
        Action::SignalWithStart { start, name, value } => {
            format!("signal {name:?} {value} to {workflow}, with start as {}", start_options(start))
        }
        Action::Query { name } => format!("query {name:?} of {workflow}"),
        Action::Update { name, value, wait } => {
            let until = match wait {
                UpdateStage::Accepted => "accepted",
                UpdateStage::Completed => "completed",
            };
            format!("update {name:?} {value} of {workflow} until {until}")
        }
        Action::Cancel => format!("cancel {workflow}"),
        Action::Terminate => format!("terminate {workflow}"),
        Action::Describe => format!("describe {workflow}"),
        Action::ReadHistory => format!("read history of {workflow}"),
    }
}

/// What a worker does wrong, such as `answers 300 ms late`.
#[must_use]
pub fn worker_fault(worker_fault: WorkerFaultKind) -> String {
    match worker_fault {
        WorkerFaultKind::Drop => "is forgotten".into(),
        WorkerFaultKind::Late(ms) => format!("is answered {ms} ms late"),
        WorkerFaultKind::Twice(ms) => format!("is answered twice, {ms} ms apart"),
        WorkerFaultKind::Crash => "crashes its worker".into(),
        WorkerFaultKind::FailTask => "is answered as failed".into(),
    }
}

fn workers(workers: &Workers) -> String {
    let count = if workers.count == 1 { "1 worker".into() } else { format!("{} workers", workers.count) };
    let cache = if workers.cache == 0 { "no cache".into() } else { format!("cache of {}", workers.cache) };
    let replay = if workers.full_replay { ", full replay at every task" } else { "" };
    format!("{count}, {cache}{replay}")
}

fn worker_faults(WorkerFault { task, nth, what }: &WorkerFault) -> String {
    let kind = match task {
        TaskKind::Workflow => "workflow",
        TaskKind::Activity => "activity",
    };
    format!("{kind} task {nth} {}", worker_fault(*what))
}

fn start_options(start: &Start) -> String {
    let mut text = format!("program {}", start.program);
    let reuse = match start.reuse {
        IdReuse::AllowDuplicate => "",
        IdReuse::AllowDuplicateFailedOnly => ", if the id is unused or failed",
        IdReuse::RejectDuplicate => ", if the id is unused",
    };
    let conflict = match start.conflict {
        IdConflict::Fail => "",
        IdConflict::UseExisting => ", or use the open run",
        IdConflict::TerminateExisting => ", or terminate the open run first",
    };
    text += reuse;
    text += conflict;
    for (name, ms) in [("run", start.run_timeout_ms), ("execution", start.execution_timeout_ms)] {
        if let Some(ms) = ms {
            let _ = write!(text, ", {name} timeout {ms} ms");
        }
    }
    if let Some(policy) = &start.retry {
        let _ = write!(text, ", {}", retry(policy));
    }
    text
}

fn retry(retry: &Retry) -> String {
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

fn program_lines(program: &Program) -> Vec<String> {
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

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

/// The lines of one branch: a dash before the first.
fn marked(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().enumerate().map(|(index, line)| format!("{} {line}", if index == 0 { '-' } else { ' ' }))
}
