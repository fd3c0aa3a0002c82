//! Artificial failures with a known smallest plan: it is reached, whatever plan it began with, and nothing on the way is
//! unfit to be executed.

use super::*;
use crate::{chaos, plan};
use proptest::prelude::*;
use resurgam_formats::plan::{Action, Caller, Crowd, Fault, FaultKind, Growth, StoreOutcome, problem};
use resurgam_formats::program::{ActEnd, Statement};
use std::hash::BuildHasher as _;

const RULE: &str = "X1-artificial";
const OTHER: &str = "X2-other";

/// Shrinks a plan that fails as the oracle says.
fn shrunk(plan: &Plan, budget: u32, fails: &dyn Fn(&Plan) -> bool) -> Shrinker {
    finished(Shrinker::new(plan.clone(), RULE, budget), fails)
}

fn finished(mut shrinker: Shrinker, fails: &dyn Fn(&Plan) -> bool) -> Shrinker {
    assert!(fails(shrinker.best()));
    while let Some(candidate) = shrinker.propose().cloned() {
        let violated = fails(&candidate).then_some(RULE);
        assert_eq!(shrinker.tell(violated), violated.is_some());
        assert!(fails(shrinker.best()));
    }
    shrinker
}

/// The first plans with faults that fail.
fn failing(fails: &dyn Fn(&Plan) -> bool, at_least: usize) -> Vec<Plan> {
    let plans: Vec<_> = (0..600).map(chaos).filter(|plan| fails(plan)).take(40).collect();
    assert!(plans.len() >= at_least, "only {} plans fail", plans.len());
    plans
}

fn statements(plan: &Plan) -> impl Iterator<Item = Statement> + '_ {
    (0..plan.statement_count()).filter_map(|number| tree::statement(plan, number))
}

fn retried(statement: &Statement) -> bool {
    matches!(statement, Statement::Activity(call) if call.retry.maximum_attempts != 1
        && call.script.attempts.iter().any(|act| matches!(act.end, ActEnd::Fail { .. })))
}

/// A scope with a wait in it, however deep.
fn scoped_wait(statement: &Statement) -> bool {
    fn waits(statement: &Statement) -> bool {
        match statement {
            Statement::AwaitSignal { .. } => true,
            Statement::Scope { body, .. } => body.iter().any(waits),
            Statement::Parallel { branches, .. } => branches.iter().flatten().any(waits),
            Statement::Try { body, catch, finally } => {
                body.iter().chain(catch.iter().flatten()).chain(finally).any(waits)
            }
            _ => false,
        }
    }
    matches!(statement, Statement::Scope { body, .. } if body.iter().any(waits))
}

/// How deep JSON nests.
fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn one_statement_and_one_fault_on_two_nodes() {
    let fails = |plan: &Plan| {
        let kills = |kind: &FaultKind| matches!(kind, FaultKind::Kill { node } if plan.cluster.node(*node) == 1);
        plan.faults.iter().any(|fault| kills(&fault.kind)) && statements(plan).any(|one| retried(&one))
    };
    let mut most = 0;
    for plan in failing(&fails, 10) {
        let shrinker = shrunk(&plan, 2000, &fails);
        let progress = shrinker.progress();
        let expected = Measure {
            faults: 1,
            workflows: 0,
            operations: 0,
            statements: 1,
            worker_faults: 0,
            misuses: 0,
            growths: 0,
            nodes: 2,
        };
        assert_eq!(progress.to, expected, "seed {}", plan.seed);
        let best = shrinker.best();
        assert_eq!((best.workers.count, best.cluster.shards, best.programs.len()), (1, 1, 1), "{best:?}");
        assert_eq!((best.faults[0].at_ms, best.faults[0].for_ms), (0, 1));
        assert!(best.programs[0].program.updates.is_empty() && best.programs[0].variables.is_empty());
        assert_eq!(best.seed, plan.seed, "luck stays");
        most = most.max(progress.proposed);
    }
    assert!(most < 300, "up to {most} candidates");
}

