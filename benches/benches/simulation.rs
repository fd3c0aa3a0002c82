//! What simulating real tonic costs: cases per second on two cores, and calls per second against a bare chain of empty
//! handlers measured in the same run. Once for a cluster of stubs, once for our orchestrator as `resurgam run` runs it.
//!
//! `cargo bench -p resurgam-benches --bench simulation` prints both with the CPU time they took; wall time is only worth
//! something on a machine that does nothing else.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use resurgam_benches::busy::cpu_time;
use resurgam_benches::stub::{Load, case};
use resurgam_harness::simulated::execute;

use resurgam_formats::plan::Family;
use resurgam_simulation::Traffic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Measured {
    simulations: u64,
    traffic: Traffic,
    simulated: Duration,
    wall: Duration,
    cpu: Duration,
}

/// Simulates this many seeds on two threads.
fn measure(simulations: u64, simulate: impl Fn(u64) -> (Traffic, Duration) + Sync) -> Measured {
    let next = AtomicU64::new(0);
    let (began, cpu) = (Instant::now(), cpu_time().unwrap_or_default());
    let worker = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= simulations {
                return done;
            }
            done.push(simulate(seed));
        }
    };
    let done: Vec<(Traffic, Duration)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    assert_eq!(done.len() as u64, simulations, "a simulation is missing");
    let (mut traffic, mut simulated) = (Traffic::default(), Duration::ZERO);
    for (passed, elapsed) in done {
        traffic.segments += passed.segments;
        traffic.rpcs += passed.rpcs;
        simulated += elapsed;
    }
    Measured { simulations, traffic, simulated, wall: began.elapsed(), cpu: cpu_time().unwrap_or_default() - cpu }
}

fn stubs(simulations: u64, load: Load) -> Measured {
    measure(simulations, |seed| match case(seed, load) {
        Ok(outcome) => (outcome.traffic, outcome.elapsed),
        Err(failure) => panic!("{failure}"),
    })
}

/// Default cases of our orchestrator; nothing is judged.
fn builtin(simulations: u64) -> Measured {
    let target = resurgam_builtin::subject(None);
    measure(simulations, |seed| {
        let simulated = execute(&resurgam_generate::chaos_of(seed, Family::SIMULATED), &target, "case-");
        assert!(simulated.failure.is_none() && simulated.contradiction.is_none(), "seed {seed}");
        (simulated.traffic, simulated.elapsed)
    })
}

impl Measured {
    fn print(&self, name: &str, bare: &Self) {
        let each = |total: f64| total / self.simulations as f64;
        println!("{name}: {} simulations", self.simulations);
        println!(
            "  each: {:.1} simulated s, {:.0} calls in {:.0} segments, {:.1} ms CPU",
            each(self.simulated.as_secs_f64()),
            each(self.traffic.rpcs as f64),
            each(self.traffic.segments as f64),
            1_000.0 * each(self.cpu.as_secs_f64())
        );
        println!(
            "  {:.1} per second of wall time, {:.1} on two cores to themselves",
            self.simulations as f64 / self.wall.as_secs_f64(),
            2.0 * self.simulations as f64 / self.cpu.as_secs_f64()
        );
        println!(
            "  {:.0} calls per CPU second, {:.0} % of the bare chain",
            self.calls_per_second(),
            100.0 * self.calls_per_second() / bare.calls_per_second()
        );
    }

    fn calls_per_second(&self) -> f64 {
        self.traffic.rpcs as f64 / self.cpu.as_secs_f64()
    }
}

fn main() {
    let bare = stubs(6, Load::BARE);
    let idle = stubs(20, Load { clients: 0, workers: 0, faults: 0, ..Load::CASE });
    let quiet = stubs(40, Load { faults: 0, ..Load::CASE });
    let cases = stubs(100, Load::CASE);
    let ours = builtin(100);
    bare.print("bare chain of two empty handlers", &bare);
    idle.print("idle cluster of stubs", &bare);
    quiet.print("stubs without faults", &bare);
    cases.print("stubs with 20 faults", &bare);
    ours.print("our orchestrator, default cases", &bare);
}
