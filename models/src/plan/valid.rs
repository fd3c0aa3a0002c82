//! What is wrong with a plan that reads well: values that no target takes, or that no worker can execute.
//!
//! Everything that lists, indices and absences can say is valid; only values can be wrong. Plans of the generator never are.

use super::{Action, Plan};
use crate::program::{ActivityCall, Block, Program, Retry, Statement, VERSION};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{chaos, plan};

    #[test]
    fn generated_plans_have_no_problem() {
        for seed in 0..300 {
            assert_eq!((problem(&plan(seed)), problem(&chaos(seed))), (None, None), "seed {seed}");
        }
    }

    #[test]
    fn problems_are_found_wherever_they_are() {
        let whole = plan(3);
        let broken = |what: &dyn Fn(&mut Plan)| {
            let mut plan = whole.clone();
            what(&mut plan);
            problem(&plan)
        };
        let statement = |text: &str| serde_json::from_str::<Statement>(text).unwrap();
        let activity = |script: &str, retry: &str| {
            statement(&format!(
                r#"{{"do":"activity","script":{{"attempts":[{script}]}},"start_to_close_ms":5,"retry":{retry},
                "cancellation":"try_cancel","into":0}}"#
            ))
        };
        let fine = r#"{"initial_ms":9,"coefficient_tenths":10,"maximum_ms":9,"maximum_attempts":1}"#;
        let inside = |statement: Statement| {
            broken(&|plan| {
                let scope = Statement::Scope { cancel_after_ms: None, body: vec![statement.clone()] };
                plan.programs[0].program.body = vec![scope];
            })
        };
        assert_eq!(inside(activity(r#"{"end":"hang"}"#, fine)), None);
        assert!(inside(activity("", fine)).unwrap().contains("script"));
        for policy in [fine.replace("\"initial_ms\":9", "\"initial_ms\":10"), fine.replace("s\":10", "s\":9")] {
            assert!(inside(activity(r#"{"end":"hang"}"#, &policy)).unwrap().contains("back-off"), "{policy}");
        }
        assert!(inside(Statement::Timer { ms: 0 }).unwrap().contains("timer"));
        assert!(broken(&|plan| plan.workers.count = 0).unwrap().contains("worker"));
        assert!(broken(&|plan| plan.programs[0].program.variables = 9).unwrap().contains("variables"));
        assert!(broken(&|plan| plan.programs[0].program.version = 7).unwrap().contains("version"));
    }
}
