//! The plan of a scenario: what its file says, with the times that it leaves open drawn by the seed of the case.

use crate::{runner, undisturbed};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use resurgam_formats::plan::{Action, Expected, Fault, IdConflict, IdReuse, Operation, Plan, Start, Workers};
use resurgam_formats::program::{
    Act, ActEnd, ActivityCall, Block, Cancellation, ChildCall, ChildWait, Expr, Input, ParentClose, Program, Retry,
    Script, Statement, Until, VERSION,
};
use resurgam_formats::scenario::{Activity, Faulty, Load, Scenario, ScenarioCall, Starts, Step, When, Workflows};
use resurgam_formats::time::Millis;
use std::collections::BTreeMap;

/// So long a workflow waits for a signal: whoever waits for ever gives a case no end.
const PATIENCE: Millis = 20_000;
/// The part of the seed from which times are drawn; the other plans take those before it.
const PART: u8 = 7;

/// The plan of a case of a scenario.
#[must_use]
pub fn plan(scenario: &Scenario, seed: u64) -> Plan {
    let mut times = Times(runner(seed, PART));
    let mut plan = if scenario.load.generated { crate::plan(seed) } else { written(&scenario.load, seed, &mut times) };
    plan.faults = scenario.faults.iter().flat_map(|fault| repeated(fault, &mut times)).collect();
    plan.faults.sort();
    if let Some(timeout) = scenario.load.workflow_task_timeout {
        plan.knobs.task_timeout_ms = timeout.0;
    }
    plan.expected = Expected {
        without: scenario.expect.without.clone(),
        delivered: scenario.expect.delivered,
        each_run_within_ms: scenario.expect.each_run_within.map(|span| span.0),
    };
    plan
}

/// Draws times, one after the other.
struct Times(TestRunner);

impl Times {
    fn draw(&mut self, when: When) -> Millis {
        let tree = (when.least.0..=when.most.0).new_tree(&mut self.0);
        // A range that is not empty cannot reject.
        tree.unwrap_or_else(|reason| unreachable!("{reason}")).current()
    }
}

fn repeated(fault: &Faulty, times: &mut Times) -> Vec<Fault> {
    let every = |number: u16| fault.every.saturating_mul(number.into());
    let one = |number| {
        let at_ms = times.draw(fault.at).saturating_add(every(number));
        Fault { at_ms, for_ms: fault.lasts, moment: None, kind: fault.kind.clone() }
    };
    (0..fault.times).map(one).collect()
}

fn written(load: &Load, seed: u64, times: &mut Times) -> Plan {
    let mut operations = Vec::new();
    for (program, group) in (0..).zip(&load.workflows) {
        for number in 0..group.count {
            let from = group.from.map_or(0, |from| times.draw(from));
            let at_ms = from.saturating_add(group.every.0.saturating_mul(number.into()));
            let workflow = operations.iter().map(|operation: &Operation| operation.workflow + 1).max().unwrap_or(0);
            operations.extend(asked(group, program, workflow, at_ms));
        }
    }
    operations.sort_by_key(|operation| operation.at_ms);
    let input = |group: &Workflows| Input { program: program(&group.does), variables: Vec::new() };
    let workers = Workers { count: load.workers.count, cache: load.workers.cache, full_replay: false };
    undisturbed(seed, load.workflows.iter().map(input).collect(), operations, workers)
}

/// What clients ask of one workflow: its start, and what comes later. Each has a client of its own.
fn asked(group: &Workflows, program: u8, workflow: u8, at_ms: Millis) -> Vec<Operation> {
    let start = Start {
        program,
        reuse: IdReuse::AllowDuplicate,
        conflict: IdConflict::Fail,
        run_timeout_ms: None,
        execution_timeout_ms: None,
        retry: None,
    };
    let action = match &group.starts {
        Starts::Plainly => Action::Start(start),
        Starts::WithSignal(name) => Action::SignalWithStart { start, name: name.clone(), value: 1 },
    };
    let spans = |spans: &[resurgam_formats::scenario::Length]| spans.iter().map(|span| span.0).collect();
    let started = Operation { at_ms, client: workflow, workflow, action, again_ms: spans(&group.again) };
    let later = group.calls.iter().map(|call| {
        let action = match &call.call {
            ScenarioCall::Signal(name) => Action::Signal { name: name.clone(), value: 1 },
            ScenarioCall::Cancel => Action::Cancel,
            ScenarioCall::Terminate => Action::Terminate,
            ScenarioCall::Describe => Action::Describe,
        };
        let at_ms = at_ms.saturating_add(call.after.0);
        Operation { at_ms, client: workflow, workflow, action, again_ms: spans(&call.again) }
    });
    std::iter::once(started).chain(later).collect()
}

fn program(steps: &[Step]) -> Program {
    Program {
        version: VERSION,
        variables: 1,
        body: block(steps),
        result: Expr::Var(0),
        queries: BTreeMap::new(),
        updates: BTreeMap::new(),
        drain_updates: false,
        continue_as: None,
    }
}

fn block(steps: &[Step]) -> Block {
    steps.iter().map(statement).collect()
}

fn statement(step: &Step) -> Statement {
    match step {
        Step::Timer(span) => Statement::Timer { ms: span.0.max(1) },
        Step::Activity(activity) => Statement::Activity(self::activity(activity)),
        Step::AwaitSignal(name) => Statement::AwaitSignal { name: name.clone(), into: 0, timeout_ms: Some(PATIENCE) },
        Step::Child(steps) => Statement::Child(Box::new(ChildCall {
            program: program(steps),
            retry: None,
            parent_close: ParentClose::Terminate,
            cancellation: Cancellation::WaitCompleted,
            wait: ChildWait::Completed,
            into: 0,
        })),
        Step::Together(branches) => {
            Statement::Parallel { until: Until::All, branches: branches.iter().map(|steps| block(steps)).collect() }
        }
    }
}

fn activity(activity: &Activity) -> ActivityCall {
    let act = Act { work_ms: activity.works.0, heartbeat_every_ms: None, end: ActEnd::Return(1) };
    ActivityCall {
        script: Script { attempts: vec![act] },
        schedule_to_close_ms: None,
        schedule_to_start_ms: None,
        start_to_close_ms: activity.start_to_close.0.max(1),
        heartbeat_ms: None,
        retry: Retry {
            initial_ms: 1000,
            coefficient_tenths: 10,
            maximum_ms: 1000,
            maximum_attempts: activity.attempts,
            non_retryable: Vec::new(),
        },
        cancellation: Cancellation::TryCancel,
        into: 0,
    }
}
