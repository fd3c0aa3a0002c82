//! What a failing check says, and what it leaves behind: the smallest plan that shows it, readably and as a file, the
//! recording, a page to look at, and the line that repeats it.

use super::{Check, Failed};
use crate::case_directory::{self, CaseDirectory};
use crate::shrink::{shrink, told};
use crate::simulated_run::SimulatedRun;
use crate::stop::Stop;
use resurgam_formats::case::{Case, Judgement, Shrunk};
use resurgam_formats::listing;
use resurgam_formats::plan::Plan;
use resurgam_formats::shrinking::Progress;
use resurgam_formats::target::Choice;
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
    let mut text = Judgement::of(verdict).to_string();
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
    let small = smallest(check, failed);
    if let Some(progress) = &small.progress {
        let _ = writeln!(text, "shrunk from {} to {}:", progress.from, progress.to);
    }
    text.push('\n');
    for line in listing::plan(&small.plan).lines() {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
    let directory = check.directory().join(failed.seed.to_string());
    match keep(check, &directory, failed, &small) {
        Ok(again) => {
            let _ = writeln!(text, "kept:  {}", directory.display());
            let _ = writeln!(text, "again: check(...).plan({:?}).assert_ok()", again.display().to_string());
        }
        Err(why) => {
            let _ = writeln!(text, "it could not be kept: {why}");
        }
    }
    if let Some(rule) = failed.rules.first() {
        let _ = writeln!(text, "rule:  resurgam rules {}", rule.id());
    }
    text
}

/// The smallest plan that violates the first of the rules; the plan itself if none was violated.
fn smallest(check: &Check, failed: &Failed) -> Smallest {
    match failed.rules.first() {
        Some(rule) if !check.budget.time.is_zero() => {
            let (plan, stop) = (failed.plan.clone(), Stop::default());
            let (plan, progress) = shrink(plan, rule, &check.subject, check.budget, &stop, |_| ());
            Smallest { plan, progress: Some(progress) }
        }
        _ => Smallest { plan: failed.plan.clone(), progress: None },
    }
}

/// The plan that is shown, and how it was found if it was shrunk.
struct Smallest {
    plan: Plan,
    progress: Option<Progress>,
}

/// Keeps the case and, in its directory, the small one; returns the small plan's file.
fn keep(check: &Check, directory: &Path, failed: &Failed, small: &Smallest) -> Result<PathBuf, case_directory::Error> {
    let directory = CaseDirectory::at(directory);
    let kept = |directory: &CaseDirectory, plan: &Plan, shrunk: Option<Shrunk>| {
        let trial = SimulatedRun::of(plan, &check.subject);
        let choice = Choice::Simulation { faults: check.scope.families.clone(), bug: None };
        let case = trial.case(plan, &check.subject, choice, "check(...).plan(\"plan.json\").assert_ok()".to_owned());
        trial.keep(directory, plan, &Case { shrunk, ..case })
    };
    kept(&directory, &failed.plan, None)?;
    let Some(progress) = &small.progress else { return Ok(directory.plan_file()) };
    let shrunk = failed.rules.first().map(|rule| told(rule, progress));
    kept(&directory.shrunk(), &small.plan, shrunk)?;
    Ok(directory.shrunk().plan_file())
}
