//! How long the suite needs to find a planted bug: random cases until a rule is violated.

use crate::orchestrator::Builtin;
use resurgam_harness::{Failed, Stop, check};
use resurgam_orchestrator::invariant::Checks;
use resurgam_orchestrator::planted::Bug;
use std::time::{Duration, Instant};

/// After so many cases somebody may have asked to stop.
const STEP: u64 = 12;

/// What a hunt came to.
#[derive(Debug)]
pub struct Hunt {
    /// Cases until it was found, or all that were executed.
    pub cases: u64,
    /// How long it took by the clock on the wall.
    pub took: Duration,
    /// The case that shows it.
    pub found: Option<Failed>,
}

/// Executes at most `cases` random cases from `seed` on with `bug` planted, and with that much of our orchestrator's own
/// invariants; `large` ones if only such can show it. A case that could not be judged, or not
/// decided, is passed over: a bug is found when a rule says so.
#[must_use]
pub fn hunt(bug: Bug, large: bool, checks: Checks, seed: u64, cases: u64, stop: &Stop) -> Hunt {
    let began = Instant::now();
    let mut done = 0;
    while done < cases && stop.requested().is_none() {
        let step = (cases - done).min(STEP);
        let subject = Builtin::with(Some(bug)).checking(checks).subject();
        let check = check(subject).seed(seed + done).cases(step);
        let checked = if large { check.large() } else { check }.run();
        let Some(failed) = checked.failed else {
            done += step;
            continue;
        };
        done = failed.seed - seed + 1;
        if !failed.rules.is_empty() {
            return Hunt { cases: done, took: began.elapsed(), found: Some(failed) };
        }
    }
    Hunt { cases: done, took: began.elapsed(), found: None }
}
