//! `resurgam scenarios`: what can be played by name.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_formats::scenario::{self, Scenario};
use resurgam_scenarios::written;
use std::fs;

#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command: a line each.
pub(crate) fn run(_: &Args) -> Ended {
    let all = written::ALL.iter().map(|(name, _)| named(name)).collect::<Result<Vec<_>, _>>()?;
    let longest = all.iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    for Scenario { name, about, choice, source, .. } in &all {
        let source = source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        print(&format!("{name:longest$}  {:8}  {about}{source}\n", choice.word()));
    }
    Ok(Exit::Held)
}

/// A scenario by its name, or by the path of its file.
pub(crate) fn named(given: &str) -> Result<Scenario, Failure> {
    let known = written::ALL.iter().find(|(name, _)| *name == given);
    if let Some((name, text)) = known {
        return scenario::read(&format!("{name}.toml"), text).map_err(Failure::input);
    }
    let text = fs::read_to_string(given).map_err(|why| {
        let what = if given.ends_with(".toml") { "file" } else { "scenario" };
        Failure::Input(format!("{given}: no such {what} ({why}); `resurgam scenarios` lists those that have a name"))
    })?;
    let scenario = scenario::read(given, &text).map_err(Failure::input)?;
    // It is found again by its path.
    Ok(Scenario { name: given.to_owned(), ..scenario })
}
