//! Real Cassandra in a container: started, stopped, paused, killed and started again, and always taken away.
//!
//! All of it is behind the feature `containers`, which is off: what speaks to a container engine is a hundred crates, and whoever
//! works on anything else is not to compile them. `cargo test -p resurgam-real --features containers` asks for it.
//! `RESURGAM_REAL` decides whether the tests run (`resurgam_harness::real`).
//!
//! A container outlives neither a test that panics nor a process that is killed: a guardian process removes what bears the
//! label of its owner as soon as the owner is gone (`guardian.rs`), and what even that left behind, because the engine did
//! not answer, goes before the next container starts (`owner.rs`).
#![cfg(feature = "containers")]

mod faults;
mod guardian;
mod node;
mod owner;
mod profile;
mod readiness;

pub use node::Node;
pub use profile::Profile;

use resurgam_harness::engine::Missing;

/// A container cannot be had, or does not do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is missing before one can be started.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It does not start, or does not get ready.
    #[error("Cassandra does not start: {0}")]
    Start(String),
    /// The engine refused.
    #[error("the container engine does not {what}: {problem}")]
    Engine {
        /// What it was asked for.
        what: &'static str,
        /// What it says.
        problem: String,
    },
    /// Files and processes of this machine.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl Error {
    fn engine(what: &'static str, problem: &impl std::fmt::Display) -> Self {
        Self::Engine { what, problem: problem.to_string() }
    }
}
