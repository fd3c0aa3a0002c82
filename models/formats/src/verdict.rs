//! Verdicts: what the rules say about one case. Data only; `resurgam_judge` makes them, `resurgam-reports` shows them.

use crate::rule_id::RuleId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the verdict format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// The verdict on one case or one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// What was judged: a seed or a file name.
    pub subject: String,
    /// One entry per rule, in the order of the catalogue.
    pub rules: Vec<RuleVerdict>,
    /// What a reader should know about the evidence: open runs, partial histories, unrecognised content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleVerdict {
    /// The name of the rule.
    pub rule: RuleId,
    /// What the rule comes to, over all that it examined.
    pub outcome: Outcome,
    /// The evidence of every violation (first hundred); empty unless `violated`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why it is `unknown` or `not_applicable`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How many things the rule looked at: 0 means that it had nothing to say.
    #[serde(default)]
    pub examined: u64,
    /// Violations that the target's profile names as known upstream differences; they are not in `findings`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
}

/// The four outcomes of a rule, from best to worst; a case is as bad as its worst rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The evidence has nothing that this rule is about, or lacks what it needs.
    #[default]
    NotApplicable,
    /// The rule held in everything that it examined.
    Ok,
    /// It could not be decided.
    Unknown,
    /// It was violated.
    Violated,
}

impl Outcome {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Violated => "violated",
        }
    }
}

/// One violation: what is wrong and where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The workflow id, if it is about one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workflow_id: String,
    /// The run id, if it is about one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run_id: String,
    /// Ids of the events in that run that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<i64>,
    /// Numbers of the operations that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<u32>,
    /// The name of a violation pattern that target profiles can refer to; usually empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shape: String,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// A violation that is a known difference of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// The upstream issue, such as `temporal#11968`.
    pub issue: String,
    /// What was found.
    pub finding: Finding,
}

impl Verdict {
    /// The worst outcome of all rules.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.rules.iter().map(|r| r.outcome).max().unwrap_or(Outcome::NotApplicable)
    }
    /// The rules that were violated.
    pub fn violated(&self) -> impl Iterator<Item = &RuleVerdict> {
        self.rules.iter().filter(|r| r.outcome == Outcome::Violated)
    }
}
