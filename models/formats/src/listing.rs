//! Plans and programs for people: indented text, one statement or operation a line. Everything that a plan says is in
//! it, defaults left out. It is for reading only; nothing reads it back.

mod fault;
mod misuse;
mod program;

pub use misuse::{misuse, place};
pub use program::{expr, program};

use crate::plan::{
    Action, Growth, IdConflict, IdReuse, Plan, Start, TaskKind, UpdateStage, WorkerFault, WorkerFaultKind, Workers,
};
use crate::program::Input;
use program::{indented, program_lines, retry};
use std::fmt::Write as _;

/// A plan: workers, cluster, the timeline, worker faults, misuses, faults, programs. Ends with a line break.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let mut lines = vec![
        format!("plan of seed {}", plan.seed),
        workers(&plan.workers),
        format!("task timeout {} ms, sticky {} ms", plan.knobs.task_timeout_ms, plan.knobs.sticky_timeout_ms),
    ];
    if !plan.habits.are_usual() {
        lines.push(plan.habits.words().join("; "));
    }
    lines.extend(plan.expected.words());
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
    if !plan.misuses.is_empty() {
        lines.push(String::new());
        let width = plan.misuses.iter().map(|one| one.at_ms.to_string().len()).max().unwrap_or(0);
        lines.extend(plan.misuses.iter().map(|one| format!("at {:>width$} ms misuse: {}", one.at_ms, misuse(one))));
    }
    if !plan.faults.is_empty() {
        lines.push(String::new());
        let width = plan.faults.iter().map(|fault| fault.at_ms.to_string().len()).max().unwrap_or(0);
        lines.extend(plan.faults.iter().map(|one| fault::fault(one, width)));
    }
    if plan.expires {
        lines.push(String::new());
        lines
            .push("in the end time goes on until every run may be deleted, and the faults happen once more".to_owned());
    }
    if !plan.growths.is_empty() {
        lines.push(String::new());
        lines.extend(plan.growths.iter().map(growth));
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

fn growth(Growth { of, to, faults }: &Growth) -> String {
    let under = if *faults { ", during whose making the faults happen once more" } else { "" };
    format!("in the end calls are counted beside few and then {to} {}{under}", of.words())
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
