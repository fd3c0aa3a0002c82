//! How much memory an input takes at most.
//!
//! The allocator counts for all threads, so one input is run at a time, whichever thread wants to.

use peak_alloc::PeakAlloc;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// One at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Runs what an input is given to.
///
/// # Panics
/// It took more than `most` bytes at one moment, beyond what was there before; or panics itself.
pub fn within<T>(most: usize, run: impl FnOnce() -> T) -> T {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let done = run();
    let took = ALLOCATOR.peak_usage().saturating_sub(before);
    drop(turn);
    assert!(took <= most, "it took {took} bytes, more than {most}");
    done
}
