//! The generator: one proptest strategy that yields whole plans.
//!
//! Each plan first draws a swarm mask ([`mask`]) and then uses nothing outside it. Everything is small: timers of 10 to
//! 400 ms, waits with a timeout of at most 1.5 s, a dozen operations in the first two seconds, so that a case typically
//! ends within seconds on a real server, and always by itself. The result is plain data in flat lists.
//!
//! Three doors: [`scenario::plan`] gives what a file says; [`plan`] gives what every target can execute, [`chaos`] the same plan on a drawn cluster with faults, for
//! the simulation. So the cases of one seed can be compared with and without faults; where a node is away for long, clients ask for a little more.
//!
//! A plan is a function of its seed and of nothing else, on one version of this build; save the plan, not the seed, to
//! keep a case.

mod activity;
pub mod deadline;
mod fault;
mod growth;
mod habits;
mod mask;
mod misuse;
mod operation;
mod outage;
mod program;
pub mod scenario;
pub mod shrink;
#[cfg(test)]
mod tests;
mod worker;

pub use mask::Feature;
use mask::Mask;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use resurgam_formats::plan::{self, Cluster, Expected, Family, Habits, Knobs, Operation, Plan, Workers};
use resurgam_formats::program::Input;

/// Workflow task timeout of generated plans: the least that the server's clock of whole seconds allows.
const TASK_TIMEOUT_MS: u32 = 1000;
/// Schedule-to-start timeout of sticky queues of generated plans.
const STICKY_TIMEOUT_MS: u32 = 500;

/// All plans. A drawn plan carries the seed from which [`plan`] draws it again; a shrunk one, the seed it came from.
pub fn plans() -> impl Strategy<Value = Plan> {
    Plans
}

/// The plan of a seed.
#[must_use]
pub fn plan(seed: u64) -> Plan {
    // A strategy without filters cannot reject, so a tree always grows.
    tree(seed).unwrap_or_else(|reason| unreachable!("no strategy here filters: {reason}")).current()
}

/// The plan of a seed, on a drawn cluster and with faults of all families.
#[must_use]
pub fn chaos(seed: u64) -> Plan {
    chaos_of(seed, Family::SIMULATED)
}

/// The plan of a seed, on a drawn cluster and with faults of these families only.
#[must_use]
pub fn chaos_of(seed: u64, families: &[Family]) -> Plan {
    chaos_within(seed, &Scope { families: families.to_vec(), ..Scope::default() })
}

/// What plans may be drawn of. By default every feature, and no fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Families of faults.
    pub families: Vec<Family>,
    /// Features of programs, operations and workers; all if there is no list. A plan uses nothing else, and seldom all.
    pub features: Option<Vec<Feature>>,
    /// How many nodes the cluster has; drawn if this does not say.
    pub nodes: Option<u8>,
    /// At the end there are many of something, and calls beside them are counted.
    pub large: bool,
}

/// The plan of a seed within a scope.
#[must_use]
pub fn chaos_within(seed: u64, scope: &Scope) -> Plan {
    let plan = match &scope.features {
        None => plan(seed),
        Some(features) => {
            let allowed = features.clone();
            let shapes = shapes().prop_map(move |shape| Shape { mask: shape.mask.within(&allowed), ..shape });
            let misuse = features.contains(&Feature::Misuse);
            // No strategy here filters either.
            let plan = grown(seed, shapes).unwrap_or_else(|reason| unreachable!("{reason}")).current();
            Plan { misuses: if misuse { plan.misuses } else { Vec::new() }, ..plan }
        }
    };
    let drawn = (fault::clusters(), fault::faults(&plan.operations, &scope.families));
    let tree = drawn.new_tree(&mut runner(seed, 1)).unwrap_or_else(|reason| unreachable!("{reason}"));
    let (mut cluster, mut faults) = tree.current();
    let expires = expires(&mut runner(seed, 3));
    if expires && scope.families.contains(&Family::Store) && faults.len() < fault::MOST {
        let tree = fault::of_deletions().new_tree(&mut runner(seed, 4));
        faults.push(tree.unwrap_or_else(|reason| unreachable!("{reason}")).current());
        faults.sort();
    }
    let aimed = fault::aimed(&plan.operations, &scope.families).new_tree(&mut runner(seed, 6));
    faults.extend(aimed.unwrap_or_else(|reason| unreachable!("{reason}")).current());
    faults.truncate(fault::MOST);
    faults.sort();
    cluster.nodes = scope.nodes.unwrap_or(cluster.nodes);
    // Only a simulation can let the time pass.
    let growths = if scope.large { growth::of(&mut runner(seed, 5)) } else { Vec::new() };
    let plan = Plan { cluster, faults, expires, growths, ..plan };
    // Clients ask more then, which not every scope allows.
    let may_lose_a_node = scope.families.contains(&Family::Node) && scope.features.is_none();
    if may_lose_a_node { outage::instead(&mut runner(seed, 9), plan) } else { plan }
}

