//! `resurgam bugs`: plants each known bug in our orchestrator and counts the cases until a rule finds it.

use crate::Ended;
use crate::commands::replay;
use crate::exit::{Exit, print};
use resurgam_harness::hunt;
use resurgam_scenarios::bugs::{Planted, bugs};
use std::fs;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these bugs.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Say what there is, and run nothing.
    #[arg(long)]
    list: bool,
    /// Seed of the first case.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Give a bug up after so many cases.
    #[arg(long, default_value_t = 2000)]
    cases: u64,
    /// Write the plan that shows each bug to this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let catalogue = bugs().map_err(|e| format!("scenarios/bugs.toml: {e}"))?;
    if let Some(unknown) = args.names.iter().find(|name| !catalogue.iter().any(|bug| bug.name == **name)) {
        return Err(format!("there is no planted bug {unknown}; `resurgam bugs --list` names them"));
    }
    let chosen: Vec<&Planted> =
        catalogue.iter().filter(|bug| args.names.is_empty() || args.names.contains(&bug.name)).collect();
    if args.list {
        for bug in chosen {
            print(&format!("{:28} {:16} {}\n", bug.name, bug.issue, bug.title));
        }
        return Ok(Exit::Held);
    }
    let mut counts = Vec::new();
    let mut missed = 0;
    for bug in &chosen {
        let Some(planted) = replay::bug(Some(&bug.name))? else { continue };
        let hunted = hunt(planted, args.seed, args.cases);
        let seconds = hunted.took.as_secs_f64();
        match hunted.found {
            None => {
                missed += 1;
                print(&format!("✗ {:28} not found in {} cases ({seconds:.1} s)\n", bug.name, hunted.cases));
            }
            Some(found) => {
                counts.push(hunted.cases);
                let short = |rule: &str| rule.split('-').next().unwrap_or_default().to_owned();
                let expected = found.rules.iter().any(|rule| bug.predicted.contains(&short(rule)));
                let mark = if expected { "as predicted" } else { "not as predicted" };
                print(&format!(
                    "✓ {:28} {:5} cases {seconds:7.1} s  {} ({mark})\n",
                    bug.name,
                    hunted.cases,
                    found.rules.join(", ")
                ));
                if let Some(out) = &args.out {
                    fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
                    let path = out.join(format!("{}.json", bug.name));
                    let plan = serde_json::to_vec_pretty(&found.plan).map_err(|e| e.to_string())?;
                    fs::write(&path, plan).map_err(|e| format!("{}: {e}", path.display()))?;
                }
            }
        }
    }
    counts.sort_unstable();
    let median = counts.get(counts.len() / 2).copied().unwrap_or_default();
    print(&format!("{} of {} found, median {median} cases\n", counts.len(), chosen.len()));
    Ok(if missed == 0 { Exit::Held } else { Exit::Inconclusive })
}
