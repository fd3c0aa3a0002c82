//! What plans use is found by a walk of the plan, written apart from the strategies, and compared with the mask.

use super::mask::Feature::{self, *};
use super::{Mask, Scope, Shape, chaos, chaos_within, plan, plans, shaped, shapes};
use proptest::prelude::*;
use resurgam_formats::plan::{
    Action, Family, FaultKind, Habits, IdConflict, IdReuse, Plan, Start, TaskKind, UpdateStage, WorkerFaultKind,
};
use resurgam_formats::program::{
    ActEnd, ActivityCall, Block, Cancellation, ChildWait, ParentClose, Program, Retry, Statement, Until, VERSION,
};
use std::collections::{BTreeMap, BTreeSet};

/// What was seen in plans: features by their number of occurrences, other values by name.
#[derive(Default)]
struct Seen {
    features: BTreeMap<Feature, u32>,
    names: BTreeSet<String>,
}

/// The type's name and the value: two types have an `Abandon`.
fn named<T: std::fmt::Debug>(value: T) -> String {
    format!("{} {value:?}", std::any::type_name::<T>())
}

impl Seen {
    fn add(&mut self, feature: Feature) {
        *self.features.entry(feature).or_default() += 1;
    }
    fn add_if(&mut self, holds: bool, feature: Feature) {
        if holds {
            self.add(feature);
        }
    }
    fn name<T: std::fmt::Debug>(&mut self, value: T) {
        self.names.insert(named(value));
    }

    fn plan(&mut self, plan: &Plan) {
        for input in &plan.programs {
            self.add_if(!input.variables.is_empty(), InitialVariables);
            self.program(&input.program);
        }
        let mut started = BTreeSet::new();
        for operation in &plan.operations {
            match &operation.action {
                Action::Start(start) => {
                    self.add_if(!started.insert(operation.workflow), Restart);
                    self.start(start);
                }
                Action::SignalWithStart { start, .. } => {
                    self.add(SignalWithStart);
                    self.name(start.conflict);
                    let mut start = start.clone();
                    start.conflict = IdConflict::Fail;
                    self.start(&start);
                }
                Action::Signal { .. } => self.add(Signal),
                Action::Query { .. } => self.add(Query),
                Action::Update { wait, .. } => {
                    self.add(Update);
                    self.name(*wait);
                }
                Action::Cancel => self.add(Cancel),
                Action::Terminate => self.add(Terminate),
                Action::Describe => self.add(Describe),
                Action::ReadHistory => self.add(ReadHistory),
            }
            for again in &operation.again_ms {
                self.add(if *again < 1000 { Duplicates } else { LateRetries });
            }
        }
        self.add_if(plan.workers.count > 1, SeveralWorkers);
        self.add_if(plan.workers.cache == 0, CacheOff);
        self.add_if((1..=2).contains(&plan.workers.cache), SmallCache);
        self.add_if(plan.workers.full_replay, FullReplay);
        for worker_faults in &plan.worker_faults {
            self.add(WorkerFault);
            self.add(match worker_faults.task {
                TaskKind::Workflow => WorkflowTaskFaults,
                TaskKind::Activity => ActivityTaskFaults,
            });
            let worker_fault = match worker_faults.what {
                WorkerFaultKind::Drop => Drop,
                WorkerFaultKind::Late(_) => Late,
                WorkerFaultKind::Twice(_) => Twice,
                WorkerFaultKind::Crash => Crash,
                WorkerFaultKind::FailTask => FailTask,
            };
            self.add(worker_fault);
            self.name((worker_faults.task, worker_fault));
        }
    }

    fn start(&mut self, start: &Start) {
        self.name(start.reuse);
        self.name(start.conflict);
        self.add_if(start.reuse != IdReuse::AllowDuplicate || start.conflict != IdConflict::Fail, IdPolicies);
        self.add_if(start.run_timeout_ms.is_some(), RunTimeout);
        self.add_if(start.execution_timeout_ms.is_some(), ExecutionTimeout);
        if let Some(retry) = &start.retry {
            self.add(WorkflowRetry);
            self.retry(retry);
        }
    }

    fn program(&mut self, program: &Program) {
        self.block(&program.body);
        self.add_if(program.drain_updates, DrainUpdates);
        self.add_if(!program.queries.is_empty(), Queries);
        for handler in program.updates.values() {
            self.add(Updates);
            self.block(&handler.body);
        }
        if let Some(next) = &program.continue_as {
            self.add(ContinueAsNew);
            self.program(next);
        }
    }

