//! What a failing check says: which rules were violated and why, the smallest plan that shows it, readably, where everything
//! is kept, and the line that repeats it.

use super::failed::Failed;
use super::kept::smallest;
use crate::run_directory::{Refused, RunDirectory};
use resurgam_formats::listing;
use resurgam_formats::plan::Plan;
use resurgam_formats::target::Choice;
use resurgam_reports::{command, terminal};
use std::fmt::Write as _;

/// All of it. `held` cases held before.
pub(super) fn tell(
    name: &str,
    held: u64,
    failed: &Failed,
    choice: &Choice,
    kept: &Result<RunDirectory, Refused>,
) -> String {
    let mut text = format!("{name}: case {} does not hold ({held} held before)\n\n{}\n", failed.seed, failed.report);
    // Writing to a string cannot fail.
    let _ = match kept {
        Ok(directory) => files(&mut text, failed, choice, directory),
        Err(why) => plan(&mut text, &failed.plan).and_then(|()| writeln!(text, "it could not be kept: {why}")),
    };
    if let Some(rule) = failed.rules.first() {
        let _ = writeln!(text, "rule:    resurgam rules {}", rule.id());
    }
    text
}

fn files(text: &mut String, failed: &Failed, choice: &Choice, directory: &RunDirectory) -> std::fmt::Result {
    let small = smallest(directory, failed.seed);
    let path = small.path().display().to_string();
    if let Ok(Some(shrunk)) = small.case().map(|case| case.and_then(|case| case.shrunk)) {
        writeln!(text, "{}", terminal::shrunk(choice, failed.seed, &shrunk, &path))?;
    }
    plan(text, small.plan().as_ref().unwrap_or(&failed.plan))?;
    writeln!(text, "kept in: {}", directory.path().display())?;
    writeln!(text, "report:  {}", directory.path().join("report.html").display())?;
    writeln!(text, "again:   {}", command::replay(choice, &path))
}

fn plan(text: &mut String, plan: &Plan) -> std::fmt::Result {
    for line in listing::plan(plan).lines() {
        writeln!(text, "    {line}")?;
    }
    writeln!(text)
}
