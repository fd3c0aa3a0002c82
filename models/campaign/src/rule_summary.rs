//! What one rule said over all cases of a run, whatever the order in which they ended.

use crate::results::RuleResult;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most this many seeds are kept per rule and outcome.
pub(crate) const SEEDS: usize = 20;

/// What one rule said over all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSummary {
    /// The name of the rule.
    pub rule: RuleId,
    /// Cases in which it held.
    pub ok: u64,
    /// Cases in which it was violated.
    pub violated: u64,
    /// Cases in which it could not be decided.
    pub unknown: u64,
    /// Cases that had nothing it is about.
    pub not_applicable: u64,
    /// How many things it looked at in all.
    pub examined: u64,
    /// Violations that are known differences of the target, by upstream issue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, u64>,
    /// The twenty cases with the smallest seeds that violated it, with the first violation of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Example>,
    /// The twenty cases with the smallest seeds that it could not decide, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Example>,
}

/// A case and one sentence about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The seed of the case that shows it.
    pub seed: u64,
    /// What the rule says about that case.
    pub message: String,
}

impl RuleSummary {
    pub(crate) fn add(&mut self, seed: u64, rule: &RuleResult) {
        self.examined += rule.examined;
        for (issue, count) in &rule.known {
            *self.known.entry(issue.clone()).or_default() += count;
        }
        let examples = match rule.outcome {
            Outcome::Ok => {
                self.ok += 1;
                return;
            }
            Outcome::NotApplicable => {
                self.not_applicable += 1;
                return;
            }
            Outcome::Violated => {
                self.violated += 1;
                &mut self.failing
            }
            Outcome::Unknown => {
                self.unknown += 1;
                &mut self.undecided
            }
        };
        let at = examples.partition_point(|earlier| earlier.seed < seed);
        examples.insert(at, Example { seed, message: rule.message.clone() });
        examples.truncate(SEEDS);
    }

    /// The worst outcome of this rule over all cases.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        match self {
            Self { violated: 1.., .. } => Outcome::Violated,
            Self { unknown: 1.., .. } => Outcome::Unknown,
            Self { ok: 1.., .. } => Outcome::Ok,
            _ => Outcome::NotApplicable,
        }
    }
}
