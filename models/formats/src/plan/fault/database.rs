//! What can be done to the database itself. Only a world with a real one can do it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseFault {
    /// Its process is killed, and started again at the end: what its commit log has not on disk is lost.
    Kill,
    /// It is told to end, writes what it has and does so, and is started again at the end.
    Restart,
    /// It stands still, and goes on at the end.
    Pause,
    /// It writes what it has in memory to its tables.
    Flush,
    /// It makes one table file out of many.
    Compact,
}

impl DatabaseFault {
    /// The names of all of them as faults.
    pub const NAMES: &[&str] =
        &["database_kill", "database_restart", "database_pause", "database_flush", "database_compact"];

    /// Its name as a fault, one of [`Self::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "database_kill",
            Self::Restart => "database_restart",
            Self::Pause => "database_pause",
            Self::Flush => "database_flush",
            Self::Compact => "database_compact",
        }
    }
}
