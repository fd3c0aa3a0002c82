//! Milestones: situations that a campaign must have seen at least once, counted.
//!
//! A suite that is silent proves little if the dangerous moments never came: a worker that lost its task, a batch that
//! landed late, a buffer that was flushed out of order. Each milestone is a detector on the evidence of one case; counts
//! of cases add up. One that is never reached in a campaign is a failure of the suite, not of the target, and says
//! nothing in a short run. Nothing is judged here.

mod activity;
mod asked;
mod call;
mod fault;
mod find;
mod misuse;
mod policy;
mod retention;
mod row;
mod run;
mod task;
mod update;

#[cfg(test)]
mod tests;

pub use row::Needs;

use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::FaultKind;
use resurgam_formats::store::StoreEvent;
use row::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A situation that must be seen.
#[derive(Clone, Debug)]
pub struct Milestone {
    /// Stable id, such as `buffer-reordered`.
    pub id: String,
    /// What happened, in a line.
    pub title: String,
    /// What must be there before it can be reached.
    pub needs: Needs,
    detector: Detector,
    /// Evidence in `resurgam_testing::notation` that reaches it.
    pub seen: String,
    /// A near miss that does not.
    pub near: String,
}

#[derive(Clone, Debug)]
enum Detector {
    Count(fn(&Evidence) -> u64),
    /// A fault of this kind that made a difference.
    Fault(&'static str),
    /// A line of the store.
    Store(StoreEvent),
}

impl Milestone {
    /// How often the evidence of a case shows it.
    #[must_use]
    pub fn count(&self, evidence: &Evidence) -> u64 {
        match self.detector {
            Detector::Count(count) => count(evidence),
            Detector::Fault(kind) => {
                let hit = |fault: &&resurgam_formats::evidence::InjectedFault| {
                    fault.fault.kind() == kind && fault.hits != Some(0)
                };
                evidence.faults.iter().filter(hit).count() as u64
            }
            Detector::Store(outcome) => evidence.store.iter().filter(|line| line.3 == outcome).count() as u64,
        }
    }
}

/// What a correct orchestrator never makes a store do, and what is no event at all.
const NOT_WANTED: &[StoreEvent] = &[
    StoreEvent::Applied,
    StoreEvent::Appended,
    StoreEvent::Deleted,
    StoreEvent::AppliedTwice,
    StoreEvent::Collision,
    StoreEvent::Overwritten,
    StoreEvent::Outdated,
];

/// Every milestone there is, whatever a target offers.
#[must_use]
pub fn all() -> Vec<Milestone> {
    let rows = [
        task::ALL,
        update::ALL,
        activity::ALL,
        run::ALL,
        call::ALL,
        misuse::ALL,
        policy::ALL,
        fault::ALL,
        retention::ALL,
    ]
    .into_iter()
    .flatten();
    let mut all: Vec<Milestone> = rows.map(of_row).collect();
    all.extend(FaultKind::NAMES.iter().map(|kind| of_fault(kind)));
    all.extend(
        StoreEvent::ALL.iter().filter(|outcome| !NOT_WANTED.contains(outcome)).map(|outcome| of_store(*outcome)),
    );
    all
}

fn of_row(row: &Row) -> Milestone {
    Milestone {
        id: row.id.to_owned(),
        title: row.title.to_owned(),
        needs: row.needs,
        detector: Detector::Count(row.count),
        seen: row.seen.to_owned(),
        near: row.near.to_owned(),
    }
}

fn of_fault(kind: &'static str) -> Milestone {
    let line = |hits| {
        format!(
            "{{\"at\":1,\"type\":\"fault\",\"fault\":\"{kind} 1\",\"active\":true}}\n\
             {{\"at\":2,\"type\":\"fault\",\"fault\":\"{kind} 1\",\"active\":false,\"hits\":{hits}}}"
        )
    };
    Milestone {
        id: format!("fault-{}", kind.replace('_', "-")),
        title: format!("a fault of kind {kind} made a difference"),
        needs: Needs::Faults,
        detector: Detector::Fault(kind),
        seen: line(1),
        near: line(0),
    }
}

fn of_store(outcome: StoreEvent) -> Milestone {
    let line =
        |name| format!("{{\"at\":1,\"type\":\"store\",\"node\":1,\"partition\":\"shard 1\",\"outcome\":\"{name}\"}}");
    Milestone {
        id: format!("store-{}", outcome.name().replace('_', "-")),
        title: format!("in the store: {}", outcome.name().replace('_', " ")),
        needs: Needs::Faults,
        detector: Detector::Store(outcome),
        seen: line(outcome.name()),
        near: line(StoreEvent::Collision.name()),
    }
}

/// How often each milestone was reached; those that were not are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Milestones {
    /// Cases that were looked at.
    pub cases: u64,
    /// By id: in how many cases, and how often in all.
    pub reached: BTreeMap<String, Reached>,
}

/// Counts of one milestone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// In so many cases.
    pub cases: u64,
    /// So often in all.
    pub times: u64,
}

impl Milestones {
    /// What one case reached.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Self {
        let counts = all().into_iter().map(|milestone| (milestone.count(evidence), milestone.id));
        let reached = counts.filter(|(times, _)| *times > 0).map(|(times, id)| (id, Reached { cases: 1, times }));
        Self { cases: 1, reached: reached.collect() }
    }

    /// Adds the counts of other cases.
    pub fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        for (id, counts) in &other.reached {
            let mine = self.reached.entry(id.clone()).or_default();
            mine.cases += counts.cases;
            mine.times += counts.times;
        }
    }

    /// The milestones that were not reached, of those that could be.
    #[must_use]
    pub fn missing(&self, with: Needs) -> Vec<Milestone> {
        all().into_iter().filter(|one| one.needs <= with && !self.reached.contains_key(&one.id)).collect()
    }
}