#[test]
fn what_belongs_together_stays_together() {
    // A late commit of some length, a wait inside a scope, and a signal to a workflow that is started.
    let fails = |plan: &Plan| {
        let late = |kind: &FaultKind| matches!(kind, FaultKind::Store { outcome: StoreOutcome::CommitLate(40..), .. });
        let signals: Vec<u8> =
            plan.operations.iter().filter(|o| matches!(o.action, Action::Signal { .. })).map(|o| o.workflow).collect();
        let started =
            plan.operations.iter().any(|o| matches!(o.action, Action::Start(_)) && signals.contains(&o.workflow));
        plan.faults.iter().any(|fault| late(&fault.kind)) && started && statements(plan).any(|one| scoped_wait(&one))
    };
    for plan in failing(&fails, 3) {
        let shrinker = shrunk(&plan, 3000, &fails);
        let expected = Measure {
            faults: 1,
            workflows: 1,
            operations: 2,
            statements: 2,
            worker_faults: 0,
            misuses: 0,
            growths: 0,
            nodes: 1,
        };
        assert_eq!(shrinker.progress().to, expected, "seed {}", plan.seed);
        let FaultKind::Store { outcome: StoreOutcome::CommitLate(ms), calls: 1, node: None, partition: None } =
            shrinker.best().faults[0].kind
        else {
            panic!("{:?}", shrinker.best().faults)
        };
        assert!((40..80).contains(&ms), "{ms} ms");
        assert!(shrinker.best().operations.iter().all(|o| o.again_ms.is_empty() && o.client == 0));
    }
}

#[test]
fn the_same_rule_or_nothing() {
    let fails = |plan: &Plan| plan.operations.len() >= 2;
    let mut shrinker = Shrinker::new(chaos(3), RULE, 10_000);
    assert!(fails(shrinker.best()));
    while let Some(candidate) = shrinker.propose().cloned() {
        // All that is smaller than two operations fails too, but otherwise.
        let violated = if fails(&candidate) { vec![OTHER, RULE] } else { vec![OTHER] };
        assert_eq!(shrinker.tell(violated), fails(&candidate));
    }
    assert_eq!(shrinker.best().operations.len(), 2);
    assert!(!shrinker.tell([RULE]), "nothing was proposed");
}

#[test]
fn what_never_fails_again_stays_as_it_was() {
    let first = chaos(5);
    let mut shrinker = Shrinker::new(first.clone(), RULE, 100_000);
    let mut proposed = 0;
    while shrinker.propose().is_some() {
        assert!(!shrinker.tell([]));
        proposed += 1;
    }
    assert_eq!(shrinker.best(), &first);
    let progress = shrinker.progress();
    assert_eq!((progress.proposed, progress.accepted, progress.from), (proposed, 0, progress.to));
    assert!((50..1000).contains(&proposed), "{proposed} proposals for one round");
}

#[test]
fn the_budget_is_kept_and_proposals_wait_for_an_answer() {
    let mut shrinker = Shrinker::new(chaos(5), RULE, 3);
    let first = shrinker.propose().cloned();
    assert!(first.is_some() && shrinker.propose().cloned() == first, "the same until told");
    assert_eq!(shrinker.progress().proposed, 1);
    for _ in 0..3 {
        assert!(shrinker.propose().is_some());
        shrinker.tell([]);
    }
    assert!(shrinker.propose().is_none());
    assert_eq!(shrinker.progress().proposed, 3);
    assert!(Shrinker::new(chaos(5), RULE, 0).propose().is_none());
}

#[test]
fn whatever_fails_shrinks_to_nothing() {
    for seed in 0..20 {
        let shrinker = shrunk(&chaos(seed), 1000, &|_| true);
        let best = shrinker.best();
        assert_eq!(shrinker.progress().to, Measure { nodes: 1, ..Measure::default() });
        assert!(best.programs.is_empty() && best.workers.count == 1 && !best.workers.full_replay);
        assert!(shrinker.progress().proposed < 40, "{:?}", shrinker.progress());
    }
}

