//! `case.json`: what a case was made with, and what was said of it. With the plan, the recording and the verdict beside
//! it, a directory can be repeated, judged and compared by somebody who has nothing else.

use crate::plan::{Family, Plan};
use crate::rule_id::RuleId;
use crate::shrinking::Measure;
use crate::target::Choice;
use crate::verdict::{Outcome, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of `case.json` that this build writes and the newest it reads.
pub const VERSION: u32 = 2;

/// The content of `case.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// The version of Resurgam that made it.
    pub resurgam: String,
    /// The seed of its plan.
    pub seed: u64,
    /// The name of the target: `builtin`, `temporal`, `address`, or what an orchestrator calls itself.
    pub target: String,
    /// What the target says its version is.
    pub target_version: String,
    /// How the target was chosen: with a planted bug, at an address.
    pub choice: Choice,
    /// Our orchestrator asserted nothing of itself, so that what only its invariants see was not seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_invariants: bool,
    /// The families of the faults in its plan.
    pub faults: Vec<Family>,
    /// What goes in front of every id.
    pub prefix: String,
    /// The command that makes it again. That of a plan which no seed gives is to be entered in the directory of the case.
    pub command: String,
    /// Hash of `plan.json` as it was written, sixteen hexadecimal digits; absent before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// Hash of the recording, uncompressed, sixteen hexadecimal digits.
    pub recording_hash: String,
    /// Hash of `verdict.json` as it was written, sixteen hexadecimal digits; absent if there is none, and before version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_hash: Option<String>,
    /// Hash of every byte on every simulated link, sixteen hexadecimal digits; absent on a real target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_hash: Option<String>,
    /// What was said of it.
    pub judgement: Judgement,
    /// How it came from a larger case, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
}

/// What was said of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Judgement {
    /// It was judged.
    Judged {
        /// The worst outcome of all rules.
        outcome: Outcome,
        /// The rules that were violated, in the order of the catalogue.
        violated: Vec<RuleId>,
        /// The rules that could not be decided.
        unknown: Vec<RuleId>,
    },
    /// It could not be: the suite contradicted itself, or a fault did not take place.
    NotJudged {
        /// What kept it from being judged.
        why: String,
    },
}

/// How a plan was made smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shrunk {
    /// The rule that the plan broke all the way.
    pub rule: RuleId,
    /// The size it had.
    pub from: Measure,
    /// The size it has.
    pub to: Measure,
    /// Candidates that were executed.
    pub proposed: u32,
    /// Candidates that broke the rule.
    pub accepted: u32,
}

impl Judgement {
    /// What a verdict comes to.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        let rules = |outcome: Outcome| {
            let rules = verdict.rules.iter().filter(|rule| rule.outcome == outcome);
            rules.map(|rule| rule.rule.clone()).collect()
        };
        Self::Judged { outcome: verdict.worst(), violated: rules(Outcome::Violated), unknown: rules(Outcome::Unknown) }
    }

    /// The worst outcome; `unknown` if it was not judged, which is never held.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Judged { outcome, .. } => *outcome,
            Self::NotJudged { .. } => Outcome::Unknown,
        }
    }
}

impl fmt::Display for Judgement {
    /// `held`, `violated H25-completions`, `unknown L1-a, L2-b`, `nothing to judge` or `not judged: why`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outcome, violated, unknown) = match self {
            Self::NotJudged { why } => return write!(f, "not judged: {why}"),
            Self::Judged { outcome, violated, unknown } => (outcome, violated, unknown),
        };
        let names = |rules: &[RuleId]| rules.iter().map(RuleId::as_str).collect::<Vec<_>>().join(", ");
        match outcome {
            Outcome::Violated => write!(f, "violated {}", names(violated)),
            Outcome::Unknown => write!(f, "unknown {}", names(unknown)),
            Outcome::Ok => f.write_str("held"),
            Outcome::NotApplicable => f.write_str("nothing to judge"),
        }
    }
}

/// The families of the faults in a plan, each once.
#[must_use]
pub fn families(plan: &Plan) -> Vec<Family> {
    let mut families: Vec<Family> = plan.faults.iter().map(|fault| fault.kind.family()).collect();
    families.sort_unstable();
    families.dedup();
    families
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::RuleVerdict;

    fn verdict(outcomes: &[(&str, Outcome)]) -> Verdict {
        let rule = |(rule, outcome): &(&str, Outcome)| RuleVerdict {
            rule: (*rule).into(),
            outcome: *outcome,
            findings: vec![],
            why: String::new(),
            examined: 1,
            known: vec![],
        };
        Verdict { version: 1, subject: String::new(), rules: outcomes.iter().map(rule).collect(), notes: vec![] }
    }

    #[test]
    fn a_judgement_reads_like_a_sentence() {
        let of = |outcomes: &[(&str, Outcome)]| Judgement::of(&verdict(outcomes)).to_string();
        assert_eq!(of(&[("A1-a", Outcome::Ok), ("B1-b", Outcome::NotApplicable)]), "held");
        assert_eq!(of(&[("A1-a", Outcome::Unknown), ("B1-b", Outcome::Ok)]), "unknown A1-a");
        assert_eq!(of(&[("A1-a", Outcome::Violated), ("B1-b", Outcome::Violated)]), "violated A1-a, B1-b");
        assert_eq!(of(&[]), "nothing to judge");
        let broken = Judgement::NotJudged { why: "no node".into() };
        assert_eq!((broken.to_string().as_str(), broken.outcome()), ("not judged: no node", Outcome::Unknown));
    }
}
