//! What is wrong with a plan that reads well: values that no target takes, or that no worker can execute.
//!
//! Everything that lists, indices and absences can say is valid; only values can be wrong. Plans of the generator never are.

use super::{Action, Plan};
use crate::program::{ActivityCall, Block, Program, Retry, Statement, VERSION};

/// How much there can be of one thing: runs take 10,000 signals.
const MOST: u16 = 9000;

/// The first thing that is wrong, in one line that begins with its field; `None` if the plan can be executed.
#[must_use]
pub fn problem(plan: &Plan) -> Option<String> {
    if plan.workers.count == 0 {
        return Some("plan.workers.count: there is no worker".into());
    }
    let growths = plan.growths.iter().enumerate().find(|(_, growth)| growth.to > MOST);
    if let Some((number, growth)) = growths {
        let (to, of) = (growth.to, growth.of.words());
        return Some(format!("plan.growths[{number}].to: {to} {of}, of which there can be at most {MOST}"));
    }
    let mut operations = plan.operations.iter().enumerate();
    let starts = operations.find_map(|(number, operation)| {
        let inner = if let Action::SignalWithStart { .. } = operation.action { ".start" } else { "" };
        let policy = operation.action.start()?.retry.as_ref()?;
        retry(policy, &format!("plan.operations[{number}].action{inner}.retry"))
    });
    let mut programs = plan.programs.iter().enumerate();
    starts.or_else(|| programs.find_map(|(n, input)| program(&input.program, &format!("plan.programs[{n}].program"))))
}

fn program(program: &Program, way: &str) -> Option<String> {
    if program.version != VERSION {
        return Some(format!("{way}.version: {}, not {VERSION}", program.version));
    }
    if !(1..=8).contains(&program.variables) {
        return Some(format!("{way}.variables: {}, not 1 to 8", program.variables));
    }
    let body = block(&program.body, &format!("{way}.body"));
    let mut updates = program.updates.iter();
    let updates = || updates.find_map(|(name, handler)| block(&handler.body, &format!("{way}.updates.{name}.body")));
    let next = || self::program(program.continue_as.as_deref()?, &format!("{way}.continue_as"));
    body.or_else(updates).or_else(next)
}

fn block(statements: &Block, way: &str) -> Option<String> {
    let mut numbered = statements.iter().enumerate();
    numbered.find_map(|(number, statement)| self::statement(statement, &format!("{way}[{number}]")))
}

fn statement(statement: &Statement, way: &str) -> Option<String> {
    let at = |field: &str| format!("{way}.{field}");
    match statement {
        Statement::Timer { ms } => (*ms == 0).then(|| format!("{way}.ms: a timer of 0 ms")),
        Statement::Activity(call) => activity(call, way),
        Statement::Child(call) => {
            let policy = call.retry.as_ref().and_then(|policy| retry(policy, &at("retry")));
            policy.or_else(|| program(&call.program, &at("program")))
        }
        Statement::Parallel { branches, .. } => {
            let mut numbered = branches.iter().enumerate();
            numbered.find_map(|(number, branch)| block(branch, &format!("{way}.branches[{number}]")))
        }
        Statement::Scope { body, .. } => block(body, &at("body")),
        Statement::Try { body, catch, finally } => {
            let blocks = [("body", Some(body)), ("catch", catch.as_ref()), ("finally", Some(finally))];
            blocks.into_iter().find_map(|(field, statements)| block(statements?, &at(field)))
        }
        Statement::Set { .. }
        | Statement::LocalActivity { .. }
        | Statement::AwaitSignal { .. }
        | Statement::Condition { .. }
        | Statement::Fail { .. } => None,
    }
}

fn activity(call: &ActivityCall, way: &str) -> Option<String> {
    if call.script.attempts.is_empty() {
        return Some(format!("{way}.script.attempts: an activity without a script"));
    }
    if call.start_to_close_ms == 0 {
        return Some(format!("{way}.start_to_close_ms: an activity without time"));
    }
    retry(&call.retry, &format!("{way}.retry"))
}

fn retry(retry: &Retry, way: &str) -> Option<String> {
    let Retry { initial_ms: initial, maximum_ms: most, .. } = retry;
    if *initial == 0 {
        return Some(format!("{way}.initial_ms: a back-off of 0 ms"));
    }
    if retry.coefficient_tenths < 10 {
        return Some(format!("{way}.coefficient_tenths: {}, less than 10", retry.coefficient_tenths));
    }
    (*most != 0 && most < initial)
        .then(|| format!("{way}.maximum_ms: {most}, less than the first back-off of {initial} ms"))
}
