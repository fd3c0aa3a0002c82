//! `resurgam report`: the outputs of a run once more, from its results and its kept cases.

use crate::Ended;
use crate::commands::run;
use crate::exit::Failure;
use resurgam_harness::outputs;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = "\
Reads results.jsonl and cases/, and writes report.html, junit.xml, summary.json and times.json. Works for a run that was
killed, too: it has lost nothing that had ended.

Exit codes: those of the run.")]
pub(crate) struct Args {
    /// The directory of a run.
    run: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let summary = outputs::summarize(&args.run).map_err(Failure::input)?;
    let written = outputs::write(&args.run, &summary);
    run::tell(&summary, &args.run);
    if let Err(problems) = written {
        return Err(Failure::machine(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")));
    }
    Ok(summary.conclusion.into())
}