/// Plans, each grown from a seed of its own.
#[derive(Debug)]
struct Plans;

impl Strategy for Plans {
    type Tree = Box<dyn ValueTree<Value = Plan>>;
    type Value = Plan;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        tree(any::<u64>().new_tree(runner)?.current())
    }
}

fn tree(seed: u64) -> NewTree<Plans> {
    grown(seed, shapes())
}

fn grown(seed: u64, shapes: impl Strategy<Value = Shape> + 'static) -> NewTree<Plans> {
    let plans = shapes.prop_flat_map(move |shape| shaped(seed, shape));
    // What is younger than the seeds is drawn apart.
    let plans = plans.prop_map(move |plan| Plan {
        misuses: misuse::of(&mut runner(seed, 2), &plan.operations),
        habits: habits::of(&mut runner(seed, 8)),
        ..plan
    });
    plans.boxed().new_tree(&mut runner(seed, 0))
}

/// In so many of a hundred plans, time goes on at the end until all runs may be deleted.
const EXPIRING_PERCENT: u32 = 20;

fn expires(runner: &mut TestRunner) -> bool {
    let any = proptest::bool::weighted(f64::from(EXPIRING_PERCENT) / 100.0);
    // A strategy without filters cannot reject.
    any.new_tree(runner).unwrap_or_else(|reason| unreachable!("{reason}")).current()
}

/// The source of one of the parts of a plan that are drawn apart, so that neither changes the other.
fn runner(seed: u64, part: u8) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8] = part;
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// What is drawn before all else, and not shrunk.
#[derive(Clone, Copy, Debug)]
struct Shape {
    mask: Mask,
    /// Workflow slots, 1 to 3.
    slots: u8,
    /// Programs, at most as many as slots.
    programs: u8,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let sizes =
        prop_oneof![5 => Just((1, 1)), 1 => Just((2, 1)), 3 => Just((2, 2)), 1 => Just((3, 2)), 1 => Just((3, 3))];
    (mask::masks(), sizes).prop_map(|(mask, (slots, programs))| Shape { mask, slots, programs }).no_shrink()
}

/// Plans of a shape; they use nothing outside its mask.
fn shaped(seed: u64, Shape { mask, slots, programs }: Shape) -> BoxedStrategy<Plan> {
    let inputs = vec(program::inputs(mask), usize::from(programs));
    (inputs, operation::timelines(mask, slots, programs), worker::workers(mask), worker::worker_faults(mask))
        .prop_map(move |(programs, operations, workers, worker_faults)| Plan {
            worker_faults,
            ..undisturbed(seed, programs, operations, workers)
        })
        .boxed()
}

/// A plan in which clients and workers do this, and nothing is done to them.
fn undisturbed(seed: u64, programs: Vec<Input>, operations: Vec<Operation>, workers: Workers) -> Plan {
    Plan {
        version: plan::VERSION,
        seed,
        programs,
        operations: operation::told_apart(operations),
        workers,
        worker_faults: Vec::new(),
        misuses: Vec::new(),
        knobs: Knobs { task_timeout_ms: TASK_TIMEOUT_MS, sticky_timeout_ms: STICKY_TIMEOUT_MS },
        habits: Habits::default(),
        cluster: Cluster::default(),
        faults: Vec::new(),
        expires: false,
        growths: Vec::new(),
        expected: Expected::default(),
    }
}
