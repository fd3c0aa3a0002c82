//! The comparison is no rubber stamp: a case compared with itself is equal, and with itself after a corruption it is
//! mostly unexplained, where the corruption changes anything that the comparison looks at.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_compare::compare;
use resurgam_scenarios::fixtures;
use resurgam_testing::corrupt;
use std::collections::BTreeMap;

/// One in so many of the committed cases.
const STEP: usize = 2;

#[test]
fn corruptions_are_seldom_called_freedoms() {
    // Equal, explained, unexplained.
    let mut tally: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    for fixture in fixtures().unwrap().iter().step_by(STEP) {
        let whole = compare(&fixture.evidence, &fixture.evidence).unwrap();
        assert!(whole.calls == whole.calls_equal, "{}", fixture.name);
        assert!(
            whole.slots.values().all(|slot| slot.freedoms.is_empty() && slot.unexplained.is_empty()),
            "{}",
            fixture.name
        );
        for corruption in corrupt::all() {
            let Some(site) = corruption.sites(&fixture.evidence).first().copied() else { continue };
            let Some(changed) = corruption.apply(&fixture.evidence, site) else { continue };
            let Ok(found) = compare(&fixture.evidence, &changed) else { continue };
            let unexplained =
                !found.calls_unexplained.is_empty() || found.slots.values().any(|slot| !slot.unexplained.is_empty());
            let differs =
                found.calls != found.calls_equal || found.slots.values().any(|slot| !slot.freedoms.is_empty());
            let place = if unexplained { 2 } else { usize::from(differs) };
            tally.entry(corruption.name).or_default()[place] += 1;
        }
    }
    for (corruption, [equal, explained, unexplained]) in &tally {
        println!("{corruption:40} equal {equal:4} explained {explained:4} unexplained {unexplained:4}");
    }
    let [equal, explained, unexplained] =
        tally.values().fold([0; 3], |sum, one| [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]]);
    println!("{equal} not looked at, {explained} explained, {unexplained} unexplained");
    assert!(unexplained > explained * 4, "{explained} explained, {unexplained} unexplained");
}
