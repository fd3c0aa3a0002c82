//! The judge is loud: true evidence of the real server, corrupted in every way of the catalogue wherever that makes it
//! wrong, is caught by a rule that names the right thing in at least 99 of 100 places.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_scenarios::fixtures;
use resurgam_testing::corrupt;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Places per corruption and recording.
const MOST: usize = 1;

#[test]
fn corrupted_evidence_is_caught() {
    let mut tally: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut survivors = String::new();
    for fixture in fixtures().unwrap() {
        let header = fixture.evidence.header.clone().unwrap();
        // The recorded server was fresh, though it does not promise it: corruptions of freshness must be seen too.
        let mut profile = header.profile.clone();
        profile.promises.linearizable_reads = true;
        for tried in corrupt::score(&fixture.name, &fixture.evidence, &profile, MOST) {
            let (caught, all) = tally.entry(tried.corruption).or_default();
            *all += 1;
            *caught += u32::from(tried.caught);
            if !tried.caught {
                let run = &fixture.evidence.runs.get(tried.site.run);
                let run = run.map(|run| format!("{}/{}", run.workflow_id, run.run_id)).unwrap_or_default();
                let place = tried.site.place;
                writeln!(survivors, "{} {run} place {place}: {} by {:?}", fixture.name, tried.corruption, tried.by)
                    .unwrap();
            }
        }
    }
    for (corruption, (caught, all)) in &tally {
        println!("{corruption:40} {caught:5} of {all:5}");
    }
    println!("survivors:\n{survivors}");
    let (caught, all) = tally.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{caught} of {all} caught, {} kinds", tally.len());
    assert_eq!(tally.len(), corrupt::all().len(), "a corruption of the catalogue fits nowhere in the evidence");
    assert!(tally.len() >= 25 && caught * 100 >= all * 99, "{caught} of {all} caught; survivors:\n{survivors}");
}
