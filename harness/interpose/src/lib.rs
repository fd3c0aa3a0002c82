//! Time and randomness of the C library, replaced per thread, so that a simulation repeats.
//!
//! Crates ask the C library for the time and for random bytes: `SystemTime`, `Instant`, the keys of every `HashMap`,
//! `getrandom`, `uuid`, h2's expiry of streams, hyper's date header. This crate defines `getrandom`, `getentropy` and
//! `clock_gettime` for the whole program. A thread that called [`enter`] reads simulated values; every other thread gets
//! the real ones.
//!
//! It never changes a thread that did not enter, never touches clocks of CPU time, and knows nothing of simulations but
//! what it is told. What it cannot reach are raw system calls (getrandom 0.2 makes them): [`Guard::calls`] is there so
//! that a test can assert that what should have arrived did arrive. All unsafe code of the workspace is in this crate.

// Said here because this is the first of our crates that is compiled, within seconds: a build that will not do is not to
// take minutes until it says so.
#[cfg(not(tokio_unstable))]
compile_error!(
    "Resurgam's simulation needs tokio built with `--cfg tokio_unstable`: without it, panics of tasks pass unseen and \
     `select!` does not repeat. Put `[build] rustflags = [\"--cfg\", \"tokio_unstable\"]` into .cargo/config.toml of your \
     workspace, and unset the environment variable RUSTFLAGS or add `--cfg tokio_unstable` to it."
);

mod draw;
mod enter;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc;
mod state;

pub use enter::{Start, enter};
pub use state::{Calls, Clock, Guard, Reading, Refusal, Source, UPTIME};
