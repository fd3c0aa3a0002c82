//! What a failing check leaves behind: the directory of a run of that one case, with its plan, recording, verdict and report,
//! and in it the smallest plan that still breaks the same rule. It is the same directory that `resurgam run` writes.

use super::failed::Failed;
use crate::case_directory::CaseDirectory;
use crate::outputs;
use crate::run_directory::{Refused, RunDirectory};
use crate::shrink::{Budget, beside};
use crate::simulated_run::SimulatedRun;
use crate::stop::Stop;
use crate::subject::Subject;
use resurgam_campaign::origin::{Options, Origin};
use resurgam_campaign::results::{Ended, Line};
use resurgam_formats::shrinking::Progress;
use resurgam_formats::target::Choice;
use resurgam_reports::command;
use std::path::Path;
use std::time::Instant;

/// Keeps a case in `PARENT/SEED`, or in `PARENT/SEED-2` if there is one already, and makes it smaller; `watch` hears how far
/// that is.
///
/// # Errors
/// A file cannot be written.
pub(super) fn keep(
    failed: &Failed,
    subject: &Subject,
    choice: &Choice,
    budget: Budget,
    parent: &Path,
    watch: impl FnMut(&Progress),
) -> Result<RunDirectory, Refused> {
    let began = Instant::now();
    let directory = RunDirectory::beneath(parent, &failed.seed.to_string())?;
    directory.begin(&origin(failed, subject, choice))?;
    let run = SimulatedRun::of(&failed.plan, subject);
    let kept = directory.case(failed.seed);
    let again = command::replay(choice, ".");
    run.keep(&kept, &failed.plan, &run.case(&failed.plan, subject, choice.clone(), again))?;
    directory.append(&Line::Case(Box::new(run.result(failed.seed, Some(RunDirectory::name_of(failed.seed))))))?;
    if let Some(rule) = failed.rules.first().filter(|_| !budget.time.is_zero()) {
        beside(&kept, rule, subject, budget, &Stop::default(), watch)?;
    }
    directory.append(&Line::End(Ended { shortfalls: Vec::new(), wall_seconds: began.elapsed().as_secs_f64() }))?;
    directory.release();
    let summary = outputs::summarize(directory.path())?;
    match outputs::write(directory.path(), &summary) {
        Err(mut problems) if !problems.is_empty() => Err(problems.swap_remove(0).into()),
        _ => Ok(directory),
    }
}

/// The small case if there is one, else the case that was drawn.
pub(super) fn smallest(directory: &RunDirectory, seed: u64) -> CaseDirectory {
    let drawn = directory.case(seed);
    if drawn.shrunk().is_whole() { drawn.shrunk() } else { drawn }
}

fn origin(failed: &Failed, subject: &Subject, choice: &Choice) -> Origin {
    let target = subject.orchestrator();
    let options = Options { choice: choice.clone(), cases: Some(1), ..Options::default() };
    Origin {
        resurgam: env!("CARGO_PKG_VERSION").into(),
        command: command::repeat(choice, failed.seed),
        scenario: "check".into(),
        target: target.name().to_owned(),
        target_version: target.version(),
        seed: failed.seed,
        options,
    }
}
