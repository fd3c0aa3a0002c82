//! An allocator that reads a clock of its own is no reader of the simulated ones.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use resurgam_interpose::{Calls, Start, enter};
use std::hint::black_box;
use std::thread;
use std::time::Duration;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[test]
fn the_readings_of_the_allocator_are_not_simulated() {
    thread::spawn(|| {
        let guard = enter(Start { seed: 1, epoch: Duration::from_secs(1), source: |_| None }).unwrap();
        // Enough that the allocator looks how long it has not needed something, many times.
        for round in 0..200_000_usize {
            black_box(vec![0_u8; 1 + round % 40_000]);
        }
        assert_eq!(guard.calls(), Calls::default());
    })
    .join()
    .unwrap();
}