    fn block(&mut self, block: &Block) {
        for statement in block {
            match statement {
                Statement::Set { .. } => self.add(Set),
                Statement::Activity(call) => self.activity(call),
                Statement::LocalActivity { .. } => self.add(LocalActivity),
                Statement::Timer { .. } => self.add(Timer),
                Statement::AwaitSignal { .. } => self.add(AwaitSignal),
                Statement::Condition { .. } => self.add(Condition),
                Statement::Child(call) => {
                    self.add(Child);
                    self.add_if(call.wait == ChildWait::Started, DetachedChildren);
                    self.add_if(call.parent_close != ParentClose::Terminate, ParentClose);
                    self.add_if(call.cancellation != Cancellation::TryCancel, CancellationTypes);
                    self.name(call.parent_close);
                    self.name(call.cancellation);
                    if let Some(retry) = &call.retry {
                        self.add(ChildRetry);
                        self.retry(retry);
                    }
                    self.program(&call.program);
                }
                Statement::Parallel { until, branches } => {
                    self.add(if *until == Until::All { ParallelAll } else { ParallelFirst });
                    branches.iter().for_each(|branch| self.block(branch));
                }
                Statement::Scope { cancel_after_ms, body } => {
                    self.add(Scope);
                    self.name(("scope with timer", cancel_after_ms.is_some()));
                    self.block(body);
                }
                Statement::Try { body, catch, finally } => {
                    self.add(Try);
                    self.name(("catch", catch.is_some()));
                    self.name(("finally", !finally.is_empty()));
                    [Some(body), catch.as_ref(), Some(finally)].into_iter().flatten().for_each(|b| self.block(b));
                }
                Statement::Fail { non_retryable, .. } => {
                    self.add(Fail);
                    self.add_if(*non_retryable, NonRetryable);
                }
            }
        }
    }

    fn activity(&mut self, call: &ActivityCall) {
        self.add(Activity);
        self.retry(&call.retry);
        self.add_if(call.retry.maximum_attempts == 0, UnlimitedAttempts);
        self.add_if(call.schedule_to_close_ms.is_some(), ScheduleToClose);
        self.add_if(call.schedule_to_start_ms.is_some(), ScheduleToStart);
        self.add_if(call.cancellation != Cancellation::TryCancel, CancellationTypes);
        self.name(("heartbeat timeout", call.heartbeat_ms.is_some()));
        for act in &call.script.attempts {
            self.add_if(act.heartbeat_every_ms.is_some(), Heartbeat);
            match &act.end {
                ActEnd::Return(_) => self.name("return"),
                ActEnd::Fail { non_retryable, .. } => {
                    self.add(ActivityFailure);
                    self.add_if(*non_retryable, NonRetryable);
                }
                ActEnd::Hang => self.add(Hang),
                ActEnd::CompleteById(_) => self.add(CompleteById),
            }
        }
    }

    fn retry(&mut self, retry: &Retry) {
        self.add_if(!retry.non_retryable.is_empty(), NonRetryable);
    }
}

/// All programs of a plan, children and continuations included, each with its nesting in children.
fn programs(plan: &Plan) -> Vec<(usize, &Program)> {
    fn inside<'a>(block: &'a Block, depth: usize, all: &mut Vec<(usize, &'a Program)>) {
        for statement in block {
            match statement {
                Statement::Child(call) => program(&call.program, depth + 1, all),
                Statement::Parallel { branches, .. } => branches.iter().for_each(|b| inside(b, depth, all)),
                Statement::Scope { body, .. } => inside(body, depth, all),
                Statement::Try { body, catch, finally } => {
                    [Some(body), catch.as_ref(), Some(finally)]
                        .into_iter()
                        .flatten()
                        .for_each(|b| inside(b, depth, all));
                }
                _ => {}
            }
        }
    }
    fn program<'a>(one: &'a Program, depth: usize, all: &mut Vec<(usize, &'a Program)>) {
        all.push((depth, one));
        inside(&one.body, depth, all);
        one.updates.values().for_each(|handler| inside(&handler.body, depth, all));
        one.continue_as.iter().for_each(|next| program(next, depth, all));
    }
    let mut all = Vec::new();
    plan.programs.iter().for_each(|input| program(&input.program, 0, &mut all));
    all
}

fn nesting(block: &Block) -> usize {
    let deepest = |blocks: &mut dyn Iterator<Item = &Block>| 1 + blocks.map(nesting).max().unwrap_or(0);
    let each = block.iter().map(|statement| match statement {
        Statement::Parallel { branches, .. } => deepest(&mut branches.iter()),
        Statement::Scope { body, .. } => deepest(&mut [body].into_iter()),
        Statement::Try { body, catch, finally } => deepest(&mut [body, finally].into_iter().chain(catch)),
        _ => 0,
    });
    each.max().unwrap_or(0)
}

