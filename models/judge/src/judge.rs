//! From evidence to verdict: every rule is asked, known differences of the target are set aside, nothing is upgraded.

use crate::differences::{self, Difference};
use crate::profile::Profile;
use crate::rules::{self, Findings, Indexed};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::recording::Injected;
use resurgam_formats::verdict::{self, Known, Outcome, RuleVerdict, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Judges evidence by every rule. `subject` is the seed or the file name.
///
/// A rule that panics is `unknown`, never `ok`.
#[must_use]
pub fn judge(subject: &str, evidence: &Evidence, profile: &Profile) -> Verdict {
    let differences = differences::of(profile);
    let indexed = Indexed::new(evidence, profile);
    let rules = rules::all().iter().map(|rule| one(rule.as_ref(), &indexed, profile, &differences)).collect();
    Verdict { version: verdict::VERSION, subject: subject.to_owned(), rules, notes: notes(evidence) }
}

fn one(
    rule: &dyn rules::Rule,
    evidence: &Indexed<'_>,
    profile: &Profile,
    known_differences: &[Difference],
) -> RuleVerdict {
    let name = rule.about().name();
    if let Some(needed) = rule.needs().filter(|needed| !profile.claims(*needed)) {
        return RuleVerdict {
            rule: name.into(),
            outcome: Outcome::NotApplicable,
            findings: Vec::new(),
            why: format!("the target does not claim {}", needed.word()),
            examined: 0,
            known: Vec::new(),
        };
    }
    let mut findings = Findings::default();
    let crashed = catch_unwind(AssertUnwindSafe(|| rule.judge(evidence, &mut findings))).is_err();
    let examined = findings.examined();
    let (mut outcome, found, total, mut why) = findings.into_parts();
    let mut known = Vec::new();
    let mut kept = Vec::new();
    for finding in found {
        match differences::naming(known_differences, &name, &finding) {
            Some(difference) => known.push(Known { issue: difference.issue.to_owned(), finding }),
            None => kept.push(finding),
        }
    }
    if outcome == Outcome::Violated && kept.is_empty() && known.len() as u64 == total {
        outcome = Outcome::Ok;
    }
    if let Some(first) = kept.first()
        && let Some(doubt) = doubt(rule, evidence, profile)
    {
        outcome = Outcome::Unknown;
        why = format!("{doubt}; else this would be a violation: {}", first.message);
        kept.clear();
    }
    if outcome == Outcome::NotApplicable && why.is_empty() && evidence.runs.iter().any(|run| run.partial) {
        why = "a part of a history is not enough for this rule".to_owned();
    }
    if crashed {
        outcome = outcome.max(Outcome::Unknown);
        why = "the rule crashed on this evidence; this is a bug of the suite".into();
    }
    RuleVerdict { rule: name.into(), outcome, findings: kept, why, examined, known }
}

/// Why a breach of the rule proves nothing in this evidence, if so.
fn doubt<'e>(rule: &dyn rules::Rule, evidence: &'e Indexed<'_>, profile: &Profile) -> Option<&'e str> {
    if profile.forgetful && database_was_killed(evidence) {
        return Some("the database was killed, and may have forgotten what its commit log had not on disk");
    }
    if evidence.notes.cadence && !rule.holds_of_cadence() {
        return Some("the history is one of Cadence, which may keep another rule");
    }
    evidence.strange().filter(|_| rule.needs_kinds())
}

/// True if the process of the database was killed, and not only said to be.
fn database_was_killed(evidence: &Evidence) -> bool {
    evidence.faults.iter().filter(|fault| fault.hits != Some(0)).any(|fault| match &fault.fault {
        Injected::Planned(planned) => planned.kind.affects().kills_database(),
        Injected::Named(_) => false,
    })
}

/// Notes of one sort that are given one by one.
const FEW: usize = 3;

fn notes(evidence: &Evidence) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let named = |run: &Run| match run.run_id.is_empty() {
        true => String::new(),
        false => format!(" {}/{}", run.workflow_id, run.run_id),
    };
    let mut about = |runs: Vec<&Run>, what: &str, so: &str| {
        let more = runs.len().saturating_sub(FEW);
        notes.extend(runs.iter().take(FEW).map(|run| format!("{what}{}: {so}", named(run))));
        if more > 0 {
            notes.push(format!("{what}: {more} more"));
        }
    };
    let of = |fits: fn(&Run) -> bool| evidence.runs.iter().filter(|run| fits(run)).collect::<Vec<_>>();
    about(of(|run| run.partial), "partial history", "rules that need what is missing do not apply");
    about(of(|run| !run.partial && run.close().is_none()), "open run", "it has no close event yet");
    notes.extend(evidence.notes.remarks.iter().cloned());
    notes.extend(evidence.notes.unrecognised.iter().map(|name| format!("unrecognised {name}")));
    notes
}
