//! The catalogue of planted bugs and the switches in our orchestrator are the same list.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_builtin::Bug;
use resurgam_scenarios::bugs::bugs;
use std::collections::BTreeSet;

#[test]
fn every_switch_has_an_entry_and_every_entry_a_switch() {
    let catalogue = bugs().unwrap();
    let entries: BTreeSet<String> = catalogue.iter().map(|bug| bug.name.clone()).collect();
    let switches: BTreeSet<String> = Bug::all().map(|bug| bug.name().to_owned()).collect();
    assert_eq!(entries, switches);
    assert_eq!(entries.len(), catalogue.len(), "an entry stands twice");
}

#[test]
fn every_entry_predicts_rules_that_exist() {
    let rules: BTreeSet<String> = resurgam_judge::rules::all().iter().map(|rule| rule.about().id.to_owned()).collect();
    for bug in bugs().unwrap() {
        assert!(!bug.predicted.is_empty(), "{} predicts nothing", bug.name);
        for rule in &bug.predicted {
            assert!(rules.contains(rule), "{} predicts {rule}, which is no rule", bug.name);
        }
    }
}
