//! Why a target cannot be used.

/// Why a target cannot be used: one line, or a line and the end of a log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server is not installed.
    #[error("the Temporal server is not installed ({0} is missing); run `resurgam setup temporal`")]
    Missing(String),
    /// Files, ports or processes.
    #[error("{0}: {1}")]
    System(&'static str, #[source] std::io::Error),
    /// The server ended or never got ready.
    #[error("the server {how}; end of its log:\n{log}")]
    Failed {
        /// What it did instead of getting ready.
        how: String,
        /// The last lines of its log.
        log: String,
    },
    /// It runs over a container that nobody has started.
    #[error("there is no container of Cassandra")]
    NoContainer,
    /// So many nodes cannot be had.
    #[error("{0} nodes cannot be had: there are 1 to 255")]
    Nodes(u16),
    /// An address that cannot be understood.
    #[error("{0:?} is not an address; expected host:port")]
    Address(String),
    /// There is no such planted bug.
    #[error("there is no planted bug {0}")]
    Bug(String),
    /// It is nothing that a program can start.
    #[error("the orchestrator of a test is known to that test alone; repeat it there")]
    Check,
    /// Nobody listens at the address.
    #[error("{uri} does not answer as a Temporal server: {problem}")]
    Unreachable {
        /// The address that was tried.
        uri: String,
        /// What connecting to it came to.
        problem: String,
    },
    /// Nothing usable answers.
    #[error("{uri} does not answer as a Temporal server: {problem}")]
    Unusable {
        /// The address that was tried.
        uri: String,
        /// The last answer, in one line.
        problem: String,
    },
}

impl Error {
    /// True if it is what was asked for that is wrong, and not the target or the machine.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Bug(_) | Self::Check | Self::Nodes(_))
    }
}
