//! Summaries: what a run of many cases showed. The content of `verdict.json`, and all that a report needs beside the
//! evidence of the cases that it draws. Built case by case in constant memory per case; nothing is judged here.

use crate::coverage::{Coverage, Missing};
use crate::simulation::{Simulated, SimulatedCase, Simulation};
use resurgam_formats::verdict::{Outcome, RuleVerdict, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The version of the summary format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// At most this many seeds are kept per rule and outcome.
const SEEDS: usize = 20;

/// What identifies a run of cases, known before the first case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The version of Resurgam.
    pub resurgam: String,
    /// The command line that repeats the run.
    pub command: String,
    /// The scenario, such as `random`.
    pub scenario: String,
    /// The target: `temporal`, `address`, …
    pub target: String,
    /// What the target says of itself, such as `1.31.2`.
    #[serde(default)]
    pub target_version: String,
    /// The seed of the run, from which the seeds of the cases follow.
    pub seed: u64,
}

/// A run of cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// What was run.
    #[serde(flatten)]
    pub origin: Origin,
    /// The worst outcome of all cases; `unknown` at least if a case could not be executed.
    pub worst: Outcome,
    /// Sixteen hexadecimal digits over the seeds and trace hashes of all cases, in whatever order they ended.
    pub trace_hash: String,
    /// Seconds by the clock on the wall, set by whoever ran the cases.
    pub wall_seconds: f64,
    /// Seconds of executing, summed over the cases (which may run side by side).
    pub executing_seconds: f64,
    /// Seconds of judging, summed over the cases.
    pub judging_seconds: f64,
    /// Per rule, in the order of the catalogue.
    pub rules: Vec<RuleSummary>,
    /// Per case, in the order in which they ended.
    pub cases: Vec<CaseSummary>,
    /// Cases that could not be executed, and so were not judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Example>,
    /// What was exercised.
    pub coverage: Coverage,
    /// What exists but was never exercised.
    pub missing: Missing,
    /// Simulated time and milestones, if the cases were simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<Simulation>,
}

/// What one rule said over all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSummary {
    /// The rule, such as `H8-buffering`.
    pub rule: String,
    /// Cases in which it held.
    pub ok: u64,
    /// Cases in which it was violated.
    pub violated: u64,
    /// Cases in which it could not be decided.
    pub unknown: u64,
    /// Cases that had nothing it is about.
    pub not_applicable: u64,
    /// How many things it looked at in all.
    pub examined: u64,
    /// Violations that are known differences of the target, by upstream issue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, u64>,
    /// The first twenty cases that violated it, with the first violation of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Example>,
    /// The first twenty cases that it could not decide, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Example>,
}

/// A case and one sentence about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The seed.
    pub seed: u64,
    /// The sentence.
    pub message: String,
}

/// One case, in a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseSummary {
    /// The seed.
    pub seed: u64,
    /// Sixteen hexadecimal digits.
    pub trace_hash: String,
    /// Its worst outcome.
    pub worst: Outcome,
    /// Rules it violated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violated: Vec<String>,
    /// Its directory, if it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Milliseconds of executing.
    pub executing_ms: f64,
    /// Milliseconds of judging.
    pub judging_ms: f64,
    /// What only the simulation knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<SimulatedCase>,
}

/// A case that was executed and judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The seed.
    pub seed: u64,
    /// The hash of its recording.
    pub trace_hash: u64,
    /// The verdict on it.
    pub verdict: &'a Verdict,
    /// What it exercised.
    pub coverage: &'a Coverage,
    /// Its directory, if it was kept.
    pub path: Option<&'a str>,
    /// How long executing took.
    pub executing: Duration,
    /// How long judging took.
    pub judging: Duration,
    /// What only a simulation knows of it.
    pub simulated: Option<Simulated<'a>>,
}

