//! What somebody means who names a plan, a recording or the directory of a case: the plan, and what is known of the case that
//! was made of it.

use crate::exit::Failure;
use resurgam_builtin::{Bug, Builtin, Checks};
use resurgam_formats::case::Case;
use resurgam_formats::plan::Plan;
use resurgam_formats::wire;
use resurgam_harness::case_directory::{CaseDirectory, plan_meant_by};
use resurgam_harness::{SimulatedRun, Subject};
use std::fs::File;
use std::path::Path;

/// The word for no planted bug.
const NONE: &str = "none";

/// A plan, and the case that it is from.
pub(crate) struct Given {
    pub(crate) plan: Plan,
    pub(crate) case: Option<(CaseDirectory, Case)>,
    /// The bug to plant.
    pub(crate) bug: Option<String>,
    /// Our orchestrator is to assert nothing of itself, as when the case was made.
    without_invariants: bool,
}

impl Given {
    /// Reads it. The bug that was planted when a case was made is planted again, unless another is named, or `none`.
    pub(crate) fn read(path: &Path, bug: Option<&str>) -> Result<Self, Failure> {
        let plan = plan_meant_by(path).map_err(Failure::input)?;
        let directory = CaseDirectory::meant_by(path);
        let case = match directory {
            Some(directory) => directory.case().map_err(Failure::input)?.map(|case| (directory, case)),
            None => None,
        };
        let recorded = case.as_ref().and_then(|(_, case)| case.choice.bug());
        let bug = bug.or(recorded).filter(|name| *name != NONE).map(str::to_owned);
        let without_invariants = case.as_ref().is_some_and(|(_, case)| case.without_invariants);
        Ok(Self { plan, case, bug, without_invariants })
    }

    /// A plan that no case was made of.
    pub(crate) fn drawn(plan: Plan, bug: Option<&str>) -> Self {
        let bug = bug.filter(|name| *name != NONE).map(str::to_owned);
        Self { plan, case: None, bug, without_invariants: false }
    }

    /// What it is executed on.
    pub(crate) fn target(&self) -> Result<Subject, Failure> {
        let unknown = |name: &String| Failure::Input(format!("there is no planted bug {name}"));
        let bug = self.bug.as_ref().map(|name| Bug::named(name).ok_or_else(|| unknown(name))).transpose()?;
        let checks = if self.without_invariants { Checks::Off } else { Checks::Thorough };
        Ok(Builtin::with(bug).checking(checks).subject())
    }

    /// A case that was made of this plan, as `case.json` is to say it.
    pub(crate) fn told(&self, case: Case) -> Case {
        Case { without_invariants: self.without_invariants, ..case }
    }

    /// A line about how the case was made, and how that differs from what is executed; nothing if nobody knows.
    pub(crate) fn origin(&self, target: &Subject) -> String {
        let target = target.orchestrator();
        let Some((_, case)) = &self.case else { return String::new() };
        let checks = if self.without_invariants { " without invariants" } else { "" };
        let with =
            |bug: Option<&str>| bug.map(|bug| format!(" with the planted bug {bug}")).unwrap_or_default() + checks;
        let then = format!("{} {}{}", case.target, case.target_version, with(case.choice.bug()));
        let now = format!("{} {}{}", target.name(), target.version(), with(self.bug.as_deref()));
        if then == now {
            return match case.choice.bug() {
                Some(_) => format!("made on {then}, which is planted again (--bug none leaves it out)\n"),
                None => format!("made on {then}\n"),
            };
        }
        format!("made on {then}, executed on {now}: it is not the same that is tried\n")
    }

    /// What was said of the case, and what is said now; nothing if nobody has said anything.
    pub(crate) fn compared(&self, run: &SimulatedRun) -> String {
        let Some((directory, case)) = &self.case else { return String::new() };
        let (then, now) = (&case.judgement, run.judgement());
        format!("then: {then}; now: {now}, {}\n", difference(directory, &run.lines))
    }
}

/// Which files of a case are not those with which its `case.json` was written, a line for each; nothing if there is none.
pub(crate) fn changed(path: &Path) -> Result<String, Failure> {
    let Some(directory) = CaseDirectory::meant_by(path) else { return Ok(String::new()) };
    let Some(case) = directory.case().map_err(Failure::input)? else { return Ok(String::new()) };
    let lines = directory.changed(&case).map_err(Failure::input)?;
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Our orchestrator with the planted bug of this name, or as it is; `None` if there is no such bug.
pub(crate) fn subject(bug: Option<&str>) -> Option<Subject> {
    let Some(name) = bug else { return Some(resurgam_builtin::subject(None)) };
    Bug::named(name).map(|bug| resurgam_builtin::subject(Some(bug)))
}

/// Where a recording differs from the one that was kept.
fn difference(directory: &CaseDirectory, now: &[u8]) -> String {
    let path = directory.recording();
    let read = |file| wire::text(&path.display().to_string(), file, wire::MAX_BYTES).ok();
    let Some(then) = File::open(&path).ok().and_then(read).map(String::into_bytes) else {
        return "and there is no recording of then to compare with".to_owned();
    };
    if then == now {
        return "the same recording".to_owned();
    }
    let mut lines = then.split(|byte| *byte == b'\n').zip(now.split(|byte| *byte == b'\n'));
    let same = lines.position(|(then, now)| then != now);
    let number =
        same.unwrap_or_else(|| then.split(|byte| *byte == b'\n').count().min(now.split(|byte| *byte == b'\n').count()));
    format!("first difference in line {}", number + 1)
}
