//! Reads the file of a scenario. What is wrong is one line, with file and line.

use super::fault::Line;
use super::load::Load;
use super::place::{On, TargetOf, WorldOf};
use super::{Expect, Scenario};
use crate::event::KINDS;
use crate::plan::{Family, FaultKind, StoreOutcome};
use serde::Deserialize;
use toml::Spanned;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Wrong {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    about: Spanned<String>,
    source: Option<String>,
    on: Spanned<On>,
    #[serde(default = "ten")]
    cases: u64,
    jobs: Option<usize>,
    load: Spanned<Load>,
    #[serde(default)]
    faults: Vec<Spanned<Line>>,
    expect: Option<Spanned<Expect>>,
}

fn ten() -> u64 {
    10
}

/// The most workflows of a case.
const MOST: usize = 200;
/// The most faults of a case.
const FAULTS: usize = 1000;

/// Reads a scenario; `file` is the name of the file, and without its ending the name of the scenario.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(file: &str, text: &str) -> Result<Scenario, Wrong> {
    let wrong = |place: usize, problem: String| {
        let line = 1 + text.get(..place).map_or(0, |before| before.matches('\n').count());
        Wrong { file: file.to_owned(), line, problem }
    };
    let whole: Whole = toml::from_str(text).map_err(|why| {
        let problem = why.message().split_whitespace().collect::<Vec<_>>().join(" ");
        wrong(why.span().map_or(0, |span| span.start), problem)
    })?;
    let about = whole.about.get_ref().trim();
    if about.is_empty() || about.contains('\n') {
        return Err(wrong(whole.about.span().start, "`about` is not a line; expected a sentence".to_owned()));
    }
    let on = whole.on.get_ref();
    let mut faults = Vec::new();
    for line in &whole.faults {
        let at = |problem| wrong(line.span().start, problem);
        let fault = line.get_ref().meant(on).map_err(at)?;
        possible(on, &fault.kind).map_err(at)?;
        faults.push(fault);
    }
    if faults.iter().map(|fault| usize::from(fault.times)).sum::<usize>() > FAULTS {
        return Err(wrong(0, format!("more than {FAULTS} faults in a case")));
    }
    let mut families: Vec<Family> = faults.iter().map(|fault| fault.kind.family()).collect();
    families.sort_unstable();
    families.dedup();
    let choice = on.choice(families).map_err(|problem| wrong(whole.on.span().start, problem))?;
    load(whole.load.get_ref()).map_err(|problem| wrong(whole.load.span().start, problem))?;
    if let Some(expect) = &whole.expect
        && let Some(name) = expect.get_ref().without.iter().find(|name| !KINDS.contains(&name.as_str()))
    {
        let problem = format!("there is no event {name:?}; expected one such as \"ActivityTaskTimedOut\"");
        return Err(wrong(expect.span().start, problem));
    }
    let base = file.rsplit('/').next().unwrap_or(file);
    Ok(Scenario {
        name: base.strip_suffix(".toml").unwrap_or(base).to_owned(),
        about: about.to_owned(),
        source: whole.source,
        choice,
        cases: whole.cases,
        jobs: whole.jobs,
        load: whole.load.into_inner(),
        faults,
        expect: whole.expect.map(Spanned::into_inner).unwrap_or_default(),
    })
}

/// Refuses what the target cannot suffer.
fn possible(on: &On, kind: &FaultKind) -> Result<(), String> {
    let replicas = [StoreOutcome::CommitLimbo.name(), StoreOutcome::AppendPartial.name()];
    if on.world == WorldOf::Container && replicas.contains(&kind.name()) {
        return Err(format!("{} needs several replicas; expected world = \"simulation\"", kind.name()));
    }
    let family = kind.family();
    if on.target == TargetOf::Temporal && family == Family::Clock {
        return Err("the processes of Temporal have the clock of the machine".to_owned());
    }
    if on.world == WorldOf::Simulation && family == Family::Database {
        return Err("a simulation has no database; expected world = \"container\"".to_owned());
    }
    Ok(())
}

fn load(load: &Load) -> Result<(), String> {
    match (load.generated, load.workflows.is_empty()) {
        (true, false) => return Err("`generated` and `workflows`; expected one of them".to_owned()),
        (false, true) => return Err("nothing is done; expected `generated = true` or `[[load.workflows]]`".to_owned()),
        _ => {}
    }
    let count: usize = load.workflows.iter().map(|group| usize::from(group.count)).sum();
    if count > MOST {
        return Err(format!("{count} workflows in a case; expected at most {MOST}, and more cases"));
    }
    if load.workflows.iter().any(|group| group.does.is_empty()) {
        return Err("workflows that do nothing; expected steps in `does`".to_owned());
    }
    if load.workers.count == 0 {
        return Err("no workers; expected at least one".to_owned());
    }
    Ok(())
}
