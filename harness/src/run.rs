//! Many cases: drawn from consecutive seeds, executed side by side, recorded, and handed to a judge.
//!
//! The recording is on disk before anything looks at it. What is kept afterwards is decided by [`Keep`].

use crate::case;
use crate::recorder;
use crate::shrink::{Budget, shrink};
use crate::simulated_run::SimulatedRun;
use crate::subject::Subject;
use crate::target::{self, Endpoint};
use resurgam_formats::evidence::Evidence;

use resurgam_campaign::simulation::Traffic;
use resurgam_formats::plan::{Family, Plan};
use resurgam_formats::recording::Entry;
use resurgam_formats::shrinking::Progress;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_judge::judge;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Which cases keep their directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those that were violated or could not be decided.
    Failing,
    /// All.
    All,
    /// None.
    None,
}

/// Where cases happen.
#[derive(Clone)]
pub enum World {
    /// On a server that is running.
    Real(Endpoint),
    /// On a simulated cluster of this orchestrator, with faults of these families.
    Simulated(Subject, Vec<Family>),
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seed of the first case; the others follow.
    pub seed: u64,
    /// How many cases; `None` with a time limit means until then.
    pub cases: Option<u64>,
    /// Start no new case after this long.
    pub limit: Option<Duration>,
    /// Cases at the same time.
    pub jobs: usize,
    /// The run's directory; cases go to `cases/<seed>` in it.
    pub out: PathBuf,
    /// What to keep.
    pub keep: Keep,
    /// Goes in front of every id.
    pub prefix: String,
    /// What may be spent on shrinking the first case that violates a rule. Only in the simulation.
    pub shrink: Option<Budget>,
}

/// A case that was executed and judged.
#[derive(Debug)]
pub struct Case {
    /// Its seed.
    pub seed: u64,
    /// Its plan.
    pub plan: Plan,
    /// The trace hash of its recording.
    pub hash: u64,
    /// What the recording says.
    pub evidence: Evidence,
    /// What the rules say.
    pub verdict: Verdict,
    /// How long it took to execute.
    pub executing: Duration,
    /// How long it took to judge.
    pub judging: Duration,
    /// Its directory, if it was kept.
    pub directory: Option<PathBuf>,
    /// What only a simulation knows.
    pub simulated: Option<Simulated>,
    /// What became of its plan, if a rule was violated and there was something to shrink.
    pub shrunk: Option<Box<Shrunk>>,
}

/// The smallest plan found that violates the same rule, executed once more.
#[derive(Debug)]
pub struct Shrunk {
    /// The rule.
    pub rule: String,
    /// From which size to which, and in how many steps.
    pub progress: Progress,
    /// What the recording of the small plan says.
    pub evidence: Evidence,
    /// What the rules say of it.
    pub verdict: Verdict,
    /// Its file, if it was kept.
    pub path: Option<PathBuf>,
}

/// What only a simulation knows of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Hash of every byte on every link.
    pub trace: u64,
    /// Simulated time.
    pub elapsed: Duration,
    /// What passed on the links.
    pub traffic: Traffic,
}

/// The prefix of all ids of a case.
#[must_use]
pub fn prefix(run: &str, seed: u64) -> String {
    format!("{run}{seed}")
}

