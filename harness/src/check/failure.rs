//! What a failing check says, and what it leaves behind: the smallest plan that shows it, readably and as a file, the
//! recording, a page to look at, and the line that repeats it.

use super::{Check, Failed};
use crate::shrink::shrink;
use crate::simulated_run::SimulatedRun;
use resurgam_formats::listing;
use resurgam_formats::plan::Plan;
use resurgam_formats::shrinking::Progress;
use resurgam_formats::verdict::Verdict;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How many findings of a rule are shown.
const FINDINGS: usize = 3;

/// The case in words: which rules, and why.
pub(super) fn of(name: &str, seed: u64, simulated: &SimulatedRun) -> String {
    let mut text = format!("{name}: case {seed} (trace {:016x}) ", simulated.trace);
    match &simulated.judged {
        Err(why) => {
            let _ = write!(text, "could not be judged: {why}");
        }
        Ok((_, verdict)) => text += &violations(verdict),
    }
    text
}

fn violations(verdict: &Verdict) -> String {
    let mut text = "violates".to_owned();
    for rule in verdict.violated() {
        let _ = write!(text, "\n  {}", rule.rule);
        for finding in rule.findings.iter().take(FINDINGS) {
            let place = [finding.workflow_id.as_str(), finding.run_id.as_str()].join(" ");
            let place = place.trim();
            let colon = if place.is_empty() { "" } else { ": " };
            let _ = write!(text, "\n    {place}{colon}{}", finding.message);
        }
    }
    text
}

/// Makes the plan small, keeps everything, and says all of it.
pub(super) fn tell(check: &Check, held: u64, failed: &Failed) -> String {
    let mut text = format!("{}\n({held} cases held before)\n", failed.report);
    let (plan, progress) = smallest(check, failed);
    if let Some(progress) = &progress {
        let _ = writeln!(text, "shrunk from {} to {}:", progress.from, progress.to);
    }
    text.push('\n');
    for line in listing::plan(&plan).lines() {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
    let directory = check.directory().join(failed.seed.to_string());
    match keep(check, &directory, failed, &plan) {
        Ok(again) => {
            let _ = writeln!(text, "kept:  {}", directory.display());
            let _ = writeln!(text, "again: check(...).plan({:?}).assert_ok()", again.display().to_string());
        }
        Err(why) => {
            let _ = writeln!(text, "it could not be kept: {why}");
        }
    }
    if let Some(rule) = failed.rules.first() {
        let id = rule.to_string();
        let id = id.split('-').next().unwrap_or_default();
        let _ = writeln!(text, "rule:  resurgam rules {id}");
    }
    text
}

/// The smallest plan that violates the first of the rules; the plan itself if none was violated.
fn smallest(check: &Check, failed: &Failed) -> (Plan, Option<Progress>) {
    match failed.rules.first() {
        Some(rule) if !check.budget.time.is_zero() => {
            let prefix = crate::run::prefix("case-", failed.plan.seed);
            let (plan, progress) = shrink(failed.plan.clone(), rule, &check.subject, &prefix, check.budget, |_| ());
            (plan, Some(progress))
        }
        _ => (failed.plan.clone(), None),
    }
}

/// Writes the plans, the recording of the small one, and its page; returns the small plan's file.
fn keep(check: &Check, directory: &Path, failed: &Failed, small: &Plan) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let json = |plan: &Plan| serde_json::to_vec_pretty(plan).map_err(std::io::Error::other);
    std::fs::write(directory.join("plan.json"), json(&failed.plan)?)?;
    let path = directory.join("shrunk.json");
    std::fs::write(&path, json(small)?)?;
    let simulated = SimulatedRun::of(small, &check.subject, &crate::run::prefix("case-", small.seed));
    std::fs::write(directory.join("recording.jsonl"), &simulated.lines)?;
    Ok(path)
}
