//! What is wrong with a plan that reads well: values that no target takes, or that no worker can execute.
//!
//! Everything that lists, indices and absences can say is valid; only values can be wrong. Plans of the generator never are.

use super::{Action, Plan};
use crate::program::{ActivityCall, Block, Program, Retry, Statement, VERSION};

/// How much there can be of one thing: runs take 10,000 signals.
const MOST: u16 = 9000;

/// The first thing that is wrong, in one line; `None` if the plan can be executed.
#[must_use]
pub fn problem(plan: &Plan) -> Option<String> {
    let starts = plan.operations.iter().enumerate().filter_map(|(number, operation)| match &operation.action {
        Action::Start(start) | Action::SignalWithStart { start, .. } => Some((number, start.retry.as_ref()?)),
        _ => None,
    });
    let mut starts = starts.filter_map(|(number, policy)| Some(format!("operation {number}: {}", retry(policy)?)));
    if plan.workers.count == 0 {
        return Some("there is no worker".into());
    }
    if let Some(growth) = plan.growths.iter().find(|growth| growth.to > MOST) {
        return Some(format!("{} {}, of which there can be at most {MOST}", growth.to, growth.of.words()));
    }
    let programs = plan.programs.iter().enumerate();
    starts.next().or_else(|| {
        programs.into_iter().find_map(|(n, input)| Some(format!("program {n}: {}", program(&input.program)?)))
    })
}

fn program(program: &Program) -> Option<String> {
    if program.version != VERSION {
        return Some(format!("its version is {}, not {VERSION}", program.version));
    }
    if !(1..=8).contains(&program.variables) {
        return Some(format!("it has {} variables, not 1 to 8", program.variables));
    }
    let blocks = std::iter::once(&program.body).chain(program.updates.values().map(|handler| &handler.body));
    blocks.into_iter().find_map(block).or_else(|| program.continue_as.as_deref().and_then(self::program))
}

fn block(statements: &Block) -> Option<String> {
    statements.iter().find_map(|statement| match statement {
        Statement::Timer { ms: 0 } => Some("a timer of 0 ms".into()),
        Statement::Activity(call) => activity(call),
        Statement::Child(call) => call.retry.as_ref().and_then(retry).or_else(|| program(&call.program)),
        Statement::Parallel { branches, .. } => branches.iter().find_map(block),
        Statement::Scope { body, .. } => block(body),
        Statement::Try { body, catch, finally } => {
            [Some(body), catch.as_ref(), Some(finally)].into_iter().flatten().find_map(block)
        }
        _ => None,
    })
}

fn activity(call: &ActivityCall) -> Option<String> {
    if call.script.attempts.is_empty() {
        return Some("an activity without a script".into());
    }
    if call.start_to_close_ms == 0 {
        return Some("an activity without time".into());
    }
    retry(&call.retry)
}

fn retry(retry: &Retry) -> Option<String> {
    if retry.initial_ms == 0 || retry.coefficient_tenths < 10 {
        return Some(format!("a back-off of {} ms × {}/10", retry.initial_ms, retry.coefficient_tenths));
    }
    let capped = retry.maximum_ms != 0 && retry.maximum_ms < retry.initial_ms;
    capped.then(|| format!("a back-off of {} ms, at most {} ms", retry.initial_ms, retry.maximum_ms))
}
