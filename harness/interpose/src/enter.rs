//! How a thread becomes a simulated one, and how it is made sure that it is.

use crate::state::{self, Guard, Refusal, Source};
use std::time::{Duration, Instant, SystemTime};

/// Where a simulated thread starts.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Seed of all random bytes of this thread.
    pub seed: u64,
    /// What the wall clock shows at simulated time zero, since 1970.
    pub epoch: Duration,
    /// Asked at every reading of a clock, for hosts with clocks of their own; without an answer, the time of
    /// [`Guard::set_now`] holds.
    pub source: Source,
}

/// Makes this thread a simulated one until the guard is dropped.
///
/// It should be the first thing that a fresh thread does: the standard library draws the keys of `HashMap` once per
/// thread.
///
/// # Errors
/// [`Refusal`], if this thread has entered already, on platforms without an override, and if the linker bound the calls
/// to something else.
pub fn enter(start: Start) -> Result<Guard, Refusal> {
    if !is_supported() {
        return Err(Refusal::Unsupported);
    }
    let guard = state::begin(start.seed, start.epoch)?;
    let arrived = SystemTime::now() == SystemTime::UNIX_EPOCH + start.epoch
        && Instant::now() == Instant::now()
        && guard.calls().wall == 1
        && guard.calls().monotonic == 2
        && is_random_replaced(&guard);
    state::listen_to(start.source);
    if arrived { Ok(guard) } else { Err(Refusal::Unreached) }
}

/// Whether this program can override anything at all.
const fn is_supported() -> bool {
    cfg!(all(target_os = "linux", target_env = "gnu"))
}

/// `HashMap` keys are drawn once per thread. If this thread is not fresh, the request cannot be seen here, and the
/// determinism test has to.
fn is_random_replaced(guard: &Guard) -> bool {
    let before = guard.calls().random;
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    crate::glibc::ask_for_random_bytes();
    guard.calls().random > before
}
