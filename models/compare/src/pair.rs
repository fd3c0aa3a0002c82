//! Two runs of the same name, one of each execution, and what is known when they are compared.

use super::normal::Subject;
use super::side::{Found, Side};
use resurgam_formats::plan::Plan;
use std::collections::BTreeSet;

/// What is known when two runs are compared.
pub(super) struct Pair<'c, 'e> {
    pub(super) plan: &'c Plan,
    pub(super) slot: u8,
    pub(super) name: &'c str,
    pub(super) sides: [&'c Side<'e>; 2],
    pub(super) runs: [&'c Found<'e>; 2],
    /// Names of the runs that are equal in both executions.
    pub(super) equal: &'c BTreeSet<String>,
}

impl Pair<'_, '_> {
    /// True if all runs of a child are equal in both.
    pub(super) fn child_equal(&self, child: &Subject) -> bool {
        let Subject::Child(number) = child else { return false };
        let begin = format!("{}/{number}#", self.name);
        self.sides
            .iter()
            .flat_map(|side| side.runs.keys())
            .filter(|name| name.starts_with(&begin))
            .all(|name| self.equal.contains(name))
    }
}
