//! What it costs that our orchestrator asserts what cannot be otherwise: the same cases with nothing checked, with what a
//! released server checks, and with all that the simulation checks, in turn.
//!
//! `cargo bench -p resurgam-benches --bench invariants` prints CPU time per case and its ratio to nothing checked.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use resurgam_benches::busy::cpu_time;
use resurgam_builtin::{Builtin, Checks};
use resurgam_formats::plan::Family;
use resurgam_harness::simulated::execute;
use std::time::Duration;

const ROUNDS: u64 = 6;
/// Cases of a round, the same for each level.
const CASES: u64 = 20;

/// CPU time of some cases with that much checked.
fn measure(seeds: std::ops::Range<u64>, checks: Checks) -> Duration {
    let target = Builtin::with(None).checking(checks).subject();
    let before = cpu_time().unwrap_or_default();
    for seed in seeds {
        let simulated = execute(&resurgam_generate::chaos_of(seed, Family::SIMULATED), &target, "case-");
        assert!(simulated.failure.is_none() && simulated.contradiction.is_none(), "seed {seed}");
    }
    cpu_time().unwrap_or_default() - before
}

fn main() {
    let levels = [Checks::Off, Checks::States, Checks::Thorough];
    let mut spent = [Duration::ZERO; 3];
    for round in 0..=ROUNDS {
        for (checks, spent) in levels.into_iter().zip(&mut spent) {
            let took = measure(round * CASES..(round + 1) * CASES, checks);
            // The first round warms up.
            if round > 0 {
                *spent += took;
            }
        }
    }
    let none = spent[0].as_secs_f64();
    for (checks, spent) in levels.into_iter().zip(spent) {
        let each = 1_000.0 * spent.as_secs_f64() / (ROUNDS * CASES) as f64;
        println!("{checks:?}: {each:.1} ms of CPU per case, {:.3} of nothing checked", spent.as_secs_f64() / none);
    }
}
