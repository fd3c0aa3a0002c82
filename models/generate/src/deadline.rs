//! By when a case is over: every operation answered, every run closed. Computed from the plan alone.
//!
//! This is a liveness bound: generous, never wrong on a slow machine, and paid in full only by a case that is stuck. It
//! is monotone: a plan with anything taken out of its lists is never given more time. It never looks at a clock or at
//! what happened.
//!
//! deadline = heal + longest program × attempts + worker faults + faults + steps + [`CALL`] + [`NOISE`], where
//! - *heal* is the latest moment at which a client sends something, repetitions included, or at which a fault ends (see
//!   [`heal`]). Any start may come that late, and any update may begin its handler then, and a cluster may have done
//!   nothing at all before, so everything else is counted from there;
//! - *longest program* is the time along its longest path (see [`Bound`]), all continuations included. A start names its
//!   program by an index modulo the number of programs, so taking one out may change which it means: the longest counts;
//! - *worker faults* is what each worker fault can cost if all of them hit the same run one after another;
//! - *faults* is what may still be broken after the heal: a restart, tasks handed to nobody, clocks that have to be waited
//!   for, the drain of what was held back;
//! - *steps* is a share of noise for each thing that happens at all.

use resurgam_formats::plan::{Action, Affected, Fault, Plan, Start, TaskKind, WorkerFault, WorkerFaultKind};
use resurgam_formats::program::{ActEnd, ActivityCall, Block, Program, Retry, Statement};
use std::time::Duration;

/// Stragglers on a noisy machine: 34-39 s were measured on the real server (docs/temporal-semantics.md, “Configuration”).
const NOISE: u64 = 45_000;
/// What is added in a simulation, in which nothing is slow by itself.
const SIMULATED_NOISE: u64 = 5_000;
/// One call of a client, by the deadline that official clients give it; long polls of updates and histories, which the
/// server ends after 20 s, are within (docs/temporal-semantics.md).
const CALL: u64 = 30_000;
/// Noise of one step: a command, a task, an attempt.
const STEP: u64 = 250;
/// The server delays a run that continues another until so long after the other's start (docs/temporal-semantics.md, “Workflow tasks”).
const CONTINUE: u64 = 1_000;
/// The schedule-to-start timeout of the task that carries an update to a workflow (docs/temporal-semantics.md, “Workflow tasks”).
const SPECULATIVE: u64 = 5_000;
/// From the fourth attempt on, a workflow task is given so much more time, doubled each attempt up to [`PACE_MAX`]: this
/// is how the server paces retries (docs/temporal-semantics.md, “Workflow tasks”).
const PACE: u64 = 5_000;
/// Most extra time of one attempt of a workflow task.
const PACE_MAX: u64 = 600_000;
/// From the start of a node until it owns its share again, and others see that it does.
const RESTART: u64 = 5_000;
/// From the start of a database until it answers again, and nodes have done what they could not.
const DATABASE: u64 = 60_000;
/// After the heal: what was held back is delivered or dropped, and the timeouts of those who waited for it pass.
const DRAIN: u64 = 10_000;
/// Attempts that are counted where a policy sets no limit and nothing else does either.
const SOME: u64 = 10;

/// By when the case is over, from its beginning.
#[must_use]
pub fn of(plan: &Plan) -> Duration {
    within(plan, NOISE)
}

/// By when the case is over in a simulation, where nothing is late by itself.
#[must_use]
pub fn simulated(plan: &Plan) -> Duration {
    within(plan, SIMULATED_NOISE)
}

/// When everything has been injected and asked: from here on a simulation heals the cluster and disarms what lies in wait.
#[must_use]
pub fn heal(plan: &Plan) -> Duration {
    Duration::from_millis(inject(plan))
}