/// Why a block may not end by itself, or is outside the sizes that this module promises.
fn complaint(block: &Block) -> Option<String> {
    block.iter().find_map(|statement| match statement {
        Statement::Timer { ms } if !(10..=400).contains(ms) => Some(format!("timer of {ms} ms")),
        Statement::AwaitSignal { timeout_ms, .. } | Statement::Condition { timeout_ms, .. }
            if !timeout_ms.is_some_and(|ms| (200..=1500).contains(&ms)) =>
        {
            Some(format!("wait with timeout {timeout_ms:?}"))
        }
        Statement::Activity(call) => {
            let retry = &call.retry;
            let whole = call.schedule_to_close_ms.unwrap_or(u32::MAX);
            let fits = call.start_to_close_ms <= whole
                && call.schedule_to_start_ms.is_none_or(|ms| ms <= whole)
                && call.heartbeat_ms.is_none_or(|ms| ms <= call.start_to_close_ms)
                && call.script.attempts.iter().all(|act| {
                    act.work_ms <= 150 && act.heartbeat_every_ms.zip(call.heartbeat_ms).is_none_or(|(e, t)| e < t)
                })
                && !call.script.attempts.is_empty();
            let ends = retry.maximum_attempts > 0 || call.schedule_to_close_ms.is_some();
            let valid = retry.coefficient_tenths >= 10 && retry.initial_ms > 0 && retry.initial_ms <= retry.maximum_ms;
            (!fits || !ends || !valid).then(|| format!("{call:?}"))
        }
        Statement::Parallel { branches, .. } => branches.iter().find_map(complaint),
        Statement::Scope { body, .. } => complaint(body),
        Statement::Try { body, catch, finally } => {
            [Some(body), catch.as_ref(), Some(finally)].into_iter().flatten().find_map(complaint)
        }
        _ => None,
    })
}

