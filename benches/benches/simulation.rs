//! What simulating real tonic costs: default cases per second on two cores, and calls per second against a bare chain of
//! empty handlers measured in the same run.
//!
//! `cargo bench -p resurgam-benches --bench simulation` prints both with the CPU time they took; wall time is only worth
//! something on a machine that does nothing else.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use resurgam_benches::busy::cpu_time;
use resurgam_benches::stub::{Counts, Load, case};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Measured {
    simulations: u64,
    arrived: u64,
    answered: u64,
    failed: u64,
    segments: u64,
    simulated: Duration,
    wall: Duration,
    cpu: Duration,
}

/// Simulates this many seeds on so many threads.
fn measure(load: Load, simulations: u64, threads: usize) -> Measured {
    let next = AtomicU64::new(0);
    let (began, cpu) = (Instant::now(), cpu_time().unwrap_or_default());
    let done: Vec<(Counts, u64, Duration)> = thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= simulations {
                    return done;
                }
                match case(seed, load) {
                    Ok(outcome) => done.push((outcome.value, outcome.segments, outcome.elapsed)),
                    Err(failure) => panic!("{failure}"),
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    assert_eq!(done.len() as u64, simulations, "a simulation is missing");
    Measured {
        simulations,
        arrived: done.iter().map(|(counts, ..)| counts.arrived).sum(),
        answered: done.iter().map(|(counts, ..)| counts.answered).sum(),
        failed: done.iter().map(|(counts, ..)| counts.failed).sum(),
        segments: done.iter().map(|(_, segments, _)| segments).sum(),
        simulated: done.iter().map(|(.., elapsed)| *elapsed).sum(),
        wall: began.elapsed(),
        cpu: cpu_time().unwrap_or_default() - cpu,
    }
}

impl Measured {
    fn print(&self, name: &str) {
        let each = |total: u64| total as f64 / self.simulations as f64;
        println!("{name}: {} simulations", self.simulations);
        println!(
            "  each: {:.1} simulated s, {:.0} calls arrived, {:.0} answered, {:.0} failed, {:.0} segments",
            self.simulated.as_secs_f64() / self.simulations as f64,
            each(self.arrived),
            each(self.answered),
            each(self.failed),
            each(self.segments)
        );
        println!(
            "  {:.1} simulations/s of wall time, {:.1} ms CPU each",
            self.simulations as f64 / self.wall.as_secs_f64(),
            1_000.0 * self.cpu.as_secs_f64() / self.simulations as f64
        );
        println!("  {:.0} calls per CPU second", self.calls_per_second());
    }

    fn calls_per_second(&self) -> f64 {
        self.arrived as f64 / self.cpu.as_secs_f64()
    }
}

fn main() {
    let bare = measure(Load::BARE, 6, 2);
    let idle = measure(Load { clients: 0, workers: 0, faults: 0, ..Load::CASE }, 20, 2);
    let quiet = measure(Load { faults: 0, ..Load::CASE }, 40, 2);
    let cases = measure(Load::CASE, 100, 2);
    bare.print("bare chain of two empty handlers");
    idle.print("idle cluster");
    quiet.print("cases without faults");
    cases.print("cases with 20 faults");
    let per_core = cases.simulations as f64 / cases.cpu.as_secs_f64();
    println!("two cores to themselves: {:.1} cases/s", 2.0 * per_core);
    println!("calls against the bare chain: {:.0} %", 100.0 * cases.calls_per_second() / bare.calls_per_second());
}
