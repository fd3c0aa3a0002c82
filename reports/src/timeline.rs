//! The timeline of one workflow, as data: what clients asked, what workers were handed, how long activities, timers and
//! children lasted, every event, what faults did to each node and what its store did, all on the recorder's clock ([`crate::clock`] says how events get there).
//!
//! It arranges evidence and marks what findings name; it judges nothing.

mod history;
mod lane;
mod lanes;
mod nodes;

use crate::clock::Clock;
use lane::time;
use resurgam_campaign::coverage::workflow_of;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::verdict::Finding;
use serde::Serialize;

pub use history::{Row, RunTable};
pub use lane::{Item, Lane, Time};
pub(crate) use nodes::MARK;

/// One workflow id: all its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timeline {
    /// The workflow id.
    pub workflow: String,
    /// How event times were mapped.
    pub clock: Clock,
    /// Lanes from top to bottom.
    pub lanes: Vec<Lane>,
    /// Faults that were active, also those that stand in lanes of nodes.
    pub faults: Vec<Item>,
    /// The events of every run.
    pub runs: Vec<RunTable>,
    /// When the case ended; open bars are drawn up to here.
    pub end: Time,
}

impl Timeline {
    /// The timeline of a workflow id. Events and operations that `findings` name are marked.
    #[must_use]
    pub fn of(evidence: &Evidence, workflow: &str, findings: &[&Finding]) -> Self {
        let clock = Clock::of(evidence);
        let runs: Vec<&Run> = evidence.runs.iter().filter(|run| run.workflow_id == workflow).collect();
        let tables: Vec<RunTable> = runs.iter().map(|run| history::table(run, &clock, findings)).collect();
        let end = end(evidence, &tables);
        let mut lanes = nodes::lanes(evidence, end);
        lanes.extend(lanes::clients(evidence, workflow, findings, end));
        lanes.extend(lanes::tasks(evidence, workflow, findings, end));
        lanes.extend(lanes::activities(evidence, workflow, findings, end));
        lanes.extend(history::waits(&runs, &clock, end));
        lanes.extend(history::ticks(&tables));
        for lane in &mut lanes {
            lane.items.sort_by_key(|item| (item.from, item.to, item.event));
        }
        let faults = nodes::faults(evidence, end);
        Self { workflow: workflow.to_owned(), clock, lanes, faults, runs: tables, end }
    }

    /// True if a violation names something in it.
    #[must_use]
    pub(crate) fn is_bad(&self) -> bool {
        self.lanes.iter().any(|lane| lane.items.iter().any(|item| item.bad))
            || self.runs.iter().any(|run| run.rows.iter().any(|row| row.bad))
    }
}

/// The workflow ids that a finding is about: its own, and those of its operations.
#[must_use]
pub(crate) fn concerned<'a>(finding: &'a Finding, evidence: &'a Evidence) -> Vec<&'a str> {
    let operations = finding.operations.iter().filter_map(|id| evidence.operations.get(id));
    let mut all: Vec<&str> = operations.filter_map(|operation| workflow_of(&operation.call, evidence)).collect();
    if !finding.workflow_id.is_empty() || !finding.events.is_empty() {
        all.push(&finding.workflow_id);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn end(evidence: &Evidence, tables: &[RunTable]) -> Time {
    let rows = tables.iter().flat_map(|table| &table.rows).filter_map(|row| row.at);
    let attempts = evidence.operations.values().flat_map(|operation| &operation.attempts);
    let returns = attempts.map(|attempt| time(attempt.returned.unwrap_or(attempt.invoked)));
    rows.chain(returns).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