fn within(plan: &Plan, noise: u64) -> Duration {
    let runs = runs(plan);
    let steps = runs.steps.saturating_mul(STEP);
    let terms = [inject(plan), runs.path, steps, worker_faults(plan), faults(plan), paces(plan), CALL, noise];
    Duration::from_millis(terms.into_iter().fold(0, u64::saturating_add))
}

fn inject(plan: &Plan) -> u64 {
    let sent =
        plan.operations.iter().map(|o| u64::from(o.at_ms) + u64::from(o.again_ms.iter().copied().max().unwrap_or(0)));
    let misused = plan.misuses.iter().map(|misuse| u64::from(misuse.at_ms));
    sent.chain(misused).chain(plan.faults.iter().map(Fault::end_ms)).max().unwrap_or(0)
}

/// True if every program of the plan ends by itself. If not, nothing can be said of when its runs are closed.
#[must_use]
pub fn ends(plan: &Plan) -> bool {
    !runs(plan).endless
}

/// What bounds a piece of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bound {
    /// Milliseconds along the longest path.
    path: u64,
    /// Steps on all paths: what runs side by side shares the processors.
    steps: u64,
    /// Something in it waits for ever, or is repeated for ever. It counts as if it did not.
    endless: bool,
}

impl Bound {
    fn step(path: u64) -> Self {
        Self { path, steps: 1, endless: false }
    }
    fn then(self, next: Self) -> Self {
        Self { path: self.path.saturating_add(next.path), ..self.beside(next) }
    }
    fn beside(self, other: Self) -> Self {
        Self {
            path: self.path.max(other.path),
            steps: self.steps.saturating_add(other.steps),
            endless: self.endless || other.endless,
        }
    }
    /// As often as a policy repeats it, with the longest back-off each time.
    fn repeated(self, retry: Option<&Retry>) -> Self {
        let Some(retry) = retry else { return self };
        let attempts = if retry.maximum_attempts == 0 { SOME } else { u64::from(retry.maximum_attempts) };
        let path = self.path.saturating_mul(attempts).saturating_add(backoffs(retry, attempts));
        let endless = self.endless || retry.maximum_attempts == 0;
        Self { path, steps: self.steps.saturating_mul(attempts), endless }
    }
}

/// All back-offs of so many attempts. The server takes 100 × the first as the maximum if none is set.
fn backoffs(retry: &Retry, attempts: u64) -> u64 {
    let initial = u64::from(retry.initial_ms);
    let longest = if retry.maximum_ms == 0 { initial.saturating_mul(100) } else { u64::from(retry.maximum_ms) };
    attempts.saturating_sub(1).saturating_mul(longest.max(initial))
}

/// The longest life of a chain of runs, whatever starts it, and the steps of all runs that the operations can start.
fn runs(plan: &Plan) -> Bound {
    // Taking a part out of a plan can change which program a start means, so all starts get the longest.
    let longest = plan.programs.iter().map(|input| program(&input.program, plan)).fold(Bound::default(), |a, b| {
        Bound { path: a.path.max(b.path), steps: a.steps.max(b.steps), endless: a.endless || b.endless }
    });
    let mut all = Bound::default();
    for operation in &plan.operations {
        all.steps = all.steps.saturating_add(1 + operation.again_ms.len() as u64);
        if let Action::Start(Start { retry, .. }) | Action::SignalWithStart { start: Start { retry, .. }, .. } =
            &operation.action
        {
            // A repetition after the end can start another chain: the request id of an earlier run is forgotten once
            // a later run is current.
            for _ in 0..=operation.again_ms.len() {
                all = all.beside(longest.repeated(retry.as_ref()));
            }
        }
    }
    all
}

/// A program, its handlers, and what it continues as. A handler may begin when the body has ended, while others drain.
fn program(program: &Program, plan: &Plan) -> Bound {
    let handlers = program.updates.values().map(|handler| block(&handler.body, plan));
    let handlers = handlers.fold(Bound::default(), Bound::beside);
    let updates = plan.operations.iter().filter(|o| matches!(o.action, Action::Update { .. })).count() as u64;
    let handlers = Bound { steps: handlers.steps.saturating_mul(updates), ..handlers };
    let one = Bound::step(0).then(block(&program.body, plan)).then(handlers);
    match &program.continue_as {
        Some(next) => one.then(Bound::step(CONTINUE)).then(self::program(next, plan)),
        None => one,
    }
}

