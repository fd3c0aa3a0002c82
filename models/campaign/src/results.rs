//! `results.jsonl`: what a run found, one line per case, appended as cases end. Everything else that a run leaves (page,
//! JUnit, summary) is made from it and from the directories of the kept cases, so it can be made again, and a run that
//! was killed has lost nothing that had ended.
//!
//! The first line says what was run, the last one how it ended. Without the last line nobody knows.

use crate::coverage::Coverage;
use crate::origin::Origin;
use crate::simulation::Simulated;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::{Outcome, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The version of the format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;

/// A line of `results.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first one.
    Run(Box<Begun>),
    /// A case that ended.
    Case(Box<CaseResult>),
    /// The last one.
    End(Ended),
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Begun {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// What was run.
    #[serde(flatten)]
    pub origin: Origin,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// Why it says less than was asked; empty if it did what was asked.
    pub shortfalls: Vec<Shortfall>,
    /// Seconds by the clock on the wall until the last case had ended.
    pub wall_seconds: f64,
}

/// A reason why a run says less than was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Shortfall {
    /// The target went away.
    TargetLost {
        /// What was noticed of it.
        why: String,
    },
    /// The machine failed: a full disk.
    MachineFailed {
        /// What was noticed of it.
        why: String,
    },
    /// Somebody ended it.
    Interrupted {
        /// Who, such as `SIGTERM`.
        by: String,
        /// All cases had ended, and only making plans smaller was cut short.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cases_ended: bool,
    },
    /// There is no word of its end: it was killed, or is still going.
    Unfinished,
    /// No case had anything to judge.
    NothingJudged,
    /// Milestones were not reached that a campaign must have reached.
    CampaignShort {
        /// How many milestones are missing.
        unreached: u64,
    },
    /// What it made on the target could not be taken away.
    NotCleaned {
        /// What went wrong with taking it away.
        why: String,
    },
}

impl Shortfall {
    /// The word for the state of a run that has it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::TargetLost { .. } => "target lost",
            Self::MachineFailed { .. } => "machine failed",
            Self::Interrupted { .. } => "interrupted",
            Self::Unfinished => "unfinished",
            Self::NothingJudged => "nothing judged",
            Self::CampaignShort { .. } => "campaign short",
            Self::NotCleaned { .. } => "not cleaned up",
        }
    }

    /// True if it is the doing of the target or of the machine, and not of what was asked.
    #[must_use]
    pub fn is_of_target_or_machine(&self) -> bool {
        match self {
            Self::TargetLost { .. } | Self::MachineFailed { .. } | Self::NotCleaned { .. } => true,
            Self::Interrupted { .. } | Self::Unfinished | Self::NothingJudged | Self::CampaignShort { .. } => false,
        }
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetLost { why } => write!(f, "target lost: {why}"),
            Self::MachineFailed { why } => write!(f, "machine failed: {why}"),
            Self::Interrupted { by, cases_ended: false } => {
                write!(f, "interrupted by {by}: the cases that had ended are reported, the others were dropped")
            }
            Self::Interrupted { by, cases_ended: true } => {
                write!(
                    f,
                    "interrupted by {by}: all cases had ended and are reported, but not all plans were made smaller"
                )
            }
            Self::Unfinished => {
                f.write_str("unfinished: there is no word of its end; it was killed, or is still going")
            }
            Self::NothingJudged => f.write_str("nothing judged"),
            Self::CampaignShort { unreached } => write!(f, "campaign short: {unreached} milestones were not reached"),
            Self::NotCleaned { why } => write!(f, "not cleaned up: {why}"),
        }
    }
}

/// A case that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// The seed that gives the case again.
    pub seed: u64,
    /// Its directory, relative to that of the run, if it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Milliseconds of executing.
    pub executing_ms: f64,
    /// Milliseconds of judging.
    pub judging_ms: f64,
    /// What was said of it.
    #[serde(flatten)]
    pub said: Said,
}

/// What was said of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// What the rules say.
    Judged(Box<Judged>),
    /// It could not be judged, for this reason.
    NotJudged(String),
}

/// A case that was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Hash of its recording, sixteen hexadecimal digits.
    pub recording_hash: String,
    /// What each rule says.
    pub rules: Vec<RuleResult>,
    /// What it exercised.
    pub coverage: Coverage,
    /// What only a simulation knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Simulated>,
}

/// What a rule says of a case, in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleResult {
    /// The name of the rule.
    pub rule: RuleId,
    /// What it says.
    pub outcome: Outcome,
    /// How many things it looked at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub examined: u64,
    /// The first violation, or why it could not be decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Known differences of the target, by upstream issue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Judged {
    /// What a verdict says, in lines.
    #[must_use]
    pub fn of(verdict: &Verdict, recording_hash: u64, coverage: Coverage, simulated: Option<Simulated>) -> Self {
        let rules = verdict.rules.iter().map(|rule| {
            let mut known = BTreeMap::new();
            for one in &rule.known {
                *known.entry(one.issue.clone()).or_default() += 1;
            }
            let message = match rule.outcome {
                Outcome::Violated => rule.findings.first().map(|finding| finding.message.clone()).unwrap_or_default(),
                Outcome::Unknown => rule.why.clone(),
                Outcome::Ok | Outcome::NotApplicable => String::new(),
            };
            let (outcome, examined) = (rule.outcome, rule.examined);
            RuleResult { rule: rule.rule.clone(), outcome, examined, message, known }
        });
        Self { recording_hash: hex(recording_hash), rules: rules.collect(), coverage, simulated }
    }

    /// The worst outcome of all rules.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.rules.iter().map(|rule| rule.outcome).max().unwrap_or(Outcome::NotApplicable)
    }

    /// The rules that were violated.
    pub fn violated(&self) -> impl Iterator<Item = &RuleId> {
        self.rules.iter().filter(|rule| rule.outcome == Outcome::Violated).map(|rule| &rule.rule)
    }
}

impl CaseResult {
    /// The worst that was said; `unknown` if nothing could be, which is never held.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        match &self.said {
            Said::Judged(judged) => judged.worst(),
            Said::NotJudged(_) => Outcome::Unknown,
        }
    }
}

/// A hash as it is printed everywhere.
#[must_use]
pub fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// A length of time as it stands in a line, to the microsecond.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::milestone::Milestones;
    use crate::simulation::Traffic;

    #[test]
    fn a_line_can_be_read_back() {
        let simulated = Simulated {
            trace: hex(7),
            nanoseconds: u64::MAX,
            traffic: Traffic { segments: 1, rpcs: 2 },
            milestones: Milestones::default(),
        };
        let verdict = Verdict { version: 1, subject: String::new(), rules: vec![], notes: vec![] };
        let judged = Judged::of(&verdict, 3, Coverage::default(), Some(simulated));
        let (executing_ms, judging_ms) = (1.5, 0.25);
        for said in [Said::Judged(Box::new(judged)), Said::NotJudged("no node".into())] {
            let case = CaseResult { seed: u64::MAX, directory: Some("cases/1".into()), executing_ms, judging_ms, said };
            for line in [Line::Case(Box::new(case)), Line::End(Ended::default())] {
                let text = serde_json::to_string(&line).unwrap();
                assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
            }
        }
    }

    #[test]
    fn a_length_of_time_is_read_back_to_the_last_bit() {
        for step in 1..20_000u32 {
            let wall_seconds = f64::from(step) * 0.731_205_937 / 1.3;
            let line = Line::End(Ended { wall_seconds, ..Ended::default() });
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
        }
    }
}