/// How deep JSON nests.
fn levels(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(all) => 1 + all.iter().map(levels).max().unwrap_or(0),
        serde_json::Value::Object(all) => 1 + all.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn equal_seeds_give_equal_plans_and_others_differ() {
    for seed in [0, 1, 7, u64::MAX] {
        assert_eq!(plan(seed), plan(seed));
        assert_eq!(plan(seed).seed, seed);
    }
    let distinct: BTreeSet<_> =
        (0..200).map(|seed| serde_json::to_string(&Plan { seed: 0, ..plan(seed) }).unwrap()).collect();
    assert_eq!(distinct.len(), 200);
}

#[test]
fn five_hundred_seeds_show_everything() {
    let mut seen = Seen::default();
    (0..500).for_each(|seed| seen.plan(&plan(seed)));
    // `LateStart` shows as an absence, and misuses are drawn apart: both have tests of their own.
    let shown = |f: &&Feature| [LateStart, Misuse].contains(f) || seen.features.contains_key(f);
    let missing: Vec<_> = Feature::ALL.iter().map(|(f, _)| f).filter(|f| !shown(f)).collect();
    assert!(missing.is_empty(), "{missing:?} never appear");
    let mut names = Vec::new();
    names.extend([Cancellation::TryCancel, Cancellation::WaitCompleted, Cancellation::Abandon].map(named));
    names.extend([ParentClose::Terminate, ParentClose::RequestCancel, ParentClose::Abandon].map(named));
    names.extend([IdReuse::AllowDuplicate, IdReuse::AllowDuplicateFailedOnly, IdReuse::RejectDuplicate].map(named));
    names.extend([IdConflict::Fail, IdConflict::UseExisting, IdConflict::TerminateExisting].map(named));
    names.extend([UpdateStage::Accepted, UpdateStage::Completed].map(named));
    for worker_fault in [Drop, Late, Twice, Crash] {
        names.extend([TaskKind::Workflow, TaskKind::Activity].map(|kind| named((kind, worker_fault))));
    }
    for of in ["scope with timer", "catch", "finally", "heartbeat timeout"] {
        names.extend([true, false].map(|present| named((of, present))));
    }
    let missing: Vec<_> = names.iter().filter(|name| !seen.names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} never appear");
}

#[test]
fn some_slots_are_started_late_and_some_never() {
    let first = |plan: &Plan, slot| {
        plan.operations.iter().find(|o| o.workflow == slot && matches!(o.action, Action::Start(_))).map(|o| o.at_ms)
    };
    let plans: Vec<_> = (0..500).map(plan).collect();
    let late = plans.iter().filter(|plan| first(plan, 0).is_some_and(|at| at > 300)).count();
    let never = plans.iter().filter(|plan| first(plan, 0).is_none()).count();
    assert!((1..100).contains(&late), "{late} late");
    assert!((1..50).contains(&never), "{never} never");
}

#[test]
fn cases_are_light() {
    let plans: Vec<_> = (0..500).map(plan).collect();
    let mut activities = 0;
    let mut operations = 0;
    for plan in &plans {
        let mut seen = Seen::default();
        seen.plan(plan);
        activities += seen.features.get(&Activity).copied().unwrap_or(0);
        operations += plan.operations.len();
    }
    let (activities, operations) = (f64::from(activities) / 500.0, operations as f64 / 500.0);
    assert!((3.0..9.0).contains(&activities), "{activities} activities in a plan");
    assert!((4.0..10.0).contains(&operations), "{operations} operations in a plan");
    let troubled = plans.iter().filter(|plan| !plan.worker_faults.is_empty()).count();
    assert!((200..=350).contains(&troubled), "{troubled} plans with worker faults");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_outside_the_mask_is_used((shape, seed) in (shapes(), any::<u64>())) {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let drawn = proptest::strategy::ValueTree::current(&shaped(seed, shape).new_tree(&mut runner).unwrap());
        let mut seen = Seen::default();
        seen.plan(&drawn);
        let outside: Vec<_> = seen.features.keys().filter(|feature| !shape.mask.has(**feature)).collect();
        prop_assert!(outside.is_empty(), "{outside:?}");
    }

    #[test]
    fn plans_are_well_formed(drawn in plans()) {
        prop_assert_eq!(&plan(drawn.seed), &drawn, "a plan carries its seed");
        let text = serde_json::to_string(&drawn).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Plan>(&text).unwrap(), &drawn);
        prop_assert!(levels(&serde_json::to_value(&drawn.programs).unwrap()) <= 64, "too deep to be readable");
        prop_assert!((1..=3).contains(&drawn.programs.len()));
        prop_assert!(drawn.operations.len() <= 12 && drawn.operations.is_sorted_by_key(|o| o.at_ms));
        prop_assert!((1..=3).contains(&drawn.workers.count) && drawn.worker_faults.len() <= 4);
        prop_assert!(drawn.worker_faults.iter().all(|m| m.nth >= 1));
        for operation in &drawn.operations {
            let reads = matches!(operation.action, Action::Query { .. } | Action::Describe | Action::ReadHistory);
            prop_assert!(operation.workflow < 3 && (!reads || operation.again_ms.is_empty()));
            if let Action::Start(start) | Action::SignalWithStart { start, .. } = &operation.action {
                prop_assert!(start.retry.as_ref().is_none_or(|retry| retry.maximum_attempts > 0));
            }
        }
        for (depth, program) in programs(&drawn) {
            prop_assert!(depth <= 1, "children nest {} deep", depth);
            prop_assert_eq!(program.version, VERSION);
            prop_assert!((1..=8).contains(&program.variables) && nesting(&program.body) <= 3);
            let links = std::iter::successors(Some(program), |p| p.continue_as.as_deref()).count() - 1;
            prop_assert!(links <= 2);
            prop_assert_eq!(complaint(&program.body), None);
            for handler in program.updates.values() {
                prop_assert_eq!(complaint(&handler.body), None);
            }
        }
    }
}

#[test]
fn an_empty_mask_still_gives_plans() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drawn = shaped(1, Shape { mask: Mask::default(), slots: 1, programs: 1 }).new_tree(&mut runner).unwrap();
    let drawn = proptest::strategy::ValueTree::current(&drawn);
    assert!(drawn.programs[0].program.body.is_empty());
    assert_eq!(drawn.operations.len(), 1, "the first start is not a feature");
}

#[test]
fn signals_of_a_plan_are_told_apart() {
    let mut several = 0;
    for seed in 0..100 {
        let values: Vec<i64> = plan(seed)
            .operations
            .iter()
            .filter_map(|operation| match &operation.action {
                Action::Signal { value, .. } | Action::SignalWithStart { value, .. } => Some(*value),
                _ => None,
            })
            .collect();
        let distinct: BTreeSet<&i64> = values.iter().collect();
        assert_eq!(distinct.len(), values.len(), "seed {seed}: {values:?}");
        several += usize::from(values.len() > 1);
    }
    assert!(several > 20, "only {several} plans have several signals");
}

