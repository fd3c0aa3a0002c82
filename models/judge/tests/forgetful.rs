//! A database that may forget what it acknowledged before it was killed is believed to have done so, and no other one is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::verdict::Outcome;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_testing::notation::parse;

/// A timer that fires twice, in a case with this fault.
fn outcome(fault: &str, hits: u32, profile: &Profile) -> Outcome {
    let line = |active: bool| {
        format!(
            r#"{{"at":1,"type":"fault","fault":{{"at_ms":1,"for_ms":9,{fault}}},"active":{active}{}}}"#,
            if active { String::new() } else { format!(r#","hits":{hits}"#) }
        )
    };
    let history = "1 WorkflowExecutionStarted\n2 TimerFired startedEventId=7";
    let evidence = parse(&[&line(true), &line(false), history].join("\n")).unwrap();
    let verdict = judge("a case", &evidence, profile);
    verdict.rules.iter().map(|rule| rule.outcome).max().unwrap()
}

#[test]
fn only_a_kill_that_has_happened_excuses_and_only_a_forgetful_one() {
    let (kill, pause) = (r#""fault":"database","does":"kill""#, r#""fault":"database","does":"pause""#);
    let (strict, stock) = (Profile::resurgam(), Profile { forgetful: true, ..Profile::resurgam() });
    assert_eq!(outcome(kill, 1, &stock), Outcome::Unknown);
    for (fault, hits, profile) in [(kill, 1, &strict), (kill, 0, &stock), (pause, 1, &stock)] {
        assert_eq!(outcome(fault, hits, profile), Outcome::Violated, "{fault} {hits}");
    }
}