#[test]
fn programs_go_and_starts_keep_theirs() {
    // Of three programs the second is needed, by a start that names it beyond their number.
    let mut three = (0..2000).map(plan).find(|plan| plan.programs.len() == 3).unwrap();
    three.programs[1].variables = vec![7, 7, 7];
    three.operations.retain(|o| matches!(o.action, Action::Start(_)));
    three.operations.truncate(1);
    let Action::Start(start) = &mut three.operations[0].action else { panic!() };
    start.program = 4;
    let means = |plan: &Plan| {
        let Action::Start(start) = &plan.operations.first()?.action else { return None };
        Some(plan.programs.get(usize::from(start.program) % plan.programs.len().max(1))?.variables.clone())
    };
    let fails = |plan: &Plan| means(plan) == Some(vec![7, 7, 7]);
    let best = shrunk(&three, 2000, &fails).best().clone();
    assert_eq!((best.programs.len(), best.operations.len(), best.statement_count()), (1, 1, 0));
}

#[test]
fn statements_are_numbered_as_they_are_replaced() {
    for seed in 0..100 {
        let whole = plan(seed);
        let mut same = whole.clone();
        let mut seen = Vec::new();
        tree::rewrite(&mut same, &mut |number, statement| {
            seen.push((number, statement.clone()));
            vec![statement]
        });
        assert_eq!(same, whole);
        seen.sort_by_key(|(number, _)| *number);
        let counted: Vec<_> = statements(&whole).enumerate().collect();
        assert_eq!(seen, counted);
        for (number, statement) in counted {
            assert_eq!(tree::replace(&whole, number, vec![statement]), whole);
        }
    }
}

#[test]
fn measures_read_well() {
    let one = Measure {
        faults: 2,
        workflows: 1,
        operations: 3,
        statements: 1,
        worker_faults: 0,
        misuses: 0,
        growths: 0,
        nodes: 3,
    };
    assert_eq!(one.to_string(), "1 statement, 3 operations, 2 faults, 0 worker faults, 3 nodes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// An oracle without sense: whether a plan fails is a coin.
    #[test]
    fn every_candidate_can_be_executed(seed in any::<u64>(), coin in any::<u64>(), percent in 0..60u64) {
        let growths = vec![Growth { of: Crowd::Runs, to: 350, faults: true }];
        let first = Plan { growths, ..chaos(seed) };
        let mut shrinker = Shrinker::new(first.clone(), RULE, 600);
        let mut proposed = BTreeSet::from([serde_json::to_string(&first).unwrap()]);
        let coins = std::hash::BuildHasherDefault::<DefaultHasher>::default();
        let mut size = Measure::of(&first);
        while let Some(candidate) = shrinker.propose().cloned() {
            let text = serde_json::to_string(&candidate).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Plan>(&text).unwrap(), &candidate);
            let read = resurgam_formats::wire::read_versioned::<Plan>("plan", text.as_bytes(), 1 << 24);
            prop_assert_eq!(read.as_ref(), Ok(&candidate));
            prop_assert_eq!(problem(&candidate), None);
            prop_assert!(deadline::ends(&candidate));
            prop_assert!(candidate.programs.iter().all(|input| depth(&serde_json::to_value(input).unwrap()) <= 64));
            let fails = coins.hash_one((coin, &text)) % 100 < percent;
            prop_assert!(proposed.insert(text), "proposed twice");
            shrinker.tell(fails.then_some(RULE));
            let now = shrinker.progress().to;
            prop_assert!(now.faults <= size.faults && now.operations <= size.operations);
            prop_assert!(now.statements <= size.statements && now.nodes <= size.nodes);
            size = now;
        }
        prop_assert!(shrinker.progress().proposed as usize == proposed.len() - 1);
    }
}

#[test]
fn a_lost_reply_needs_a_caller() {
    let fails = |plan: &Plan| {
        let lost = |kind: &FaultKind| matches!(kind, FaultKind::ReplyLost { by: Caller::Worker, calls: 2.. });
        plan.faults.iter().any(|fault| lost(&fault.kind))
    };
    for plan in failing(&fails, 5) {
        let best = shrunk(&plan, 1000, &fails).best().clone();
        assert!(matches!(best.faults[..], [Fault { kind: FaultKind::ReplyLost { calls: 2, .. }, .. }]), "{best:?}");
    }
}
