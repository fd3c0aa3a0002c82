//! What mutants are tried in.

use serde::{Deserialize, Serialize};

/// A case, or a group of them that is executed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseId {
    /// The random plan of a seed, as `resurgam run` counts them: judged by rules.
    Plan(u64),
    /// Requests to which the answers of the real server are known, by the number of the group: judged by those.
    Recorded(u64),
}
