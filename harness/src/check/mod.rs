//! The library's door: simulate an orchestrator from a `#[test]`, and fail the test if a rule was violated.
//!
//! ```no_run
//! # use resurgam_harness::check;
//! # use resurgam_node::prelude::*;
//! # struct Mine;
//! # #[async_trait]
//! # impl Orchestrator for Mine {
//! #     fn name(&self) -> &str { "mine" }
//! #     async fn serve(&self, node: NodeContext) -> Result<(), Failure> { Ok(()) }
//! # }
//! // In your own repository, as a test:
//! check(Mine).cases(300).assert_ok();
//! ```
//!
//! A failing check shrinks the plan that failed, prints it, and keeps it: `check(Mine).plan(FILE).assert_ok()` repeats it.

mod failed;
mod kept;
mod story;

pub use failed::Failed;

use crate::case_directory::plan_meant_by;
use crate::shrink::Budget;
use crate::subject::Subject;
use resurgam_formats::plan::{Family, Plan};
use resurgam_formats::target::Choice;
use resurgam_generate::{Feature, Scope};
use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// Begins a check of an orchestrator: 100 cases from seed 0 with all families of faults.
pub fn check(subject: impl Into<Subject>) -> Check {
    Check {
        subject: subject.into(),
        seed: 0,
        cases: 100,
        scope: Scope { families: Family::SIMULATED.to_vec(), ..Scope::default() },
        jobs: None,
        keep: None,
        budget: Budget::default(),
        plan: None,
    }
}

/// A check to be made.
#[must_use = "nothing is checked until `run` or `assert_ok`"]
pub struct Check {
    subject: Subject,
    seed: u64,
    cases: u64,
    scope: Scope,
    jobs: Option<usize>,
    keep: Option<PathBuf>,
    budget: Budget,
    plan: Option<PathBuf>,
}

/// What a check found. It stops at the first case that does not hold.
#[derive(Debug)]
pub struct Checked {
    /// Cases that held.
    pub held: u64,
    /// The failing case with the smallest seed among those that were executed.
    pub failed: Option<Failed>,
}

impl Check {
    /// How many cases.
    pub fn cases(mut self, cases: u64) -> Self {
        self.cases = cases;
        self
    }

    /// The seed of the first; the others follow.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Only faults of these families; none for a calm cluster.
    pub fn faults(mut self, families: &[Family]) -> Self {
        self.scope.families = families.to_vec();
        self
    }

    /// Only plans that use nothing but these features, for an orchestrator that does not have all of them yet.
    pub fn features(mut self, features: &[Feature]) -> Self {
        self.scope.features = Some(features.to_vec());
        self
    }

    /// Clusters of so many nodes; drawn, 1 to 5, if this is not called.
    pub fn nodes(mut self, nodes: u8) -> Self {
        self.scope.nodes = Some(nodes);
        self
    }

    /// The plan in this file and no other: one that a failing check has kept, or `plan.json` of a case.
    pub fn plan(mut self, path: impl Into<PathBuf>) -> Self {
        self.plan = Some(path.into());
        self
    }

    /// Each case ends with many of something, beside which calls are counted: rule P9, for an orchestrator that promises narrow
    /// batches.
    pub fn large(mut self) -> Self {
        self.scope.large = true;
        self
    }

    /// Cases at the same time; as many as there are processors if this is not called.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// How long to look for a smaller plan that violates the same rule, at most; a minute if this is not called.
    pub fn shrink(mut self, time: Duration) -> Self {
        self.budget.time = time;
        self
    }

    /// Where failing cases are kept, each in a directory of its own as `resurgam run` writes it; in `resurgam/NAME` of cargo's
    /// target directory if this is not called.
    pub fn keep(mut self, directory: impl Into<PathBuf>) -> Self {
        self.keep = Some(directory.into());
        self
    }

    /// Executes and judges the cases, side by side. Nothing is shrunk and nothing is written.
    ///
    /// # Panics
    /// There is no readable plan where [`Check::plan`] says.
    #[must_use]
    pub fn run(self) -> Checked {
        self.search(|_| ())
    }

    /// Executes and judges the cases; says on standard error how far it is.
    ///
    /// # Panics
    /// If no case was executed, a rule was violated or could not be decided, or a case could not be judged; the message has the rules with their
    /// evidence, the smallest plan that was found, where everything is kept, and how to repeat it. Also as [`Check::run`].
    pub fn assert_ok(self) {
        let name = self.subject.orchestrator().name().to_owned();
        let (total, progress) = (self.cases, Paced::new(&name));
        let checked = self.search(|held| progress.say(|| format!("{held} of {total} cases held so far")));
        let Some(failed) = &checked.failed else {
            assert!(checked.held > 0, "{name}: no case was executed, so nothing is known of it");
            return;
        };
        let choice = Choice::Check { faults: self.scope.families.clone() };
        let kept = kept::keep(failed, &self.subject, &choice, self.budget, &self.directory(), |so_far| {
            progress.say(|| {
                format!("case {} does not hold; made smaller so far: {} → {}", failed.seed, so_far.from, so_far.to)
            });
        });
        panic!("{}", story::tell(&name, checked.held, failed, &choice, &kept));
    }

    /// The cases side by side; `watch` hears how many have held so far.
    fn search(&self, watch: impl Fn(u64) + Sync) -> Checked {
        if let Some(path) = &self.plan {
            let failed = Failed::of(read(path), &self.subject);
            return Checked { held: u64::from(failed.is_none()), failed };
        }
        let jobs = self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let found: Mutex<(u64, Option<Failed>)> = Mutex::new((0, None));
        let worker = || {
            while !stop.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.cases {
                    break;
                }
                let plan = resurgam_generate::chaos_within(self.seed.wrapping_add(number), &self.scope);
                let failed = Failed::of(plan, &self.subject);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                match failed {
                    None => {
                        found.0 += 1;
                        watch(found.0);
                    }
                    Some(failed) => {
                        stop.store(true, Ordering::Relaxed);
                        if found.1.as_ref().is_none_or(|earlier| failed.seed < earlier.seed) {
                            found.1 = Some(failed);
                        }
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(worker);
            }
        });
        let (held, failed) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Checked { held, failed }
    }

    /// Where failing cases are kept.
    fn directory(&self) -> PathBuf {
        self.keep.clone().unwrap_or_else(|| {
            // A test is TARGET/PROFILE/deps/NAME.
            let exe = std::env::current_exe().unwrap_or_default();
            let deps = exe.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "deps"));
            let target = deps.and_then(|deps| deps.ancestors().nth(2)).map(Path::to_owned);
            let target = target.unwrap_or_else(std::env::temp_dir);
            target.join("resurgam").join(self.subject.orchestrator().name())
        })
    }
}

/// The plan in a file.
fn read(path: &Path) -> Plan {
    plan_meant_by(path).unwrap_or_else(|why| panic!("{why}"))
}

/// Lines of progress on standard error, now and then.
struct Paced<'a> {
    name: &'a str,
    last: Mutex<Instant>,
}

impl<'a> Paced<'a> {
    fn new(name: &'a str) -> Self {
        Self { name, last: Mutex::new(Instant::now()) }
    }

    /// Says it, unless something was said just before.
    fn say(&self, what: impl FnOnce() -> String) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= PROGRESS {
            *last = Instant::now();
            // If standard error is closed there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "resurgam: {}: {}", self.name, what());
        }
    }
}
