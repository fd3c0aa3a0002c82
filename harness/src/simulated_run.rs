//! One simulated case from plan to verdict: what `run`, `replay`, `shrink`, `bugs` and the library's `check` have in common.

use crate::recorder;
use crate::simulated::{Simulated, execute};
use crate::subject::Subject;
use resurgam_campaign::simulation::Traffic;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::Plan;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_judge::judge;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

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
    /// Simulated time.
    pub simulated: Duration,
    /// What passed on the links.
    pub traffic: Traffic,
    /// The calls that clients and workers made, by name.
    pub calls: BTreeSet<String>,
}

impl SimulatedRun {
    /// Executes and judges a plan. Nothing is written.
    #[must_use]
    pub fn of(plan: &Plan, subject: &Subject, prefix: &str) -> Self {
        let began = Instant::now();
        let Simulated { entries, contradiction, failure, trace, elapsed, traffic, calls } =
            execute(plan, subject, prefix);
        let executing = began.elapsed();
        let began = Instant::now();
        let broken = contradiction.map(|why| why.to_string()).or_else(|| failure.map(|why| why.to_string()));
        let lines = recorder::lines(&entries).unwrap_or_default();
        let judged = match broken {
            Some(why) => Err(why),
            None => Evidence::from_recording(entries).map_err(|problem| problem.to_string()).map(|evidence| {
                let verdict = judge(&plan.seed.to_string(), &evidence, &subject.profile());
                (evidence, verdict)
            }),
        };
        let hash = recorder::hash(&lines);
        let traffic = Traffic { segments: traffic.segments, rpcs: traffic.rpcs };
        Self { lines, hash, judged, executing, judging: began.elapsed(), trace, simulated: elapsed, traffic, calls }
    }

    /// The ids of the rules that were violated, sorted.
    #[must_use]
    pub fn violated(&self) -> Vec<String> {
        let Ok((_, verdict)) = &self.judged else { return Vec::new() };
        let violated = verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Violated);
        let mut ids: Vec<String> = violated.map(|rule| rule.rule.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
