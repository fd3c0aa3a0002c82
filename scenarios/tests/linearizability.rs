//! The real server on one node with a healthy store is linearizable, though it does not promise it: the rules that need
//! the promise are silent on it too, and had something to look at.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::verdict::Outcome;
use resurgam_judge::judge;
use resurgam_scenarios::fixtures;
use std::collections::BTreeMap;

#[test]
fn one_healthy_node_is_linearizable() {
    let mut examined: BTreeMap<String, u64> = BTreeMap::new();
    let mut complaints = Vec::new();
    for fixture in fixtures().unwrap() {
        let header = fixture.evidence.header.clone().unwrap();
        let mut profile = header.profile.clone();
        profile.promises.linearizable_reads = true;
        for rule in judge(&fixture.name, &fixture.evidence, &profile).rules {
            if rule.rule.starts_with('W') {
                *examined.entry(rule.rule.clone()).or_default() += rule.examined;
                for finding in &rule.findings {
                    complaints.push(format!("{}: {} {finding:?}", fixture.name, rule.rule));
                }
                if rule.outcome > Outcome::Ok && rule.findings.is_empty() {
                    complaints.push(format!("{}: {} {:?} {}", fixture.name, rule.rule, rule.outcome, rule.why));
                }
            }
        }
    }
    println!("examined {examined:?}");
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
    // Who owns a partition is not seen of the real server.
    assert_eq!(examined.remove("W5-ownership"), Some(0));
    assert!(examined.len() == 5 && examined.values().all(|count| *count > 100), "{examined:?}");
}
