//! Why the server could not be run, and whose fault that is.

use resurgam_released::cluster::token_keys::UnreadableKeys;
use resurgam_released::node;
use std::io;
use std::path::PathBuf;
use tonic::{Code, Status};

/// The server could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address has no port, or one that is too high for so many nodes.
    #[error("{0:?} is not an address for so many nodes; expected HOST:PORT")]
    Address(String),
    /// There must be at least one node.
    #[error("there has to be at least one node")]
    Nodes,
    /// The node that is to run here is not one of the members.
    #[error("{0:?} is not a member: name it and where it is called by --member")]
    Stranger(String),
    /// Two members have one name.
    #[error("there are two members of the name {0:?}")]
    Twice(String),
    /// Nodes in several processes cannot share what one of them has in memory.
    #[error("nodes in several processes need a store that they share: --store cassandra")]
    Alone,
    /// A token that one node made has to be known to the others.
    #[error("nodes in several processes need the same keys of tokens: --token-keys FILE")]
    NoKeys,
    /// No runtime, or no free port.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// The descriptors of the API, which are part of the program, cannot be read.
    #[error("which calls there are is not known: {0}")]
    Calls(String),
    /// The file of keys is not there, or cannot be read.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file that was named.
        file: PathBuf,
        /// What the system says.
        problem: io::Error,
    },
    /// The file of keys holds something else.
    #[error("{}: {problem}", file.display())]
    Keys {
        /// The file that was named.
        file: PathBuf,
        /// What is wrong with it.
        problem: UnreadableKeys,
    },
    /// The store cannot be used.
    #[cfg(feature = "cassandra")]
    #[error(transparent)]
    Cassandra(#[from] resurgam_cassandra_store::Error),
    /// The driver of the store takes minutes to compile, and was left out.
    #[error("this program was built without Cassandra; cargo build --features cassandra has it")]
    WithoutCassandra,
    /// A node ended.
    #[error(transparent)]
    Node(#[from] node::Error),
    /// A namespace cannot be made.
    #[error("no namespace {name:?}: {}", problem.message())]
    Namespace {
        /// The name that was asked for.
        name: String,
        /// What the registry says.
        problem: Box<Status>,
    },
}

impl Error {
    /// True if it is what was asked for that is wrong, and not the machine.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Address(_) | Self::Nodes | Self::Stranger(_) | Self::Twice(_) | Self::Alone | Self::NoKeys => true,
            Self::WithoutCassandra | Self::File { .. } | Self::Keys { .. } => true,
            // What a name of a namespace must not have.
            Self::Namespace { problem, .. } => problem.code() == Code::InvalidArgument,
            #[cfg(feature = "cassandra")]
            Self::Cassandra(problem) => problem.is_bad_input(),
            Self::Runtime(_) | Self::Calls(_) | Self::Node(_) => false,
        }
    }
}
