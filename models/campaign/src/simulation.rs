//! What the cases of a simulation add to the summary of a run: simulated time, traffic, and the milestones that were
//! reached against those that could be. Counts only: a milestone that was not reached is no fault of the target, and a
//! short run never fails for it.

use crate::milestone::{self, Milestone, Milestones, Needs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use std::time::Duration;

/// What passed on the links of a simulated network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// TCP segments that a link delivered.
    pub segments: u64,
    /// Calls that were sent, by clients, workers and nodes.
    #[serde(default)]
    pub rpcs: u64,
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.segments += more.segments;
        self.rpcs += more.rpcs;
    }
}

/// The simulated side of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Simulation {
    /// What its cases offered, and so which milestones could be reached.
    pub offers: Needs,
    /// Simulated time, summed over the cases.
    pub nanoseconds: u64,
    /// What passed on the links, summed over the cases.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// The milestones that were reached, with counts.
    pub milestones: Milestones,
    /// How many milestones could be reached.
    pub possible: u64,
    /// Ids of those that could be reached and were not.
    pub unreached: Vec<String>,
}

/// What only a simulation knows of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Simulated {
    /// Hash of every byte on every link, sixteen hexadecimal digits.
    pub trace: String,
    /// How much simulated time passed, in nanoseconds.
    pub nanoseconds: u64,
    /// What passed on the links.
    pub traffic: Traffic,
    /// The milestones that it reached.
    pub milestones: Milestones,
}

impl Simulated {
    /// How much simulated time passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds)
    }
}

/// The same, in a line of a summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulatedCase {
    /// Hash of every byte on every link, sixteen hexadecimal digits.
    pub trace: String,
    /// How much simulated time passed, in seconds.
    pub seconds: f64,
    /// What passed on the links.
    #[serde(flatten)]
    pub traffic: Traffic,
}

impl Simulation {
    /// A simulation without cases yet.
    #[must_use]
    pub fn new(offers: Needs) -> Self {
        let mut new = Self {
            offers,
            nanoseconds: 0,
            traffic: Traffic::default(),
            milestones: Milestones::default(),
            possible: milestone::all().iter().filter(|one| one.needs <= offers).count() as u64,
            unreached: Vec::new(),
        };
        new.unreached = new.missing().into_iter().map(|one| one.id).collect();
        new
    }

    /// Adds a case.
    pub fn add(&mut self, case: &Simulated) {
        self.nanoseconds = self.nanoseconds.saturating_add(case.nanoseconds);
        self.traffic += case.traffic;
        self.milestones.merge(&case.milestones);
        self.unreached.retain(|id| !self.milestones.reached.contains_key(id));
    }

    /// The milestones that could be reached and were not.
    #[must_use]
    pub fn missing(&self) -> Vec<Milestone> {
        self.milestones.missing(self.offers)
    }

    /// How many of those that could be reached were.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.possible.saturating_sub(self.unreached.len() as u64)
    }

    /// Simulated seconds, summed over the cases.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanoseconds).as_secs_f64()
    }

    /// Simulated seconds per second by the clock on the wall; `None` without either.
    #[must_use]
    pub fn pace(&self, wall_seconds: f64) -> Option<f64> {
        (wall_seconds > 0.0 && self.nanoseconds > 0).then(|| self.seconds() / wall_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::evidence::Evidence;
    use resurgam_testing::notation::parse;

    fn add(simulation: &mut Simulation, evidence: &Evidence) {
        let traffic = Traffic { segments: 10, rpcs: 4 };
        let milestones = Milestones::of(evidence);
        simulation.add(&Simulated { trace: "7".into(), nanoseconds: 1_500_000_000, traffic, milestones });
    }

    #[test]
    fn what_is_reached_is_no_longer_missing() {
        let mut simulation = Simulation::new(Needs::Faults);
        assert_eq!((simulation.reached(), simulation.possible), (0, milestone::all().len() as u64));
        let kill = r#"{"at":1,"type":"fault","fault":"kill 1","active":true}"#;
        add(&mut simulation, &parse(&format!("1 TimerFired\n{kill}")).unwrap());
        add(&mut simulation, &parse("1 TimerFired").unwrap());
        add(&mut simulation, &Evidence::default());
        assert_eq!(
            (simulation.reached(), simulation.seconds(), simulation.traffic),
            (2, 4.5, Traffic { segments: 30, rpcs: 12 })
        );
        assert_eq!(simulation.milestones.reached["timer-fired"].cases, 2);
        let missing: Vec<String> = simulation.missing().into_iter().map(|one| one.id).collect();
        assert_eq!(missing, simulation.unreached);
        assert!(missing.contains(&"fault-partition".to_owned()) && !missing.contains(&"fault-kill".to_owned()));
    }

    #[test]
    fn a_calm_cluster_is_not_asked_for_what_needs_faults() {
        let mut simulation = Simulation::new(Needs::Plans);
        assert!(simulation.possible < milestone::all().len() as u64);
        assert!(!simulation.unreached.iter().any(|id| id.starts_with("fault-") || id.starts_with("store-")));
        add(&mut simulation, &parse(r#"{"at":1,"type":"fault","fault":"kill 1","active":true}"#).unwrap());
        assert_eq!(simulation.reached(), 0, "what is not asked does not count");
        assert_eq!(simulation.unreached.len() as u64, simulation.possible);
    }

    #[test]
    fn a_pace_needs_time() {
        let mut simulation = Simulation::new(Needs::Plans);
        assert_eq!(simulation.pace(2.0), None);
        add(&mut simulation, &Evidence::default());
        assert_eq!((simulation.pace(0.0), simulation.pace(0.5)), (None, Some(3.0)));
    }
}
