//! Evidence for the tests of this crate: one case that passes, one that violates H8.

use resurgam_campaign::coverage::Coverage;
use resurgam_campaign::milestone::{Milestones, Needs};
use resurgam_campaign::simulation::{Simulated, Simulation, Traffic};
use resurgam_campaign::summary::{Case, Origin, Summary};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::{Finding, Outcome, RuleVerdict, Verdict};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_testing::notation::parse;
use std::time::Duration;

pub(crate) const PASSING: &str = include_str!("../fixtures/passing.txt");
pub(crate) const VIOLATING: &str = include_str!("../fixtures/violating.txt");

/// A fixture and what two rules say of it; the fixtures are not whole enough for the others.
pub(crate) fn judged(text: &str) -> (Evidence, Verdict) {
    let evidence = parse(text).unwrap();
    let mut verdict = judge("1", &evidence, &Profile::default());
    verdict.rules.retain(|rule| ["H3-close", "H8-buffering"].contains(&rule.rule.as_str()));
    (evidence, verdict)
}

/// A verdict that does not change when rules are added.
pub(crate) fn verdict(outcomes: &[(&str, Outcome)]) -> Verdict {
    let rule = |(rule, outcome): &(&str, Outcome)| RuleVerdict {
        rule: (*rule).to_owned(),
        outcome: *outcome,
        findings: match outcome {
            Outcome::Violated => vec![Finding { message: "5 < 7 & \u{1b}[31mred".into(), ..Finding::default() }],
            _ => vec![],
        },
        why: if *outcome == Outcome::Unknown { "an answer was lost".into() } else { String::new() },
        examined: 3,
        known: vec![],
    };
    Verdict { version: 1, subject: String::new(), rules: outcomes.iter().map(rule).collect(), notes: vec![] }
}

/// A summary of such verdicts, one case each.
pub(crate) fn summary(verdicts: &[Verdict]) -> Summary {
    let origin = Origin {
        resurgam: "0.1.0".into(),
        command: "resurgam run --target temporal --seed 7 --cases 3".into(),
        scenario: "random".into(),
        target: "temporal".into(),
        target_version: "1.31.2".into(),
        seed: 7,
    };
    let mut summary = Summary::new(origin);
    let coverage = Coverage::of(&parse(PASSING).unwrap());
    for (seed, verdict) in (7..).zip(verdicts) {
        let path = format!("resurgam-runs/r/cases/{seed}");
        let executing = Duration::from_millis(100 * seed);
        let judging = Duration::from_millis(seed);
        let path = (verdict.worst() == Outcome::Violated).then_some(path.as_str());
        summary.add(&Case {
            seed,
            trace_hash: seed,
            verdict,
            coverage: &coverage,
            path,
            executing,
            judging,
            simulated: None,
        });
    }
    summary.wall_seconds = 2.0;
    summary
}

/// Two cases of a simulation: a timer fired in both, and a node was killed in the first.
pub(crate) fn simulated() -> Summary {
    let mut summary = summary(&[]);
    summary.origin.target = "builtin".into();
    summary.simulation = Some(Simulation::new(Needs::Faults));
    let verdict = verdict(&[("H8-buffering", Outcome::Ok)]);
    let kill = r#"{"at":1,"type":"fault","fault":"kill 1","active":true}"#;
    for (seed, text) in (7..).zip([format!("1 TimerFired\n{kill}"), "1 TimerFired\n2 TimerFired".to_owned()]) {
        let evidence = parse(&text).unwrap();
        let (coverage, milestones) = (Coverage::of(&evidence), Milestones::of(&evidence));
        let (trace, elapsed) = (0xabc0 + seed, Duration::from_secs(45));
        let simulated = Some(Simulated {
            trace,
            elapsed,
            traffic: Traffic { segments: 1_234, rpcs: 180 },
            milestones: &milestones,
        });
        let (verdict, coverage, time) = (&verdict, &coverage, Duration::from_millis(900));
        let (executing, judging) = (time, time);
        summary.add(&Case { seed, trace_hash: seed, verdict, coverage, path: None, executing, judging, simulated });
    }
    summary
}

/// Three cases, each rule with another outcome.
pub(crate) fn mixed() -> Summary {
    use Outcome::{NotApplicable, Ok, Unknown, Violated};
    let rest = [("O1-result", Unknown), ("Z9-none", NotApplicable)];
    summary(
        &[Ok, Violated, Ok].map(|first| verdict(&[&[("H8-buffering", first), ("H3-close", Ok)][..], &rest].concat())),
    )
}
