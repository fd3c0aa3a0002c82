//! Why a simulation has no outcome. Whose fault that is is told apart here: what a node did wrong is for rules to judge, all
//! else is an error of the suite.

use crate::injector::Unfaithful;
use crate::panics::Panic;
use resurgam_interpose::Refusal;
use std::time::Duration;

/// A simulation that has no outcome.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}, at {at:?}, trace {trace:016x}: {why}")]
pub struct Failure {
    /// The seed of the simulation, which fails again with it.
    pub seed: u64,
    /// When it failed, in simulated time.
    pub at: Duration,
    /// Hash of all that had passed.
    pub trace: u64,
    /// Who could not go on, and what stopped it.
    pub why: Why,
}

/// Why a simulation failed.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Time and randomness cannot be simulated.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no thread for it.
    #[error("no thread for a simulation: {0}")]
    Thread(std::io::Error),
    /// The driver was not done in time.
    #[error("the driver was not done after {0:?} of simulated time")]
    Deadline(Duration),
    /// The suite itself panicked; its words and place.
    #[error("panic: {0}")]
    Panic(String),
    /// A node panicked.
    #[error("node {node} panicked: {message}")]
    NodePanic {
        /// Which, in the order of registration.
        node: u8,
        /// What it asserted, or where in its code it was.
        message: String,
    },
    /// The main future of a node ended with an error.
    #[error("a node failed: {0}")]
    Node(String),
    /// A fault did not take place.
    #[error(transparent)]
    Unfaithful(#[from] Unfaithful),
}

impl From<Panic> for Why {
    fn from(panic: Panic) -> Self {
        match panic.host {
            // Nodes stand behind the driver.
            Some(place) => Self::NodePanic { node: (place - 1).try_into().unwrap_or(u8::MAX), message: panic.told },
            None => Self::Panic(panic.words),
        }
    }
}
