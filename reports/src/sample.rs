//! Evidence for the tests of this crate: one case that passes, one that violates H8.

use resurgam_campaign::coverage::Coverage;
use resurgam_campaign::milestone::Milestones;
use resurgam_campaign::origin::{Options, Origin};
use resurgam_campaign::results::{CaseResult, Judged, Said, hex};
use resurgam_campaign::simulation::{Simulated, Traffic};
use resurgam_campaign::summary::Summary;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::target::Choice;
use resurgam_formats::verdict::{Finding, Outcome, RuleVerdict, Verdict};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_testing::notation::parse;

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
        rule: (*rule).into(),
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

/// A case with such a verdict.
fn case(seed: u64, verdict: &Verdict, coverage: &Coverage, simulated: Option<Simulated>) -> CaseResult {
    let directory = (verdict.worst() == Outcome::Violated).then(|| format!("cases/{seed}"));
    let (executing_ms, judging_ms) = (100.0 * seed as f64, seed as f64);
    let said = Said::Judged(Box::new(Judged::of(verdict, seed, coverage.clone(), simulated)));
    CaseResult { seed, directory, executing_ms, judging_ms, said }
}

/// A case that could not be judged.
pub(crate) fn not_judged(seed: u64, why: &str) -> CaseResult {
    CaseResult { seed, directory: None, executing_ms: 0.0, judging_ms: 0.0, said: Said::NotJudged(why.into()) }
}

fn origin(target: &str, choice: Choice) -> Origin {
    Origin {
        resurgam: "0.1.0".into(),
        command: "resurgam run --target temporal --seed 7 --cases 3".into(),
        scenario: "random".into(),
        target: target.into(),
        target_version: "1.31.2".into(),
        seed: 7,
        options: Options { choice, cases: Some(3), ..Options::default() },
    }
}

/// A summary of such verdicts, one case each.
pub(crate) fn summary(verdicts: &[Verdict]) -> Summary {
    let mut summary = Summary::new(origin("temporal", Choice::Temporal));
    let coverage = Coverage::of(&parse(PASSING).unwrap());
    for (seed, verdict) in (7..).zip(verdicts) {
        summary.add(&case(seed, verdict, &coverage, None));
    }
    summary.times.wall_seconds = 2.0;
    summary.conclude(Vec::new());
    summary
}

/// Two cases of a simulation: a timer fired in both, and a node was killed in the first.
pub(crate) fn simulated() -> Summary {
    let mut summary = Summary::new(origin("builtin", Choice::simulation()));
    let verdict = verdict(&[("H8-buffering", Outcome::Ok)]);
    let kill = r#"{"at":1,"type":"fault","fault":"kill 1","active":true}"#;
    for (seed, text) in (7..).zip([format!("1 TimerFired\n{kill}"), "1 TimerFired\n2 TimerFired".to_owned()]) {
        let evidence = parse(&text).unwrap();
        let simulated = Simulated {
            trace: hex(0xabc0 + seed),
            nanoseconds: 45_000_000_000,
            traffic: Traffic { segments: 1_234, rpcs: 180 },
            milestones: Milestones::of(&evidence),
        };
        summary.add(&case(seed, &verdict, &Coverage::of(&evidence), Some(simulated)));
    }
    summary.times.wall_seconds = 2.0;
    summary.conclude(Vec::new());
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
