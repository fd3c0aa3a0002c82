//! Why there is no image.

use crate::engine::Missing;
use std::io;

/// Why the image could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No engine to hold it.
    #[error(transparent)]
    Engine(#[from] Missing),
    /// A program that is needed to make it is not there.
    #[error("{0} is missing: {1}")]
    Program(&'static str, &'static str),
    /// The JDK is not one that this Cassandra runs on.
    #[error("the JDK is {0}; Cassandra 5.0 needs 11 or 17 (Debian: openjdk-17-jdk-headless)")]
    Java(String),
    /// A program failed.
    #[error("{program} failed ({status}): {said}")]
    Failed {
        /// The program that was called.
        program: &'static str,
        /// How it ended.
        status: String,
        /// Its last lines.
        said: String,
    },
    /// Cassandra did not come up in the new image.
    #[error("Cassandra does not start in the new image; it said: {0}")]
    Start(String),
    /// Files and processes.
    #[error("{0}: {1}")]
    System(String, #[source] io::Error),
}

/// Says what was being done when the system refused.
pub(super) fn system(what: &str) -> impl FnOnce(io::Error) -> Error + use<> {
    let what = what.to_owned();
    move |problem| Error::System(what, problem)
}
