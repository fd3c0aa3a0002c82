//! How much memory an input takes at most.
//!
//! The allocator counts for all threads, so one test runs at a time.

use peak_alloc::PeakAlloc;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Whoever holds this is the only one who allocates, if every test of a process asks for it first.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // A test that has failed leaves nothing behind.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what an input is given to. It says something only if no other thread allocates meanwhile, see [`alone`].
///
/// # Panics
/// It took more than `most` bytes at one moment, beyond what was there before; or panics itself.
pub fn within<T>(most: usize, run: impl FnOnce() -> T) -> T {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let done = run();
    let took = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(took <= most, "it took {took} bytes, more than {most}");
    done
}
