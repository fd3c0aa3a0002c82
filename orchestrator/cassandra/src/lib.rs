//! The store of our orchestrator in Apache Cassandra: [`Cassandra`] does with statements of CQL what the interface asks for.
//!
//! A commit is one conditional batch on one partition, everything else are plain reads and writes at the local quorum.
//! Nothing is retried here, sent twice for speed or taken for idempotent: the log above knows what a second attempt
//! means, a driver does not. Of an error no more is concluded than what Cassandra means by it whichever Paxos it runs
//! (`conclusion.rs`). The tables can be read with cqlsh; docs/cassandra.md shows how.
//!
//! All of it is behind the feature `driver`, which is off: the driver takes minutes to compile. `resurgam server --store cassandra` is
//! built with `cargo build --features cassandra`.
//!
//! It never creates or alters a table on the way: that is `resurgam schema cassandra`, and [`Cassandra::open`] refuses a
//! schema of another version.

#![cfg(feature = "driver")]

mod conclusion;
mod connection;
mod head;
mod schema;
mod statements;
mod store;
mod value;

pub use connection::{BadReplication, Replication, Settings};
pub use schema::{Schema, VERSION};
pub use store::Cassandra;

/// Cassandra cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No contact point answers, or not as a node of Cassandra does.
    #[error("Cassandra cannot be reached at {contacts}: {problem}")]
    Unreachable {
        /// Who was asked.
        contacts: String,
        /// What the driver says.
        problem: String,
    },
    /// The keyspace is not one.
    #[error("{0:?} is not the name of a keyspace: a lower-case letter, then at most 47 letters, digits and _")]
    Keyspace(String),
    /// There is no keyspace, or nothing of ours in it.
    #[error("the keyspace {0} has no schema: create it with `resurgam schema cassandra --create`")]
    NoSchema(String),
    /// The schema is older than this program.
    #[error(
        "the keyspace {keyspace} has schema {found}, this program needs {VERSION}: run `resurgam schema cassandra --upgrade`"
    )]
    Older {
        /// The keyspace that was asked for.
        keyspace: String,
        /// Which version is there.
        found: i32,
    },
    /// The schema is newer than this program.
    #[error("the keyspace {keyspace} has schema {found}, this program knows {VERSION}: it needs a newer program")]
    Newer {
        /// The keyspace that was asked for.
        keyspace: String,
        /// Which version is there.
        found: i32,
    },
    /// A statement that has to succeed did not.
    #[error("Cassandra does not {what}: {problem}")]
    Statement {
        /// What it was to do.
        what: &'static str,
        /// What the driver says.
        problem: String,
    },
}

impl Error {
    /// True if it is what was asked for that is wrong, and neither the machine nor Cassandra.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Keyspace(_))
    }
}