fn block(statements: &Block, plan: &Plan) -> Bound {
    statements.iter().map(|one| statement(one, plan)).fold(Bound::default(), Bound::then)
}

fn statement(statement: &Statement, plan: &Plan) -> Bound {
    match statement {
        Statement::Set { .. } | Statement::LocalActivity { .. } | Statement::Fail { .. } => Bound::step(0),
        Statement::Timer { ms } => Bound::step(u64::from(*ms)),
        Statement::AwaitSignal { timeout_ms, .. } | Statement::Condition { timeout_ms, .. } => {
            Bound { endless: timeout_ms.is_none(), ..Bound::step(u64::from(timeout_ms.unwrap_or(0))) }
        }
        Statement::Activity(call) => activity(call, plan),
        // Also a child that is not waited for has to be closed, and it may start when its parent ends.
        Statement::Child(call) => Bound::step(0).then(program(&call.program, plan)).repeated(call.retry.as_ref()),
        Statement::Parallel { branches, .. } => {
            branches.iter().map(|branch| block(branch, plan)).fold(Bound::step(0), Bound::beside)
        }
        // A cancelled body may still wait for what it asked to cancel, which is bounded as if nobody had asked.
        Statement::Scope { cancel_after_ms, body } => {
            Bound::step(u64::from(cancel_after_ms.unwrap_or(0))).then(block(body, plan))
        }
        Statement::Try { body, catch, finally } => [Some(body), catch.as_ref(), Some(finally)]
            .into_iter()
            .flatten()
            .map(|b| block(b, plan))
            .fold(Bound::step(0), Bound::then),
    }
}

/// An activity ends at the latest by its schedule-to-close timeout, or when each attempt took all of its timeouts and
/// each back-off was the longest. Whatever a worker does to it is within, for the server's timers end every attempt.
fn activity(call: &ActivityCall, plan: &Plan) -> Bound {
    // Without any limit the attempts end when the script returns; each worker fault can spoil one.
    let limit = u64::from(call.retry.maximum_attempts);
    let scripted = (call.script.attempts.len() + plan.worker_faults.len() + plan.faults.len()) as u64 + SOME;
    let attempts = if limit > 0 { limit } else { scripted };
    let one = u64::from(call.schedule_to_start_ms.unwrap_or(0)) + u64::from(call.start_to_close_ms);
    let path = one.saturating_mul(attempts).saturating_add(backoffs(&call.retry, attempts));
    let returns =
        call.script.attempts.last().is_some_and(|act| matches!(act.end, ActEnd::Return(_) | ActEnd::CompleteById(_)));
    let path = call.schedule_to_close_ms.map_or(path, |whole| path.min(u64::from(whole)));
    Bound { path, steps: attempts, endless: limit == 0 && call.schedule_to_close_ms.is_none() && !returns }
}

/// What all worker faults cost together, if they hit one run one after another.
fn worker_faults(plan: &Plan) -> u64 {
    let costs = plan.worker_faults.iter().map(|WorkerFault { task, what, .. }| {
        // A late or second answer is itself a call that has to be answered.
        let delay = match what {
            WorkerFaultKind::Late(ms) | WorkerFaultKind::Twice(ms) => u64::from(*ms),
            WorkerFaultKind::Drop | WorkerFaultKind::Crash | WorkerFaultKind::FailTask => 0,
        };
        // A lost activity costs an attempt, which `activity` counts. A crash loses tasks of the other kind as well.
        let loses = *task == TaskKind::Workflow || *what == WorkerFaultKind::Crash;
        if loses { delay.saturating_add(lost_task(plan)) } else { delay }
    });
    costs.fold(0, u64::saturating_add)
}

