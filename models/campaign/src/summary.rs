//! Summaries: what a run of many cases showed. The content of `summary.json`, and all that a report needs beside the
//! evidence of the cases that it draws. Built from the lines of `results.jsonl`, in whatever order they come, in little
//! memory per case; nothing is judged here.
//!
//! Two runs of one seed give the same summary, byte for byte. What differs, how long things took, is kept apart in [`Times`].

use crate::coverage::{Coverage, Missing};
use crate::origin::Origin;
use crate::results::{CaseResult, Judged, Said, Shortfall, hex};
use crate::rule_summary::RuleSummary;
use crate::simulation::{SimulatedCase, Simulation};
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the summary format that this build writes and the newest it reads.
pub const VERSION: u32 = 2;

/// A run of cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// What was run.
    #[serde(flatten)]
    pub origin: Origin,
    /// `complete`, or in a word why it says less than was asked.
    pub state: String,
    /// Why it says less than was asked, the gravest reason first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// The worst outcome of all cases; `unknown` at least if a case could not be judged.
    pub worst: Outcome,
    /// What it comes to, and so the exit code.
    pub conclusion: Conclusion,
    /// Sixteen hexadecimal digits over the seeds and the hashes of the recordings of all cases.
    pub recording_hash: String,
    /// Per rule, in the order of the catalogue.
    pub rules: Vec<RuleSummary>,
    /// Per case that was judged, in the order of seeds.
    pub cases: Vec<CaseSummary>,
    /// Cases that could not be judged, in the order of seeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<NotJudged>,
    /// What was exercised.
    pub coverage: Coverage,
    /// What exists but was never exercised.
    pub missing: Missing,
    /// Simulated time and milestones, if the cases were simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<Simulation>,
    /// How long everything took; a file of its own.
    #[serde(skip)]
    pub times: Times,
}

/// What a run comes to. The exit codes of the command line are these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// All rules held: exit code 0.
    Held,
    /// A rule was violated: exit code 1.
    Violated,
    /// Something could not be decided, or nothing was judged: exit code 3.
    #[default]
    Inconclusive,
    /// The target or the machine failed: exit code 4.
    TargetOrMachine,
}

/// How long a run took: the content of `times.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// Seconds by the clock on the wall until the last case had ended; shrinking comes after that.
    pub wall_seconds: f64,
    /// Seconds of executing, summed over the cases (which may run side by side).
    pub executing_seconds: f64,
    /// Seconds of judging, summed over the cases.
    pub judging_seconds: f64,
    /// Per case, by seed.
    pub cases: BTreeMap<u64, CaseTimes>,
}

impl Times {
    /// Sums over the cases in the order of their seeds: a sum of fractions in the order in which cases end would not be the
    /// same when the report is made again.
    fn add_up(&mut self) {
        let sum = |part: fn(&CaseTimes) -> f64| self.cases.values().map(part).sum::<f64>() / 1e3;
        (self.executing_seconds, self.judging_seconds) = (sum(|case| case.executing_ms), sum(|case| case.judging_ms));
    }
}

/// How long a case took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseTimes {
    /// Milliseconds of executing.
    pub executing_ms: f64,
    /// Milliseconds of judging.
    pub judging_ms: f64,
}

/// A case that could not be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotJudged {
    /// The seed that gives the case again.
    pub seed: u64,
    /// Why it could not be judged, in a sentence.
    pub why: String,
    /// Its directory, relative to that of the run, if there was anything to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// One case, in a line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseSummary {
    /// The seed that gives the case again.
    pub seed: u64,
    /// Hash of its recording, sixteen hexadecimal digits.
    pub recording_hash: String,
    /// Its worst outcome.
    pub worst: Outcome,
    /// Rules it violated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violated: Vec<RuleId>,
    /// Its directory, relative to that of the run, if it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What only the simulation knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<SimulatedCase>,
}