impl Summary {
    /// A run without cases yet.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        let mut new = Self { version: VERSION, origin, trace_hash: hex(0), ..Self::default() };
        new.missing = new.coverage.missing();
        new
    }

    /// Adds a case.
    pub fn add(&mut self, case: &Case<'_>) {
        let worst = case.verdict.worst();
        self.worst = self.worst.max(worst);
        self.mix(case.seed, case.trace_hash);
        self.executing_seconds += case.executing.as_secs_f64();
        self.judging_seconds += case.judging.as_secs_f64();
        for rule in &case.verdict.rules {
            self.rule(&rule.rule).add(case.seed, rule);
        }
        self.cases.push(CaseSummary {
            seed: case.seed,
            trace_hash: hex(case.trace_hash),
            worst,
            violated: case.verdict.violated().map(|rule| rule.rule.clone()).collect(),
            path: case.path.map(str::to_owned),
            executing_ms: milliseconds(case.executing),
            judging_ms: milliseconds(case.judging),
            simulated: case.simulated.map(|simulated| SimulatedCase {
                trace: hex(simulated.trace),
                seconds: simulated.elapsed.as_secs_f64(),
                traffic: simulated.traffic,
            }),
        });
        if let (Some(simulation), Some(simulated)) = (&mut self.simulation, &case.simulated) {
            simulation.add(simulated);
        }
        self.coverage.merge(case.coverage);
        self.missing = self.coverage.missing();
    }

    /// Adds a case that could not be executed: the run is inconclusive at best.
    pub fn add_broken(&mut self, seed: u64, why: impl Into<String>) {
        self.worst = self.worst.max(Outcome::Unknown);
        self.broken.push(Example { seed, message: why.into() });
    }

    /// The worst outcome of all cases.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.worst
    }

    /// How many cases have each outcome as their worst.
    #[must_use]
    pub fn count(&self, worst: Outcome) -> usize {
        self.cases.iter().filter(|case| case.worst == worst).count()
    }

    /// The slowest cases, slowest first.
    #[must_use]
    pub fn slowest(&self, most: usize) -> Vec<&CaseSummary> {
        let mut cases: Vec<&CaseSummary> = self.cases.iter().collect();
        cases.sort_by(|a, b| b.executing_ms.total_cmp(&a.executing_ms).then(a.seed.cmp(&b.seed)));
        cases.truncate(most);
        cases
    }

    fn rule(&mut self, name: &str) -> &mut RuleSummary {
        let at = self.rules.iter().position(|rule| rule.rule == name).unwrap_or_else(|| {
            self.rules.push(RuleSummary { rule: name.to_owned(), ..RuleSummary::default() });
            self.rules.len() - 1
        });
        &mut self.rules[at]
    }

    /// The sum of a mix of each case, so that the order in which cases end does not show.
    fn mix(&mut self, seed: u64, hash: u64) {
        let before = u64::from_str_radix(&self.trace_hash, 16).unwrap_or(0);
        let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash;
        for shift in [33, 29, 32] {
            mixed = (mixed ^ (mixed >> shift)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        }
        self.trace_hash = hex(before.wrapping_add(mixed));
    }
}

impl RuleSummary {
    fn add(&mut self, seed: u64, rule: &RuleVerdict) {
        self.examined += rule.examined;
        for known in &rule.known {
            *self.known.entry(known.issue.clone()).or_default() += 1;
        }
        let example = |message: &str| Example { seed, message: message.to_owned() };
        match rule.outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::NotApplicable => self.not_applicable += 1,
            Outcome::Violated => {
                self.violated += 1;
                if self.failing.len() < SEEDS {
                    self.failing.push(example(rule.findings.first().map_or("", |finding| &finding.message)));
                }
            }
            Outcome::Unknown => {
                self.unknown += 1;
                if self.undecided.len() < SEEDS {
                    self.undecided.push(example(&rule.why));
                }
            }
        }
    }

    /// The worst outcome of this rule over all cases.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        match self {
            Self { violated: 1.., .. } => Outcome::Violated,
            Self { unknown: 1.., .. } => Outcome::Unknown,
            Self { ok: 1.., .. } => Outcome::Ok,
            _ => Outcome::NotApplicable,
        }
    }
}