/// What a lost workflow task costs.
fn lost_task(plan: &Plan) -> u64 {
    u64::from(plan.knobs.task_timeout_ms) + u64::from(plan.knobs.sticky_timeout_ms) + SPECULATIVE
}

/// How much time faults cost after the heal. They hit runs that go on side by side, and no new ones begin then, so only the
/// worst counts; the errors of clocks add up.
fn faults(plan: &Plan) -> u64 {
    let (mut worst, mut clocks) = (0, 0u64);
    for fault in &plan.faults {
        match fault.kind.affects() {
            Affected::Node { .. } => worst = worst.max(RESTART),
            Affected::Database(_) => worst = DATABASE,
            // A timer that was set by a clock that was fast fires that much later; so does one whose start a slow clock wrote down.
            Affected::Clock { by_ms, .. } => clocks = clocks.saturating_add(u64::from(by_ms.unsigned_abs())),
            Affected::Links { .. } | Affected::Store { .. } | Affected::Calls { .. } => {}
        }
    }
    if plan.faults.is_empty() {
        return 0;
    }
    let calls = DRAIN + u64::from(plan.cluster.store_timeout_ms) + lost_task(plan);
    calls.saturating_add(worst).saturating_add(clocks)
}

/// The pacing of retried workflow tasks: the n-th worker fault or fault hits the n-th attempt at the worst. More than eight
/// doublings reach the maximum.
///
/// A fault that spoils an attempt costs all the time of that attempt, and after the heal there are no faults. So faults can spoil the first
/// three attempts, which are not paced, the one during which the cluster heals, and before that as many as fit at a doubling pace.
fn paces(plan: &Plan) -> u64 {
    let fit = (1 + inject(plan) / PACE).ilog2() as usize;
    let by_faults = plan.faults.iter().map(|fault| match fault.kind.affects() {
        Affected::Calls { calls, .. } => usize::from(calls),
        Affected::Links { .. }
        | Affected::Node { .. }
        | Affected::Clock { .. }
        | Affected::Store { .. }
        | Affected::Database(_) => 1,
    });
    let spoiled = plan.worker_faults.len() + by_faults.sum::<usize>().min(4 + fit);
    let paces = (3..spoiled).map(|n| (PACE << (n - 3).min(8)).min(PACE_MAX));
    paces.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chaos, plan, plans};
    use proptest::prelude::*;
    use resurgam_formats::plan::{Cluster, Expected, FaultKind, Habits, Knobs, Operation, Workers};
    use resurgam_formats::program::{Expr, Input, VERSION};
    use serde_json::{Value, json};

    /// A plan with one program, of this body, started at 100 ms and again 2 s later.
    fn case(body: &Value) -> Plan {
        let program = Program {
            version: VERSION,
            variables: 1,
            body: serde_json::from_value(body.clone()).unwrap(),
            result: Expr::Const(0),
            queries: [].into(),
            updates: [].into(),
            drain_updates: false,
            continue_as: None,
        };
        let start = json!({"call": "start", "program": 0, "reuse": "allow_duplicate", "conflict": "fail"});
        let action = serde_json::from_value(start).unwrap();
        Plan {
            version: 1,
            seed: 0,
            programs: vec![Input { program, variables: vec![] }],
            operations: vec![Operation { at_ms: 100, client: 0, workflow: 0, action, again_ms: vec![2000] }],
            workers: Workers { count: 1, cache: 1, full_replay: false },
            worker_faults: vec![],
            misuses: vec![],
            expires: false,
            growths: vec![],
            expected: Expected::default(),
            knobs: Knobs { task_timeout_ms: 1000, sticky_timeout_ms: 500 },
            habits: Habits::default(),
            cluster: Cluster::default(),
            faults: vec![],
        }
    }

    /// The path of a body: what the deadline is above that of an empty body, without the noise of steps.
    fn path(body: &Value) -> u64 {
        runs(&case(body)).path
    }

    fn call(more: &Value) -> Value {
        let mut call = json!({"do": "activity", "script": {"attempts": [{"end": "hang"}]}, "start_to_close_ms": 500,
            "retry": {"initial_ms": 10, "coefficient_tenths": 20, "maximum_ms": 40, "maximum_attempts": 3},
            "cancellation": "try_cancel", "into": 0});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    }

    #[test]
    fn an_empty_case_has_its_operations_and_noise() {
        let expected = 100 + 2000 + 4 * STEP + CALL + NOISE;
        assert_eq!(of(&case(&json!([]))), Duration::from_millis(expected));
    }

    #[test]
    fn paths_follow_the_program() {
        let timer = |ms: u32| json!({"do": "timer", "ms": ms});
        assert_eq!(path(&json!([timer(10), timer(20)])), 30);
        let both = json!([{"do": "parallel", "until": "all", "branches": [[timer(10), timer(20)], [timer(25)]]}]);
        assert_eq!(path(&both), 30);
        let attempt = json!([{"do": "try", "body": [timer(1)], "catch": [timer(2)], "finally": [timer(4)]}]);
        assert_eq!(path(&attempt), 7);
        assert_eq!(path(&json!([{"do": "scope", "cancel_after_ms": 50, "body": [timer(10)]}])), 60);
        assert_eq!(path(&json!([{"do": "await_signal", "name": "a", "into": 0, "timeout_ms": 70}])), 70);
    }

    #[test]
    fn activities_end_by_their_timeouts() {
        assert_eq!(path(&json!([call(&json!({}))])), 3 * 500 + 2 * 40);
        assert_eq!(path(&json!([call(&json!({"schedule_to_start_ms": 100}))])), 3 * 600 + 2 * 40);
        assert_eq!(path(&json!([call(&json!({"schedule_to_close_ms": 700}))])), 700);
    }

    #[test]
    fn children_continuations_and_retries_count() {
        let inner = case(&json!([{"do": "timer", "ms": 100}])).programs.remove(0).program;
        let child = json!([{"do": "child", "program": inner, "parent_close": "abandon", "cancellation": "abandon",
            "wait": "started", "into": 0}]);
        let mut plan = case(&child);
        assert_eq!(runs(&plan).path, 100);
        plan.programs[0].program.continue_as = Some(Box::new(inner));
        assert_eq!(runs(&plan).path, 100 + CONTINUE + 100);
        let retry = json!({"initial_ms": 10, "coefficient_tenths": 10, "maximum_ms": 30, "maximum_attempts": 2});
        if let Action::Start(start) = &mut plan.operations[0].action {
            start.retry = Some(serde_json::from_value(retry).unwrap());
        }
        assert_eq!(runs(&plan).path, 2 * (200 + CONTINUE) + 30);
    }

    #[test]
    fn each_trick_costs_and_the_fourth_lost_task_costs_more() {
        let worker_fault = |what| WorkerFault { task: TaskKind::Workflow, nth: 1, what };
        let mut plan = case(&json!([]));
        plan.worker_faults = vec![worker_fault(WorkerFaultKind::Drop), worker_fault(WorkerFaultKind::Late(300))];
        assert_eq!(worker_faults(&plan), 2 * (1500 + SPECULATIVE) + 300);
        plan.worker_faults = vec![worker_fault(WorkerFaultKind::Drop); 5];
        assert_eq!(worker_faults(&plan), 5 * (1500 + SPECULATIVE));
        assert_eq!(paces(&plan), PACE + 2 * PACE);
        plan.worker_faults = vec![WorkerFault { task: TaskKind::Activity, nth: 1, what: WorkerFaultKind::Twice(80) }];
        assert_eq!(worker_faults(&plan), 80);
        plan.worker_faults = vec![worker_fault(WorkerFaultKind::Late(u32::MAX)); 500];
        assert!(of(&plan) > Duration::from_secs(500 * u64::from(u32::MAX) / 1000));
    }

    #[test]
    fn faults_cost_once_after_the_heal_and_clocks_add_up() {
        let mut plan = case(&json!([]));
        assert_eq!((heal(&plan), faults(&plan)), (Duration::from_millis(2100), 0));
        let fault = |at_ms, kind| Fault { at_ms, for_ms: 400, moment: None, kind };
        plan.faults = vec![fault(3000, FaultKind::Kill { node: 1 }), fault(100, FaultKind::PowerLoss { node: 0 })];
        assert_eq!(heal(&plan), Duration::from_millis(3400));
        let calls = DRAIN + 400 + 1500 + SPECULATIVE;
        assert_eq!(faults(&plan), calls + RESTART);
        plan.faults[0].kind = FaultKind::ClockStep { node: 0, by_ms: -700 };
        assert_eq!(heal(&plan), Duration::from_millis(3000), "a step has no end");
        plan.faults[1].kind = FaultKind::ClockSkew { node: 7, by_ms: 50 };
        assert_eq!(faults(&plan), calls + 750);
        assert_eq!(paces(&plan), 0);
        plan.faults = vec![fault(0, FaultKind::Kill { node: 1 }); 30];
        assert_eq!(paces(&plan), PACE, "the others have nothing left to spoil");
        plan.faults[0].for_ms = 16_000;
        assert_eq!(paces(&plan), PACE + 2 * PACE + 4 * PACE);
        assert_eq!(of(&plan) - simulated(&plan), Duration::from_millis(NOISE - SIMULATED_NOISE));
    }

    #[test]
    fn what_waits_for_ever_is_named() {
        assert!(ends(&case(&json!([{"do": "condition", "var": 0, "at_least": 1, "timeout_ms": 70, "into": 0}]))));
        assert!(!ends(&case(&json!([{"do": "condition", "var": 0, "at_least": 1, "into": 0}]))));
        let unlimited = json!({"initial_ms": 10, "coefficient_tenths": 20, "maximum_ms": 40, "maximum_attempts": 0});
        assert!(!ends(&case(&json!([call(&json!({"retry": unlimited}))]))));
        assert!(ends(&case(&json!([call(&json!({"retry": unlimited, "schedule_to_close_ms": 900}))]))));
        let script = json!({"attempts": [{"end": "hang"}, {"end": {"return": 1}}]});
        assert!(ends(&case(&json!([call(&json!({"retry": unlimited, "script": script}))]))));
    }

    #[test]
    fn generated_cases_have_two_minutes_on_average() {
        let seconds: u64 = (0..200).map(|seed| of(&plan(seed)).as_secs()).sum();
        assert!((90..180).contains(&(seconds / 200)), "{} s", seconds / 200);
    }

    /// Deletes elements of lists, wherever in the value they are, as the coins say.
    fn without(value: &Value, coins: &mut impl Iterator<Item = bool>) -> Value {
        match value {
            Value::Array(all) => {
                let kept: Vec<_> = all.iter().filter(|_| coins.next().unwrap_or(true)).collect();
                kept.into_iter().map(|one| without(one, coins)).collect()
            }
            Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), without(one, coins))).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_part_of_a_plan_never_gets_more_time(
            plan in plans(),
            coins in proptest::collection::vec(proptest::bool::weighted(0.9), 0..400),
            faulty in any::<bool>(),
        ) {
            let plan = if faulty { chaos(plan.seed) } else { plan };
            prop_assert!(ends(&plan));
            let part = without(&serde_json::to_value(&plan).unwrap(), &mut coins.into_iter());
            let part: Plan = serde_json::from_value(part).unwrap();
            prop_assert!(of(&part) <= of(&plan) && simulated(&part) <= simulated(&plan));
        }
    }
}
