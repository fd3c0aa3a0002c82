//! One row of a table of milestones: a detector on the evidence of a case, and what shows that it works.

use resurgam_formats::evidence::Evidence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What must be there before a milestone can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nothing but plans: any target reaches it.
    Plans,
    /// Faults: a world that injects them.
    Faults,
}

/// A milestone as the tables list it.
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) needs: Needs,
    pub(super) count: fn(&Evidence) -> u64,
    pub(super) seen: &'static str,
    pub(super) near: &'static str,
}
