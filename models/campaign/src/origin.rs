//! What identifies a run of cases and what was asked of it, known before the first case.

use crate::milestone::Needs;
use resurgam_formats::plan::Family;
use resurgam_formats::target::Choice;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What identifies a run of cases, known before the first case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The version of Resurgam.
    pub resurgam: String,
    /// The command line that repeats the run, written from what follows.
    pub command: String,
    /// The scenario, by name or file; `random` if cases are drawn.
    pub scenario: String,
    /// The target: `temporal`, `address`, …
    pub target: String,
    /// What the target says of itself, such as `1.31.2`.
    #[serde(default)]
    pub target_version: String,
    /// The seed of the run, from which the seeds of the cases follow.
    pub seed: u64,
    /// What was asked for.
    pub options: Options,
}

/// What was asked of a run, beside its seed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Options {
    /// The target, as it was chosen.
    pub choice: Choice,
    /// How many cases; absent if only time limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<u64>,
    /// No new case begins after so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// All milestones have to be reached.
    #[serde(default)]
    pub campaign: bool,
    /// What could not be decided counts as violated.
    #[serde(default)]
    pub strict: bool,
}

impl Origin {
    /// The scenario of cases that are drawn.
    pub const RANDOM: &str = "random";
}

impl Options {
    /// What the cases offer to milestones: faults only if none of the families is left out; `None` outside of the simulation.
    #[must_use]
    pub fn offers(&self) -> Option<Needs> {
        let Choice::Simulation { faults, .. } = &self.choice else { return None };
        let all = Family::SIMULATED.iter().all(|family| faults.contains(family));
        Some(if all { Needs::Faults } else { Needs::Plans })
    }
}
