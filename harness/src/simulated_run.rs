//! One simulated case from plan to verdict: what `run`, `replay`, `shrink`, `bugs` and the library's `check` have in common.

use crate::case_directory::{self, CaseDirectory};
use crate::contradicted;
use crate::recorder;
use crate::simulated::{Executed, execute};
use crate::subject::Subject;
use resurgam_campaign::coverage::Coverage;
use resurgam_campaign::milestone::Milestones;
use resurgam_campaign::results::{CaseResult, Judged, Said, hex, milliseconds};
use resurgam_campaign::simulation::{self, Traffic};
use resurgam_formats::case::{self, Case, Judgement};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::Plan;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::target::Choice;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_judge::judge;
use resurgam_reports::verdict;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Once;
use std::time::{Duration, Instant};

/// What every id begins with on a target that is nobody else's.
pub const PREFIX: &str = "case-";

/// What every id of this run begins with where there may be ids of others.
pub(crate) fn drawn_prefix() -> String {
    format!("resurgam-{:08x}-", RandomState::new().hash_one(std::process::id()) & 0xffff_ffff)
}

/// What the ids of a case begin with: what is common to the run, and the seed of the plan.
#[must_use]
pub fn prefix(run: &str, seed: u64) -> String {
    format!("{run}{seed}")
}

/// A case that was executed in the simulation, and judged if it came to its end.
#[derive(Debug)]
pub struct SimulatedRun {
    /// The lines of the recording.
    pub lines: Vec<u8>,
    /// The trace hash of the recording.
    pub hash: u64,
    /// Evidence and verdict, or why there are none.
    pub judged: Result<(Evidence, Verdict), String>,
    /// How long executing took, in real time.
    pub executing: Duration,
    /// How long judging took, in real time.
    pub judging: Duration,
    /// Hash of every byte on every link.
    pub trace: u64,
    /// How much simulated time passed.
    pub simulated: Duration,
    /// What passed on the links.
    pub traffic: Traffic,
    /// The calls that clients and workers made, by name.
    pub calls: BTreeSet<String>,
}

impl SimulatedRun {
    /// Executes and judges a plan. The ids in it follow from the plan alone. Nothing is written.
    #[must_use]
    pub fn of(plan: &Plan, subject: &Subject) -> Self {
        static FIRST: Once = Once::new();
        // What a process makes once, in whichever library, is made in a case that does not count: the first one would draw other keys
        // for its hash maps than all others.
        FIRST.call_once(|| drop(execute(plan, subject, &prefix(PREFIX, plan.seed))));
        let began = Instant::now();
        let Executed { entries, contradiction, failure, trace, elapsed, traffic, calls } =
            execute(plan, subject, &prefix(PREFIX, plan.seed));
        let executing = began.elapsed();
        let began = Instant::now();
        let lines = recorder::lines(&entries).unwrap_or_default();
        let judged = match (contradiction, failure) {
            (Some(contradiction), _) => Err(contradicted::why(&contradiction, entries, &subject.profile())),
            (None, Some(failure)) => Err(failure.to_string()),
            (None, None) => Evidence::from_recording(entries).map_err(|problem| problem.to_string()).map(|evidence| {
                let verdict = judge(&plan.seed.to_string(), &evidence, &subject.profile());
                (evidence, verdict)
            }),
        };
        let hash = recorder::hash(&lines);
        let traffic = Traffic { segments: traffic.segments, rpcs: traffic.rpcs };
        Self { lines, hash, judged, executing, judging: began.elapsed(), trace, simulated: elapsed, traffic, calls }
    }

    /// What was said of it, in short.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        match &self.judged {
            Ok((_, verdict)) => Judgement::of(verdict),
            Err(why) => Judgement::NotJudged { why: why.clone() },
        }
    }

    /// What it came to and why, for a person: a line about the execution, then the verdict with all that was violated or
    /// with the first `few` violations of each rule.
    #[must_use]
    pub fn report(&self, seed: u64, few: bool) -> String {
        let seconds = self.simulated.as_secs_f64();
        let (hash, trace, segments) = (self.hash, self.trace, self.traffic.segments);
        let said = match &self.judged {
            Err(why) => format!("not judged: {why}\n"),
            Ok((_, verdict)) if few => verdict::few_lines(verdict),
            Ok((_, verdict)) => verdict::lines(verdict),
        };
        let execution = format!("{seconds:.3} s simulated, {segments} segments");
        format!("seed {seed}  recording {hash:016x}  trace {trace:016x}  {execution}\n{said}")
    }

    /// Its line in the results of a run, if it is kept in this directory.
    #[must_use]
    pub(crate) fn result(&self, seed: u64, directory: Option<String>) -> CaseResult {
        let said = match &self.judged {
            Err(why) => Said::NotJudged(why.clone()),
            Ok((evidence, verdict)) => {
                let coverage = Coverage::of(evidence);
                Said::Judged(Box::new(Judged::of(verdict, self.hash, coverage, Some(self.simulated(evidence)))))
            }
        };
        let (executing_ms, judging_ms) = (milliseconds(self.executing), milliseconds(self.judging));
        CaseResult { seed, directory, executing_ms, judging_ms, said }
    }

    /// What only a simulation knows of a case.
    pub(crate) fn simulated(&self, evidence: &Evidence) -> simulation::Simulated {
        simulation::Simulated {
            trace: hex(self.trace),
            nanoseconds: u64::try_from(self.simulated.as_nanos()).unwrap_or(u64::MAX),
            traffic: self.traffic,
            milestones: Milestones::of(evidence),
        }
    }

    /// Writes plan, recording and verdict into a directory.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn keep(&self, directory: &CaseDirectory, plan: &Plan, case: &Case) -> Result<(), case_directory::Error> {
        directory.record(plan, &self.lines)?;
        directory.conclude(case, self.judged.as_ref().ok().map(|(_, verdict)| verdict))
    }

    /// What `case.json` says of it, if `plan` was executed on `subject`. `command` makes it again.
    #[must_use]
    pub fn case(&self, plan: &Plan, subject: &Subject, choice: Choice, command: String) -> Case {
        let target = subject.orchestrator();
        Case {
            version: case::VERSION,
            resurgam: env!("CARGO_PKG_VERSION").to_owned(),
            seed: plan.seed,
            target: target.name().to_owned(),
            target_version: target.version(),
            choice,
            without_invariants: false,
            faults: case::families(plan),
            prefix: prefix(PREFIX, plan.seed),
            command,
            plan_hash: None,
            recording_hash: hex(self.hash),
            verdict_hash: None,
            trace_hash: Some(hex(self.trace)),
            judgement: self.judgement(),
            shrunk: None,
        }
    }

    /// The ids of the rules that were violated, sorted.
    #[must_use]
    pub fn violated(&self) -> Vec<RuleId> {
        let Ok((_, verdict)) = &self.judged else { return Vec::new() };
        let violated = verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Violated);
        let mut ids: Vec<RuleId> = violated.map(|rule| rule.rule.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