/// FNV-1a, which will not change under us.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn plans_without_faults_stay_what_they_are() {
    let of = |seed| serde_json::to_string(&Plan { misuses: vec![], habits: Habits::default(), ..plan(seed) }).unwrap();
    let all: String = (0..300).map(of).collect();
    assert!(!all.contains("cluster") && !all.contains("\"faults\""));
    assert_eq!(
        digest(&all),
        0x92ed_22ab_5bcc_d9b7,
        "plans of old seeds have changed: evidence on them is no longer comparable"
    );
}

#[test]
fn chaos_is_the_same_plan_on_another_cluster_with_faults() {
    for seed in [0, 1, 7, u64::MAX] {
        let (calm, wild) = (plan(seed), chaos(seed));
        assert_eq!(wild, chaos(seed));
        let operations = wild.operations[..calm.operations.len()].to_vec();
        assert_eq!(Plan { cluster: calm.cluster.clone(), faults: vec![], expires: false, operations, ..wild }, calm);
    }
    let expiring = (0..400).filter(|seed| chaos(*seed).expires && !plan(*seed).expires).count();
    assert!((50..110).contains(&expiring), "{expiring} of 400 plans expire");
}

#[test]
fn chaos_shows_every_kind_of_fault_and_leaves_most_out() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut near, mut all, mut kinds_per_case) = (0, 0, Vec::new());
    let (mut most, mut calm, mut clusters) = (0, 0, BTreeSet::new());
    for plan in (0..500).map(chaos) {
        assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
        assert!(plan.faults.is_sorted() && plan.faults.len() <= super::fault::MOST);
        most = most.max(plan.faults.len());
        calm += u32::from(plan.faults.is_empty());
        clusters.insert(plan.cluster.nodes);
        let moment = |at: u32| {
            let moments =
                plan.operations.iter().flat_map(|o| [0].into_iter().chain(o.again_ms.clone()).map(|a| o.at_ms + a));
            moments.into_iter().any(|moment| (moment..=moment + 200).contains(&(at + 50)))
        };
        let mut kinds = BTreeSet::new();
        for fault in &plan.faults {
            all += 1;
            near += u32::from(moment(fault.at_ms));
            // Nothing else is done to a cluster that loses a node for long.
            let alone = if plan.faults.len() == 1 { super::outage::LASTS } else { 3000 };
            let longest = fault.kind.affects().paused().map_or(alone, |_| 15_000);
            assert!(fault.at_ms <= 12_000 && fault.for_ms <= longest, "{fault:?}");
            kinds.insert(fault.kind.name());
        }
        kinds.iter().for_each(|kind| *seen.entry(kind).or_default() += 1);
        kinds_per_case.push(kinds.len());
    }
    let missing: Vec<_> = FaultKind::NAMES.iter().filter(|kind| !seen.contains_key(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?} never appear");
    assert_eq!(seen.len(), FaultKind::NAMES.len(), "{seen:?}");
    assert!(seen.values().all(|cases| (20..250).contains(cases)), "{seen:?}");
    assert!(near * 2 > all, "{near} of {all} are near an operation");
    assert!(most > 15 && (20..100).contains(&calm), "at most {most}, none in {calm}");
    assert_eq!(clusters, BTreeSet::from([1, 2, 3, 4, 5]));
    assert!(kinds_per_case.iter().sum::<usize>() < 500 * 6, "a case is a swarm, not a mixture");
}

#[test]
fn a_scope_leaves_out_features_and_says_how_many_nodes() {
    let features = Some(vec![Timer, Signal]);
    let scope = Scope { features, nodes: Some(1), ..Scope::default() };
    let mut signals = 0;
    for seed in 0..60 {
        let plan = chaos_within(seed, &scope);
        assert_eq!((plan.cluster.nodes, plan.worker_faults.len()), (1, 0), "seed {seed}");
        for operation in &plan.operations {
            signals += u32::from(matches!(operation.action, Action::Signal { .. }));
            assert!(matches!(operation.action, Action::Signal { .. } | Action::Start(_)), "seed {seed}: {operation:?}");
            assert!(operation.again_ms.is_empty(), "seed {seed}");
        }
        assert!(plan.misuses.is_empty(), "seed {seed}");
        for input in &plan.programs {
            assert!(input.program.body.iter().all(|it| matches!(it, Statement::Timer { .. })), "seed {seed}");
        }
    }
    assert!(signals > 20, "{signals}");
    let all = Scope { families: Family::SIMULATED.to_vec(), ..Scope::default() };
    assert_eq!(chaos_within(7, &all), chaos(7));
}