/// How one case ended.
#[derive(Debug)]
pub enum Ended {
    /// It was executed and judged.
    Judged(Box<Case>),
    /// It could not be executed, which is inconclusive at best; its recording is kept.
    Broken {
        /// Its seed.
        seed: u64,
        /// Why not.
        why: String,
    },
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The target cannot be reached.
    #[error(transparent)]
    Target(#[from] target::Error),
    /// A file cannot be written.
    #[error("{path}: {why}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
}

/// Runs cases and gives each to `done` as it ends. `started` counts those that were begun, so that a caller who drops this
/// future knows which seeds may have left something behind.
///
/// # Errors
/// [`Error`]; cases that ended before were given to `done`.
pub async fn run(
    options: &Options,
    world: &World,
    started: &AtomicU64,
    mut done: impl FnMut(Ended),
) -> Result<(), Error> {
    let began = Instant::now();
    let options = Arc::new(options.clone());
    let world = Arc::new(world.clone());
    let shrunk: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (send, mut receive) = mpsc::channel(options.jobs.max(1));
    let more = || {
        let number = started.load(Ordering::SeqCst);
        let enough = options.cases.is_some_and(|cases| number >= cases);
        let late = options.limit.is_some_and(|limit| began.elapsed() >= limit);
        if enough || late {
            return None;
        }
        started.store(number + 1, Ordering::SeqCst);
        Some(options.seed.wrapping_add(number))
    };
    // Dropping the set ends the cases that are still running.
    let mut cases = tokio::task::JoinSet::new();
    let mut start = |seed: u64| {
        let (options, world, send, shrunk) =
            (Arc::clone(&options), Arc::clone(&world), send.clone(), Arc::clone(&shrunk));
        cases.spawn(async move {
            let result = match world.as_ref() {
                World::Real(endpoint) => one(seed, &options, endpoint).await,
                World::Simulated(target, families) => {
                    let (target, families) = (target.clone(), families.clone());
                    let simulating = move || simulate(seed, &options, &target, &families, &shrunk);
                    tokio::task::spawn_blocking(simulating)
                        .await
                        .unwrap_or_else(|gone| Ok(Ended::Broken { seed, why: gone.to_string() }))
                }
            };
            // The receiver is gone only if the run ended with an error.
            let _ = send.send(result).await;
        });
    };
    let mut running = 0;
    while running < options.jobs.max(1)
        && let Some(seed) = more()
    {
        start(seed);
        running += 1;
    }
    while running > 0
        && let Some(case) = receive.recv().await
    {
        running -= 1;
        done(case?);
        if let Some(seed) = more() {
            start(seed);
            running += 1;
        }
    }
    Ok(())
}

async fn one(seed: u64, options: &Options, endpoint: &Endpoint) -> Result<Ended, Error> {
    let plan = resurgam_generate::plan(seed);
    let directory = options.out.join("cases").join(seed.to_string());
    let channel = target::connect(endpoint).await?;
    let began = Instant::now();
    let (entries, ended) = case::execute(&plan, endpoint, channel, &prefix(&options.prefix, seed)).await;
    let executing = began.elapsed();
    let lines = write(&directory, &plan, &entries)?;
    if let Err(failed) = ended {
        return Ok(Ended::Broken { seed, why: failed.to_string() });
    }
    let began = Instant::now();
    let evidence = match Evidence::from_recording(entries) {
        Ok(evidence) => evidence,
        Err(problem) => return Ok(Ended::Broken { seed, why: problem.to_string() }),
    };
    let verdict = judge(&seed.to_string(), &evidence, &endpoint.profile);
    let judging = began.elapsed();
    let failing = verdict.worst() > Outcome::Ok;
    let kept = options.keep == Keep::All || (options.keep == Keep::Failing && failing);
    if kept {
        save(&directory.join("verdict.json"), &pretty(&verdict))?;
    } else {
        std::fs::remove_dir_all(&directory).map_err(|why| Error::File { path: directory.clone(), why })?;
    }
    let hash = recorder::hash(&lines);
    let directory = kept.then_some(directory);
    let (simulated, shrunk) = (None, None);
    let case = Case { seed, plan, hash, evidence, verdict, executing, judging, directory, simulated, shrunk };
    Ok(Ended::Judged(Box::new(case)))
}

/// One case in the simulation. Its recording is written only if it is kept, for the same plan gives it again. The first
/// case of each violated rule is shrunk.
fn simulate(
    seed: u64,
    options: &Options,
    target: &Subject,
    families: &[Family],
    shrunk: &Mutex<BTreeSet<String>>,
) -> Result<Ended, Error> {
    let plan = resurgam_generate::chaos_of(seed, families);
    let directory = options.out.join("cases").join(seed.to_string());
    let simulated = SimulatedRun::of(&plan, target, &prefix(&options.prefix, seed));
    let violated = simulated.violated();
    let SimulatedRun { lines, hash, judged, executing, judging, trace, simulated, traffic, .. } = simulated;
    let (evidence, verdict) = match judged {
        Ok(judged) => judged,
        Err(why) => {
            put(&directory, &plan, &lines)?;
            return Ok(Ended::Broken { seed, why });
        }
    };
    let failing = verdict.worst() > Outcome::Ok;
    let kept = options.keep == Keep::All || (options.keep == Keep::Failing && failing);
    if kept {
        put(&directory, &plan, &lines)?;
        save(&directory.join("verdict.json"), &pretty(&verdict))?;
    }
    let directory = kept.then_some(directory);
    let simulated = Some(Simulated { trace, elapsed: simulated, traffic });
    let news = {
        let mut known = shrunk.lock().unwrap_or_else(PoisonError::into_inner);
        violated.into_iter().filter(|rule| known.insert(rule.clone())).min()
    };
    let shrunk = match options.shrink.zip(news) {
        Some((budget, rule)) => smallest(&plan, rule, options, target, budget, directory.as_deref())?,
        None => None,
    };
    let case = Case { seed, plan, hash, evidence, verdict, executing, judging, directory, simulated, shrunk };
    Ok(Ended::Judged(Box::new(case)))
}

/// The smallest plan that violates `rule`, executed once more; `shrunk.json` in the directory of the case.
fn smallest(
    plan: &Plan,
    rule: String,
    options: &Options,
    target: &Subject,
    budget: Budget,
    directory: Option<&Path>,
) -> Result<Option<Box<Shrunk>>, Error> {
    let prefix = prefix(&options.prefix, plan.seed);
    let (plan, progress) = shrink(plan.clone(), &rule, target, &prefix, budget, |_| ());
    let Ok((evidence, verdict)) = SimulatedRun::of(&plan, target, &prefix).judged else { return Ok(None) };
    let path = directory.map(|directory| directory.join("shrunk.json"));
    if let Some(path) = &path {
        save(path, &pretty(&plan))?;
    }
    Ok(Some(Box::new(Shrunk { rule, progress, evidence, verdict, path })))
}

/// Writes plan and recording of a case; returns the lines of the recording.
fn write(directory: &Path, plan: &Plan, entries: &[Entry]) -> Result<Vec<u8>, Error> {
    let path = directory.join("recording.jsonl");
    let lines = recorder::lines(entries).map_err(|e| Error::File { path, why: e.into() })?;
    put(directory, plan, &lines)?;
    Ok(lines)
}

fn put(directory: &Path, plan: &Plan, lines: &[u8]) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(|why| Error::File { path: directory.to_owned(), why })?;
    save(&directory.join("plan.json"), &pretty(plan))?;
    save(&directory.join("recording.jsonl"), lines)
}

fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|why| Error::File { path: path.to_owned(), why })
}
