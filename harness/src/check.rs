//! The library's door: simulate an orchestrator from a `#[test]`, and fail the test if a rule was violated.
//!
//! ```no_run
//! # use resurgam_harness::{Orchestrator, Seat, check};
//! # struct Mine;
//! # #[async_trait::async_trait]
//! # impl Orchestrator for Mine {
//! #     fn name(&self) -> &str { "mine" }
//! #     async fn serve(&self, seat: Seat) -> Result<(), Box<dyn std::error::Error + Send + Sync>> { Ok(()) }
//! # }
//! // In your own repository, as a test:
//! check(Mine).cases(300).assert_ok();
//! ```

use crate::trial::Trial;
use crate::world::sim::Orchestrator;

use resurgam_formats::plan::{Family, Plan};
use resurgam_formats::verdict::Outcome;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Begins a check of an orchestrator: 100 cases from seed 0 with all families of faults.
pub fn check(target: impl Orchestrator) -> Check {
    Check { target: Arc::new(target), seed: 0, cases: 100, families: Family::ALL.to_vec(), jobs: None, keep: None }
}

/// A check to be made.
#[must_use = "nothing is checked until `run` or `assert_ok`"]
pub struct Check {
    target: Arc<dyn Orchestrator>,
    seed: u64,
    cases: u64,
    families: Vec<Family>,
    jobs: Option<usize>,
    keep: Option<PathBuf>,
}

/// What a check found. It stops at the first case that does not hold.
#[derive(Debug)]
pub struct Checked {
    /// Cases that held.
    pub held: u64,
    /// The failing case with the smallest seed among those that were executed.
    pub failed: Option<Failed>,
}

/// A case that does not hold.
#[derive(Debug)]
pub struct Failed {
    /// Its seed.
    pub seed: u64,
    /// Its plan.
    pub plan: Plan,
    /// The rules that were violated; empty if the case could not be judged.
    pub rules: Vec<String>,
    /// Rules, reasons and evidence, for a person.
    pub report: String,
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
        self.families = families.to_vec();
        self
    }

    /// Cases at the same time; as many as there are processors if this is not called.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// Where plan and recording of a failing case are kept; nowhere if this is not called.
    pub fn keep(mut self, directory: impl Into<PathBuf>) -> Self {
        self.keep = Some(directory.into());
        self
    }

    /// Executes and judges the cases, side by side.
    #[must_use]
    pub fn run(self) -> Checked {
        let jobs = self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let found: Mutex<(u64, Option<Failed>)> = Mutex::new((0, None));
        thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.cases {
                            break;
                        }
                        let failed = self.one(self.seed.wrapping_add(number));
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        match failed {
                            None => found.0 += 1,
                            Some(failed) => {
                                stop.store(true, Ordering::Relaxed);
                                if found.1.as_ref().is_none_or(|earlier| failed.seed < earlier.seed) {
                                    found.1 = Some(failed);
                                }
                            }
                        }
                    }
                });
            }
        });
        let (held, failed) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Checked { held, failed }
    }

    /// Executes and judges the cases.
    ///
    /// # Panics
    /// If a rule was violated or a case could not be judged; the message names seed, rules and evidence.
    pub fn assert_ok(self) {
        let checked = self.run();
        if let Some(failed) = checked.failed {
            panic!("{}", failed.report);
        }
    }

    fn one(&self, seed: u64) -> Option<Failed> {
        let plan = resurgam_generate::chaos_of(seed, &self.families);
        let trial = Trial::of(&plan, &self.target, &crate::run::prefix("case-", seed));
        let report = match &trial.judged {
            Ok((_, verdict)) if verdict.worst() < Outcome::Violated => return None,
            _ => report(seed, &trial),
        };
        if let Some(directory) = &self.keep {
            let directory = directory.join(seed.to_string());
            // The report in the test's output is what counts; it says nothing of files that could not be written.
            let _ = std::fs::create_dir_all(&directory);
            let _ = std::fs::write(directory.join("plan.json"), serde_json::to_vec_pretty(&plan).unwrap_or_default());
            let _ = std::fs::write(directory.join("recording.jsonl"), &trial.lines);
        }
        Some(Failed { seed, plan, rules: trial.violated(), report })
    }
}

fn report(seed: u64, trial: &Trial) -> String {
    let mut text = format!("case {seed} (trace {:016x}) ", trial.trace);
    match &trial.judged {
        Err(why) => {
            let _ = write!(text, "could not be judged: {why}");
        }
        Ok((_, verdict)) => {
            text += "violates";
            for rule in verdict.violated() {
                let _ = write!(text, "\n  {}", rule.rule);
                for finding in rule.findings.iter().take(3) {
                    let _ = write!(text, "\n    {} {}: {}", finding.workflow_id, finding.run_id, finding.message);
                }
            }
        }
    }
    text
}
