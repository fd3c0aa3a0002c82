//! The same seed gives the same simulation: twice in one thread's life, beside another, on a loaded machine.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_benches::stub::{Counts, Load, case};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// All that a simulation shows of itself.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    trace: u64,
    segments: u64,
    counts: Counts,
    faults: String,
    /// Requests for randomness and readings of the wall clock. Those of the monotonic clock are left out: how often h2 asks
    /// for it while a killed node's tasks are dropped depends on the order in which tokio drops them, which nobody sees.
    calls: [u64; 2],
}

fn run(seed: u64, load: Load) -> Shown {
    let outcome = case(seed, load).unwrap();
    Shown {
        trace: outcome.trace,
        segments: outcome.traffic.segments,
        counts: outcome.value,
        faults: format!("{:?}", outcome.faults),
        calls: [outcome.calls.random, outcome.calls.wall],
    }
}

fn short() -> Load {
    Load { lasts: Duration::from_millis(1_500), faults: 8, ..Load::CASE }
}

#[test]
fn a_seed_repeats_after_another_and_beside_another() {
    for seed in 0..4 {
        let first = run(seed, short());
        let other = run(seed + 100, short());
        assert_ne!(first.trace, other.trace, "seed {seed} is like another");
        let [again, beside] = thread::scope(|scope| {
            [seed, seed + 100].map(|seed| scope.spawn(move || run(seed, short()))).map(|thread| thread.join().unwrap())
        });
        assert_eq!(first, again, "seed {seed}");
        assert_eq!(other, beside, "seed {}", seed + 100);
    }
}

#[test]
fn a_case_does_something_and_its_faults_hit() {
    let outcome = case(1, Load::CASE).unwrap();
    let counts = outcome.value;
    assert!(counts.arrived > 400 && counts.answered > 200 && counts.recorded > 100_000, "{counts:?}");
    assert_eq!(outcome.faults.len(), 20);
    let hits = outcome.faults.iter().filter(|record| record.hits > 0).count();
    assert!(hits >= 15, "{:#?}", outcome.faults);
    assert!(counts.failed > 0, "twenty faults and not one call failed");
    assert!(outcome.calls.random > 0 && outcome.calls.wall > 0 && outcome.calls.monotonic > 0, "{:?}", outcome.calls);
}

/// Keeps one core busy until it is dropped.
struct Burden<'a>(&'a AtomicBool);

impl Drop for Burden<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
#[ignore = "takes minutes: 200 times A, B, A of whole cases with one core loaded"]
fn two_hundred_times_on_a_loaded_machine() {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sum = 0_u64;
            while !over.load(Ordering::Relaxed) {
                sum = black_box(sum.wrapping_mul(31).wrapping_add(1));
            }
        });
        let _burden = Burden(&over);
        for seed in 0..200 {
            let first = run(seed, Load::CASE);
            let other = run(seed + 1_000, Load::CASE);
            let again = run(seed, Load::CASE);
            assert_ne!(first.trace, other.trace, "seed {seed} is like another");
            assert_eq!(first, again, "seed {seed}");
        }
    });
    println!("200 seeds, A-B-A, identical");
}
