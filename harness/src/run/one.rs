//! One case of a run: drawn, executed, recorded, judged, and kept or not.

use super::request::{Request, is_kept, not_judged};
use crate::case;
use crate::case_directory::Error;
use crate::contradicted;
use crate::processes::{ProcessStage, Round, RoundMember};
use crate::recorder;
use crate::run_directory::RunDirectory;
use crate::simulated_run::{SimulatedRun, prefix};
use crate::subject::Subject;
use crate::target::{self, Cluster, Endpoint, Target, World};
use resurgam_campaign::coverage::Coverage;
use resurgam_formats::case::{self as format, Case, Judgement};
use resurgam_formats::evidence::Evidence;

use resurgam_campaign::results::{CaseResult, Judged, Said, hex, milliseconds};
use resurgam_campaign::simulation::Simulated;
use resurgam_formats::plan::Plan;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_judge::judge;
use resurgam_reports::command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Why the run cannot go on after a case.
pub(super) enum Trouble {
    /// The target does not answer any more.
    Target(String),
    /// A file cannot be written.
    File(Error),
}

/// What came of a case: a line of the results, unless the target was lost, and why the run cannot go on.
pub(super) type Came = (Option<CaseResult>, Option<Trouble>);

/// What came of writing the directory of a case.
struct Written {
    /// It is there and whole.
    kept: bool,
    /// Why the run cannot go on.
    trouble: Option<Error>,
}

/// What all cases of a run have in common.
pub(super) struct Job {
    request: Request,
    world: World,
    name: String,
    version: String,
    prefix: String,
    directory: Arc<RunDirectory>,
    over: AtomicBool,
}

/// A case that was executed and judged, and what is to be said of it.
struct Done {
    plan: Plan,
    lines: Vec<u8>,
    hash: u64,
    verdict: Verdict,
    coverage: Coverage,
    simulated: Option<Simulated>,
    executing: Duration,
    judging: Duration,
}

impl Job {
    pub(super) fn new(request: &Request, target: &dyn Target, directory: Arc<RunDirectory>) -> Self {
        Self {
            request: request.clone(),
            world: target.world(),
            name: target.name(),
            version: target.version(),
            prefix: target.prefix().to_owned(),
            directory,
            over: AtomicBool::new(false),
        }
    }

    /// The run is over: what is still being executed writes nothing any more.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// True if cases share their faults, so that they have to begin together.
    pub(super) fn in_rounds(&self) -> bool {
        matches!(&self.world, World::Processes(_, families) if !families.is_empty())
    }

    /// The places of cases that begin together.
    pub(super) fn places(&self, seeds: &[u64]) -> Vec<RoundMember> {
        if !self.in_rounds() {
            return seeds.iter().map(|_| RoundMember::alone()).collect();
        }
        if let World::Processes(cluster, _) = &self.world {
            cluster.set_clocks();
        }
        Round::of(&seeds.iter().map(|seed| self.plan(*seed)).collect::<Vec<_>>())
    }

    /// The plan of a seed. Without faults it is the same everywhere.
    fn plan(&self, seed: u64) -> Plan {
        let mut plan = self.drawn(seed);
        if let World::Processes(..) = &self.world {
            ProcessStage::limit(&mut plan);
        }
        plan
    }

    fn drawn(&self, seed: u64) -> Plan {
        if let Some(scenario) = &self.request.scenario {
            return resurgam_generate::scenario::plan(scenario, seed);
        }
        match &self.world {
            World::Processes(_, families) if !families.is_empty() => resurgam_generate::chaos_of(seed, families),
            World::Simulated(_, scope) => resurgam_generate::chaos_within(seed, scope),
            World::Real(_) | World::Processes(..) => resurgam_generate::plan(seed),
        }
    }

    pub(super) async fn execute(self: Arc<Self>, seed: u64, place: RoundMember) -> Came {
        match &self.world {
            World::Real(endpoint) => self.real(seed, endpoint, None).await,
            World::Processes(cluster, _) => {
                self.real(seed, cluster.endpoint(), Some((cluster, ProcessStage::new(cluster, place)))).await
            }
            World::Simulated(target, _) => {
                let (target, job) = (target.clone(), Arc::clone(&self));
                let simulating = tokio::task::spawn_blocking(move || job.simulate(seed, &target));
                simulating.await.unwrap_or_else(|gone| (Some(not_judged(seed, Duration::ZERO, gone.to_string())), None))
            }
        }
    }