impl Summary {
    /// A run without cases yet.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        let simulation = origin.options.offers().map(Simulation::new);
        let mut new = Self { version: VERSION, origin, recording_hash: hex(0), simulation, ..Self::default() };
        new.conclude(Vec::new());
        new
    }

    /// Adds a case, which must not be there yet.
    pub fn add(&mut self, case: &CaseResult) {
        self.worst = self.worst.max(case.worst());
        match &case.said {
            Said::NotJudged(why) => {
                let at = self.not_judged.partition_point(|earlier| earlier.seed < case.seed);
                let one = NotJudged { seed: case.seed, why: why.clone(), path: case.directory.clone() };
                self.not_judged.insert(at, one);
            }
            Said::Judged(judged) => self.judged(case, judged),
        }
    }

    fn judged(&mut self, case: &CaseResult, judged: &Judged) {
        self.mix(case.seed, &judged.recording_hash);
        let times = CaseTimes { executing_ms: case.executing_ms, judging_ms: case.judging_ms };
        self.times.cases.insert(case.seed, times);
        for rule in &judged.rules {
            self.rule(&rule.rule).add(case.seed, rule);
        }
        let line = CaseSummary {
            seed: case.seed,
            recording_hash: judged.recording_hash.clone(),
            worst: judged.worst(),
            violated: judged.violated().cloned().collect(),
            path: case.directory.clone(),
            simulated: judged.simulated.as_ref().map(|simulated| SimulatedCase {
                trace: simulated.trace.clone(),
                seconds: simulated.elapsed().as_secs_f64(),
                traffic: simulated.traffic,
            }),
        };
        let at = self.cases.partition_point(|earlier| earlier.seed < case.seed);
        self.cases.insert(at, line);
        if let (Some(simulation), Some(simulated)) = (&mut self.simulation, &judged.simulated) {
            simulation.add(simulated);
        }
        self.coverage.merge(&judged.coverage);
    }

    /// Says how the run ended, and what it comes to. What the cases themselves show to be short is found here.
    pub fn conclude(&mut self, shortfalls: Vec<Shortfall>) {
        self.missing = self.coverage.missing();
        self.times.add_up();
        self.shortfalls = shortfalls;
        if self.worst == Outcome::NotApplicable && self.not_judged.is_empty() {
            self.shortfalls.push(Shortfall::NothingJudged);
        }
        let unreached = self.simulation.as_ref().map_or(0, |simulation| simulation.unreached.len() as u64);
        if self.origin.options.campaign && unreached > 0 {
            self.shortfalls.push(Shortfall::CampaignShort { unreached });
        }
        self.shortfalls.sort();
        self.state = self.shortfalls.first().map_or("complete", Shortfall::word).to_owned();
        self.conclusion = match self.worst {
            Outcome::Violated => Conclusion::Violated,
            _ if self.shortfalls.iter().any(Shortfall::is_of_target_or_machine) => Conclusion::TargetOrMachine,
            Outcome::Ok if self.shortfalls.is_empty() => Conclusion::Held,
            _ if self.origin.options.strict => Conclusion::Violated,
            _ => Conclusion::Inconclusive,
        };
    }

    /// The worst outcome of all cases.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.worst
    }

    /// How many judged cases have each outcome as their worst.
    #[must_use]
    pub fn count(&self, worst: Outcome) -> usize {
        self.cases.iter().filter(|case| case.worst == worst).count()
    }

    /// The slowest cases with their times, slowest first.
    #[must_use]
    pub fn slowest(&self, most: usize) -> Vec<(&CaseSummary, CaseTimes)> {
        let times = |case: &CaseSummary| self.times.cases.get(&case.seed).copied().unwrap_or_default();
        let mut cases: Vec<_> = self.cases.iter().map(|case| (case, times(case))).collect();
        cases.sort_by(|(a, one), (b, two)| two.executing_ms.total_cmp(&one.executing_ms).then(a.seed.cmp(&b.seed)));
        cases.truncate(most);
        cases
    }

    fn rule(&mut self, name: &RuleId) -> &mut RuleSummary {
        let at = self.rules.iter().position(|rule| rule.rule == *name).unwrap_or_else(|| {
            self.rules.push(RuleSummary { rule: name.clone(), ..RuleSummary::default() });
            self.rules.len() - 1
        });
        &mut self.rules[at]
    }

    /// The sum of a mix of each case, so that the order in which cases end does not show.
    fn mix(&mut self, seed: u64, hash: &str) {
        let number = |text: &str| u64::from_str_radix(text, 16).unwrap_or(0);
        let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number(hash);
        for shift in [33, 29, 32] {
            mixed = (mixed ^ (mixed >> shift)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        }
        self.recording_hash = hex(number(&self.recording_hash).wrapping_add(mixed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::milestone::Milestones;
    use crate::origin::Options;
    use crate::results::RuleResult;
    use crate::rule_summary::{Example, SEEDS};
    use crate::simulation::Simulated;
    use crate::simulation::Traffic;
    use resurgam_formats::target::Choice;

    fn rule(name: &str, outcome: Outcome) -> RuleResult {
        let message = match outcome {
            Outcome::Violated => format!("{name} is wrong"),
            Outcome::Unknown => "why".to_owned(),
            _ => String::new(),
        };
        RuleResult { rule: name.into(), outcome, examined: 3, message, known: BTreeMap::new() }
    }

    fn case(seed: u64, rules: Vec<RuleResult>) -> CaseResult {
        let coverage = Coverage { cases: 1, ..Coverage::default() };
        let judged = Judged { recording_hash: hex(seed * 7), rules, coverage, simulated: None };
        let ms = seed as f64;
        let said = Said::Judged(Box::new(judged));
        CaseResult { seed, directory: None, executing_ms: ms, judging_ms: ms, said }
    }

    fn new() -> Summary {
        let options = Options { choice: Choice::Temporal, ..Options::default() };
        Summary::new(Origin { target: "temporal".into(), options, ..Origin::default() })
    }

    #[test]
    fn cases_add_up() {
        let mut summary = new();
        assert_eq!(summary.worst(), Outcome::NotApplicable);
        summary.add(&case(3, vec![rule("A-a", Outcome::Violated), rule("B-b", Outcome::Ok)]));
        let mut known = rule("B-b", Outcome::Ok);
        known.known.insert("temporal#1".into(), 1);
        summary.add(&case(2, vec![rule("A-a", Outcome::Unknown), known]));
        summary.add(&case(1, vec![rule("A-a", Outcome::Ok), rule("B-b", Outcome::NotApplicable)]));
        assert_eq!(summary.worst(), Outcome::Violated);
        let [a, b] = summary.rules.as_slice() else { panic!("{:?}", summary.rules) };
        assert_eq!((a.ok, a.violated, a.unknown, a.not_applicable, a.examined), (1, 1, 1, 0, 9));
        assert_eq!(a.failing, [Example { seed: 3, message: "A-a is wrong".into() }]);
        assert_eq!(a.undecided, [Example { seed: 2, message: "why".into() }]);
        assert_eq!((b.ok, b.known["temporal#1"], b.worst()), (2, 1, Outcome::Ok));
        assert_eq!(summary.cases[2].violated, ["A-a"]);
        assert_eq!(summary.coverage.cases, 3);
        assert_eq!(summary.slowest(2).iter().map(|(case, _)| case.seed).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn seeds_are_bounded_and_counts_are_not() {
        let mut summary = new();
        (0..50).rev().for_each(|seed| summary.add(&case(seed, vec![rule("A-a", Outcome::Violated)])));
        let [rule] = summary.rules.as_slice() else { panic!("{:?}", summary.rules) };
        assert_eq!((rule.violated, rule.failing.len(), rule.failing[0].seed), (50, SEEDS, 0));
    }

    #[test]
    fn the_order_in_which_cases_end_does_not_show() {
        let outcomes = [Outcome::Violated, Outcome::Unknown, Outcome::Ok];
        let cases: Vec<CaseResult> = (0..60)
            .map(|seed| {
                let times = CaseTimes { executing_ms: 0.1 * seed as f64, judging_ms: 0.7 / (seed + 1) as f64 };
                let rules = vec![rule("A-a", outcomes[seed as usize % 3])];
                CaseResult { executing_ms: times.executing_ms, judging_ms: times.judging_ms, ..case(seed, rules) }
            })
            .collect();
        let of = |cases: &mut dyn Iterator<Item = &CaseResult>| {
            let mut summary = new();
            cases.for_each(|case| summary.add(case));
            summary.add(&CaseResult { seed: 99, said: Said::NotJudged("why".into()), ..case(99, vec![]) });
            summary.conclude(Vec::new());
            [serde_json::to_string(&summary).unwrap(), serde_json::to_string(&summary.times).unwrap()]
        };
        assert_eq!(of(&mut cases.iter()), of(&mut cases.iter().rev()));
        assert_ne!(of(&mut cases.iter()), of(&mut cases.iter().skip(1)));
    }

    #[test]
    fn what_a_run_comes_to() {
        let of = |outcomes: &[Outcome], shortfalls: &[Shortfall], strict: bool| {
            let mut summary = new();
            summary.origin.options.strict = strict;
            for (seed, outcome) in (1..).zip(outcomes) {
                summary.add(&case(seed, vec![rule("A-a", *outcome)]));
            }
            summary.conclude(shortfalls.to_vec());
            (summary.conclusion, summary.state)
        };
        let interrupted = [Shortfall::Interrupted { by: "SIGTERM".into(), cases_ended: false }];
        let lost = [Shortfall::TargetLost { why: "gone".into() }, interrupted[0].clone()];
        let (held, violated, open, machine) =
            (Conclusion::Held, Conclusion::Violated, Conclusion::Inconclusive, Conclusion::TargetOrMachine);
        let ok = &[Outcome::Ok, Outcome::NotApplicable][..];
        let unknown = &[Outcome::Ok, Outcome::Unknown][..];
        assert_eq!(of(ok, &[], false), (held, "complete".into()));
        assert_eq!(of(unknown, &[], false), (open, "complete".into()));
        assert_eq!(of(unknown, &[], true).0, violated, "strict: undecided counts as violated");
        assert_eq!(of(&[], &[], false), (open, "nothing judged".into()));
        assert_eq!(of(ok, &interrupted, false), (open, "interrupted".into()));
        assert_eq!(of(ok, &lost, false), (machine, "target lost".into()));
        assert_eq!(of(ok, &lost, true).0, machine);
        assert_eq!(of(&[Outcome::Violated], &lost, false), (violated, "target lost".into()));
    }

    #[test]
    fn a_campaign_that_reached_too_little_is_short() {
        let options = Options { campaign: true, ..Options::default() };
        let mut summary = Summary::new(Origin { options, ..Origin::default() });
        summary.add(&case(1, vec![rule("A-a", Outcome::Ok)]));
        summary.conclude(Vec::new());
        assert_eq!((summary.state.as_str(), summary.conclusion), ("campaign short", Conclusion::Inconclusive));
    }

    #[test]
    fn a_case_that_could_not_be_judged_is_never_ok() {
        let mut summary = new();
        summary.add(&CaseResult { said: Said::NotJudged("no server".into()), ..case(7, vec![]) });
        summary.conclude(Vec::new());
        assert_eq!((summary.worst(), summary.conclusion), (Outcome::Unknown, Conclusion::Inconclusive));
        assert_eq!(summary.not_judged[0].why, "no server");
    }

    #[test]
    fn what_the_simulation_knows_is_kept_per_case_and_in_all() {
        let milestones = Milestones::of(&resurgam_testing::notation::parse("1 TimerFired").unwrap());
        let traffic = Traffic { segments: 9, rpcs: 2 };
        let mut simulated = case(1, vec![]);
        let Said::Judged(judged) = &mut simulated.said else { panic!() };
        judged.simulated = Some(Simulated { trace: hex(255), nanoseconds: 2_500_000_000, traffic, milestones });
        let mut summary = Summary::new(Origin::default());
        summary.add(&simulated);
        summary.add(&case(2, vec![]));
        let shown = SimulatedCase { trace: hex(255), seconds: 2.5, traffic };
        assert_eq!((&summary.cases[0].simulated, &summary.cases[1].simulated), (&Some(shown), &None));
        let simulation = summary.simulation.as_ref().unwrap();
        assert_eq!((simulation.seconds(), simulation.reached(), simulation.milestones.cases), (2.5, 1, 1));
        let mut real = new();
        real.add(&case(2, vec![]));
        assert!(!serde_json::to_string(&real).unwrap().contains("simulat"), "a real target has none of it");
    }

    #[test]
    fn it_survives_json_but_for_the_times() {
        let mut summary = new();
        summary.add(&case(9, vec![rule("A-a", Outcome::Violated)]));
        summary.conclude(vec![Shortfall::Unfinished]);
        let json = serde_json::to_string(&summary).unwrap();
        summary.times = Times::default();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
        let schema = serde_json::to_value(schemars::schema_for!(Summary)).unwrap();
        assert!(schema["properties"]["recording_hash"].is_object() && schema["properties"]["target"].is_object());
    }
}
