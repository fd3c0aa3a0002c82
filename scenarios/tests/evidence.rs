//! The judge is silent on committed evidence of the real server, and had something to look at.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::SimulatedRun;

use resurgam_formats::plan::{Crowd, Growth, Plan};
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::{Outcome, RuleVerdict};
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_scenarios::fixtures;
use std::collections::BTreeMap;

/// So many simulated cases are looked at for rules that need the rows of a store.
const CASES: u64 = 12;
/// The seed of a plan in which a node is away for so long that others have to take over.
const OUTAGE: u64 = 31;

#[test]
fn every_rule_is_silent_on_the_real_server() {
    let mut complaints = Vec::new();
    for fixture in fixtures().unwrap() {
        let header = fixture.evidence.header.clone().unwrap();
        for rule in judge(&fixture.name, &fixture.evidence, &header.profile).rules {
            if rule.outcome > Outcome::Ok {
                complaints.push(format!("{}: {} {:?} {}", fixture.name, rule.rule, rule.findings.first(), rule.why));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A rule that examined nothing in all the evidence has not been proven silent. What a store keeps is not seen of the real
/// server: for the rules on that there are some cases of ours.
#[test]
fn every_rule_examined_something() {
    let mut examined: BTreeMap<RuleId, u64> = BTreeMap::new();
    let mut count = |rules: Vec<RuleVerdict>| {
        for rule in rules {
            *examined.entry(rule.rule).or_default() += rule.examined;
        }
    };
    for fixture in fixtures().unwrap() {
        let profile = Profile::resurgam();
        count(judge(&fixture.name, &fixture.evidence, &profile).rules);
    }
    let ours = resurgam_builtin::subject(None);
    for seed in (1..=CASES).chain([OUTAGE]) {
        let of = Crowd::ALL[seed as usize % Crowd::ALL.len()];
        let plan = Plan { growths: vec![Growth { of, to: 100, faults: false }], ..resurgam_generate::chaos(seed) };
        count(SimulatedRun::of(&plan, &ours).judged.unwrap().1.rules);
    }
    // What a scenario expects is asked in cases of scenarios only.
    let idle: Vec<_> =
        examined.iter().filter(|(rule, count)| **count == 0 && rule.id() != "S1").map(|(rule, _)| rule).collect();
    assert!(idle.is_empty() && examined.len() > 20, "nothing to examine for {idle:?}");
}

#[test]
fn nothing_in_the_evidence_is_unrecognised() {
    for fixture in fixtures().unwrap() {
        assert!(fixture.evidence.notes.unrecognised.is_empty(), "{}: {:?}", fixture.name, fixture.evidence.notes);
    }
}

/// What was recorded on the real server can be asked again of any other target by its seed.
#[test]
fn the_generator_still_draws_the_plans_of_the_evidence() {
    let fixtures = fixtures().unwrap();
    assert!(fixtures.len() > 200);
    for fixture in fixtures {
        let recorded = fixture.evidence.header.unwrap().plan;
        // Habits are younger than the evidence.
        let drawn = Plan { habits: recorded.habits.clone(), ..resurgam_generate::plan(recorded.seed) };
        assert_eq!(drawn, recorded, "{}", fixture.name);
    }
}