    /// One case on a server, or on the processes of one.
    async fn real(&self, seed: u64, endpoint: &Endpoint, processes: Option<(&Arc<Cluster>, ProcessStage)>) -> Came {
        let plan = self.plan(seed);
        let channels = match &processes {
            // A fault of another case may have begun.
            Some((cluster, _)) => cluster.uris().iter().map(|uri| target::connect_later(uri)).collect(),
            None => target::connect(&endpoint.uri).await.map(|channel| vec![channel]),
        };
        let channels: Vec<_> = match channels {
            Ok(channels) => channels,
            Err(why) => return (None, Some(Trouble::Target(why.to_string()))),
        };
        let began = Instant::now();
        let prefix = prefix(&self.prefix, seed);
        let (entries, ended) = match &processes {
            Some((_, stage)) => {
                case::execute_on_processes(&plan, endpoint, channels, &prefix, stage, stage.heal_at()).await
            }
            None => case::execute(&plan, endpoint, channels, &prefix).await,
        };
        let executing = began.elapsed();
        let lines = recorder::lines(&entries).expect("a recording can be written");
        // On disk before anything looks at it.
        let written = self.write(|| self.directory.case(seed).record(&plan, &lines));
        if let Some(why) = written.trouble {
            let directory = written.kept.then(|| RunDirectory::name_of(seed));
            let unfinished = not_judged(seed, executing, "the disk was full before it was judged".into());
            return (Some(CaseResult { directory, ..unfinished }), Some(Trouble::File(why)));
        }
        let hash = recorder::hash(&lines);
        let evidence = match ended {
            Ok(()) => Evidence::from_recording(entries).map_err(|problem| problem.to_string()),
            Err(contradiction) => Err(contradicted::why(&contradiction, entries, &endpoint.profile)),
        };
        let evidence = match evidence {
            Ok(evidence) => evidence,
            Err(why) => return self.keep_broken(&plan, &lines, hash, None, executing, why),
        };
        let began = Instant::now();
        let verdict = judge(&seed.to_string(), &evidence, &endpoint.profile);
        let judging = began.elapsed();
        // What is wrong because the target went away is not the doing of its logic.
        if verdict.worst() > Outcome::Ok
            && let Err(why) = target::connect(&endpoint.uri).await
        {
            return (None, Some(Trouble::Target(why.to_string())));
        }
        let coverage = Coverage::of(&evidence);
        let done = Done { plan, lines, hash, verdict, coverage, simulated: None, executing, judging };
        let came = self.keep(&done);
        if came.0.as_ref().is_some_and(|case| case.directory.is_none()) {
            // It is judged, and not wanted.
            let removed = self.directory.case(seed).remove();
            return (came.0, came.1.or(removed.err().map(Trouble::File)));
        }
        came
    }

    /// One case in the simulation. Its recording is written only if it is kept, for the same plan gives it again.
    fn simulate(&self, seed: u64, target: &Subject) -> Came {
        let plan = self.plan(seed);
        let run = SimulatedRun::of(&plan, target);
        let simulated = run.judged.as_ref().ok().map(|(evidence, _)| run.simulated(evidence));
        let SimulatedRun { lines, hash, judged, executing, judging, trace, .. } = run;
        let (evidence, verdict) = match judged {
            Ok(judged) => judged,
            Err(why) => return self.keep_broken(&plan, &lines, hash, Some(trace), executing, why),
        };
        let coverage = Coverage::of(&evidence);
        self.keep(&Done { plan, lines, hash, verdict, coverage, simulated, executing, judging })
    }

    /// Keeps a case that was judged, if it is to be kept.
    fn keep(&self, done: &Done) -> Came {
        let Done { plan, lines, hash, verdict, coverage, simulated, executing, judging } = done;
        let seed = plan.seed;
        let mut directory = None;
        let mut trouble = None;
        if is_kept(&self.request, seed, verdict.worst()) {
            let trace = simulated.as_ref().map(|simulated| simulated.trace.clone());
            let case = self.case(plan, *hash, trace, Judgement::of(verdict));
            let kept = self.directory.case(seed);
            let written = self.write(|| {
                kept.record(plan, lines)?;
                kept.conclude(&case, Some(verdict))
            });
            directory = written.kept.then(|| RunDirectory::name_of(seed));
            trouble = written.trouble.map(Trouble::File);
        }
        let judged = Judged::of(verdict, *hash, coverage.clone(), simulated.clone());
        let (executing_ms, judging_ms) = (milliseconds(*executing), milliseconds(*judging));
        let said = Said::Judged(Box::new(judged));
        (Some(CaseResult { seed, directory, executing_ms, judging_ms, said }), trouble)
    }

    /// Keeps a case that could not be judged, whatever is to be kept: its recording is all that says why.
    fn keep_broken(
        &self,
        plan: &Plan,
        lines: &[u8],
        hash: u64,
        trace: Option<u64>,
        executing: Duration,
        why: String,
    ) -> Came {
        let case = self.case(plan, hash, trace.map(hex), Judgement::NotJudged { why: why.clone() });
        let kept = self.directory.case(plan.seed);
        let written = self.write(|| {
            kept.record(plan, lines)?;
            kept.conclude(&case, None)
        });
        let directory = written.kept.then(|| RunDirectory::name_of(plan.seed));
        let result = CaseResult { directory, ..not_judged(plan.seed, executing, why) };
        (Some(result), written.trouble.map(Trouble::File))
    }

    /// Writes, with the space that is held in reserve if there is no other. What was found last is kept then, but the run
    /// ends: a second case would take the space that the outputs need.
    fn write(&self, write: impl Fn() -> Result<(), Error>) -> Written {
        if self.over.load(Ordering::SeqCst) {
            return Written { kept: false, trouble: None };
        }
        match write() {
            Ok(()) => Written { kept: true, trouble: None },
            Err(full) => {
                self.end();
                self.directory.release();
                match write() {
                    Ok(()) => Written { kept: true, trouble: Some(full) },
                    Err(why) => Written { kept: false, trouble: Some(why) },
                }
            }
        }
    }

    fn case(&self, plan: &Plan, hash: u64, trace_hash: Option<String>, judgement: Judgement) -> Case {
        let choice = self.request.origin.options.choice.clone();
        Case {
            version: format::VERSION,
            resurgam: self.request.origin.resurgam.clone(),
            seed: plan.seed,
            target: self.name.clone(),
            target_version: self.version.clone(),
            command: command::again(&self.request.origin, plan.seed),
            choice,
            without_invariants: false,
            faults: format::families(plan),
            prefix: prefix(&self.prefix, plan.seed),
            plan_hash: None,
            recording_hash: hex(hash),
            verdict_hash: None,
            trace_hash,
            judgement,
            shrunk: None,
        }
    }
}
