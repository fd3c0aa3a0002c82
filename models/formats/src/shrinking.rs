//! How large a plan is, in the numbers by which people judge it, and how far its shrinking is.

use crate::plan::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How large a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// Faults of the cluster.
    pub faults: usize,
    /// Workflows that operations name.
    pub workflows: usize,
    /// Operations of clients.
    pub operations: usize,
    /// Statements of all programs, nested ones and those of children, handlers and successors included.
    pub statements: usize,
    /// Faults of workers.
    pub worker_faults: usize,
    /// Misuses by clients.
    #[serde(default)]
    pub misuses: usize,
    /// Of what there is more and more.
    #[serde(default)]
    pub growths: usize,
    /// Nodes of the cluster.
    pub nodes: usize,
}

impl Measure {
    /// The size of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            faults: plan.faults.len(),
            workflows: plan.operations.iter().map(|operation| operation.workflow).collect::<BTreeSet<_>>().len(),
            operations: plan.operations.len(),
            statements: plan.statement_count(),
            worker_faults: plan.worker_faults.len(),
            misuses: plan.misuses.len(),
            growths: plan.growths.len(),
            nodes: usize::from(plan.cluster.node_count()),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.statements, "statement", "statements"),
            (self.operations, "operation", "operations"),
            (self.faults, "fault", "faults"),
            (self.worker_faults, "worker fault", "worker faults"),
            (self.nodes, "node", "nodes"),
        ];
        // Few plans have any.
        let misuses = (self.misuses > 0).then_some((self.misuses, "misuse", "misuses"));
        let growths = (self.growths > 0).then_some((self.growths, "growth", "growths"));
        let parts = parts.into_iter().chain(misuses).chain(growths);
        let parts: Vec<_> =
            parts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
        f.write_str(&parts.join(", "))
    }
}

/// How far the shrinking of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many smaller plans were proposed so far.
    pub proposed: u32,
    /// Candidates that broke the rule.
    pub accepted: u32,
    /// How many may be proposed at most.
    pub budget: u32,
    /// What is being made smaller.
    pub pass: &'static str,
    /// The size of the first plan.
    pub from: Measure,
    /// The size of the best plan so far.
    pub to: Measure,
}