/// A hash as it is printed everywhere.
#[must_use]
pub fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::milestone::{Milestones, Needs};
    use crate::simulation::Traffic;
    use resurgam_formats::verdict::{Finding, Known};

    fn rule(name: &str, outcome: Outcome) -> RuleVerdict {
        let finding = Finding { message: format!("{name} is wrong"), ..Finding::default() };
        let findings = if outcome == Outcome::Violated { vec![finding] } else { vec![] };
        RuleVerdict { rule: name.into(), outcome, findings, why: "why".into(), examined: 3, known: vec![] }
    }

    fn verdict(rules: Vec<RuleVerdict>) -> Verdict {
        Verdict { version: 1, subject: "1".into(), rules, notes: vec![] }
    }

    fn add(summary: &mut Summary, seed: u64, verdict: &Verdict) {
        let coverage = Coverage { cases: 1, ..Coverage::default() };
        let time = Duration::from_millis(seed);
        let case = Case {
            seed,
            trace_hash: seed * 7,
            verdict,
            coverage: &coverage,
            path: None,
            executing: time,
            judging: time,
            simulated: None,
        };
        summary.add(&case);
    }

    #[test]
    fn cases_add_up() {
        let mut summary = Summary::new(Origin::default());
        assert_eq!(summary.worst(), Outcome::NotApplicable);
        add(&mut summary, 1, &verdict(vec![rule("A-a", Outcome::Ok), rule("B-b", Outcome::NotApplicable)]));
        assert_eq!(summary.worst(), Outcome::Ok);
        let mut known = rule("B-b", Outcome::Ok);
        known.known.push(Known { issue: "temporal#1".into(), finding: Finding::default() });
        add(&mut summary, 2, &verdict(vec![rule("A-a", Outcome::Unknown), known]));
        assert_eq!(summary.worst(), Outcome::Unknown);
        add(&mut summary, 3, &verdict(vec![rule("A-a", Outcome::Violated), rule("B-b", Outcome::Ok)]));
        assert_eq!(summary.worst(), Outcome::Violated);
        let [a, b] = summary.rules.as_slice() else { panic!("{:?}", summary.rules) };
        assert_eq!((a.ok, a.violated, a.unknown, a.not_applicable, a.examined), (1, 1, 1, 0, 9));
        assert_eq!(a.failing, [Example { seed: 3, message: "A-a is wrong".into() }]);
        assert_eq!(a.undecided, [Example { seed: 2, message: "why".into() }]);
        assert_eq!((b.ok, b.known["temporal#1"], b.worst()), (2, 1, Outcome::Ok));
        assert_eq!(summary.cases[2].violated, ["A-a"]);
        assert_eq!(summary.coverage.cases, 3);
        assert_eq!(summary.slowest(2).iter().map(|case| case.seed).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn seeds_are_bounded_and_counts_are_not() {
        let mut summary = Summary::new(Origin::default());
        let verdict = verdict(vec![rule("A-a", Outcome::Violated)]);
        (0..50).for_each(|seed| add(&mut summary, seed, &verdict));
        assert_eq!((summary.rules[0].violated, summary.rules[0].failing.len()), (50, SEEDS));
    }

    #[test]
    fn the_hash_of_a_run_does_not_depend_on_the_order_of_its_cases() {
        let verdict = verdict(vec![]);
        let [mut one, mut two, mut three] = [(); 3].map(|()| Summary::new(Origin::default()));
        [1, 2].into_iter().for_each(|seed| add(&mut one, seed, &verdict));
        [2, 1].into_iter().for_each(|seed| add(&mut two, seed, &verdict));
        [1, 3].into_iter().for_each(|seed| add(&mut three, seed, &verdict));
        assert_eq!(one.trace_hash, two.trace_hash);
        assert_ne!(one.trace_hash, three.trace_hash);
        assert_eq!(one.trace_hash.len(), 16);
    }

    #[test]
    fn a_case_that_could_not_be_executed_is_never_ok() {
        let mut summary = Summary::new(Origin::default());
        summary.add_broken(7, "the server did not start");
        assert_eq!(summary.worst(), Outcome::Unknown);
    }

    #[test]
    fn what_the_simulation_knows_is_kept_per_case_and_in_all() {
        let (verdict, coverage) = (verdict(vec![]), Coverage::default());
        let milestones = Milestones::of(&resurgam_testing::notation::parse("1 TimerFired").unwrap());
        let (trace, elapsed) = (255, Duration::from_millis(2_500));
        let traffic = Traffic { segments: 9, rpcs: 2 };
        let simulated = Some(Simulated { trace, elapsed, traffic, milestones: &milestones });
        let time = Duration::ZERO;
        let case = Case {
            seed: 1,
            trace_hash: 1,
            verdict: &verdict,
            coverage: &coverage,
            path: None,
            executing: time,
            judging: time,
            simulated,
        };
        let mut summary =
            Summary { simulation: Some(Simulation::new(Needs::Plans)), ..Summary::new(Origin::default()) };
        summary.add(&case);
        add(&mut summary, 2, &verdict);
        let shown = SimulatedCase { trace: "00000000000000ff".into(), seconds: 2.5, traffic };
        assert_eq!((&summary.cases[0].simulated, &summary.cases[1].simulated), (&Some(shown), &None));
        let simulation = summary.simulation.as_ref().unwrap();
        assert_eq!((simulation.seconds, simulation.reached(), simulation.milestones.cases), (2.5, 1, 1));
        let json = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
        let mut real = Summary::new(Origin::default());
        add(&mut real, 2, &verdict);
        assert!(!serde_json::to_string(&real).unwrap().contains("simulat"), "a real target has none of it");
    }

    #[test]
    fn it_survives_json() {
        let mut summary = Summary::new(Origin { target: "temporal".into(), seed: 5, ..Origin::default() });
        add(&mut summary, 9, &verdict(vec![rule("A-a", Outcome::Violated)]));
        let json = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
        let schema = serde_json::to_value(schemars::schema_for!(Summary)).unwrap();
        assert!(schema["properties"]["trace_hash"].is_object() && schema["properties"]["target"].is_object());
    }
}
