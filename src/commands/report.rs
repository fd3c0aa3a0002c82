//! `resurgam report`: the outputs of a run once more, from its results and its kept cases.

use crate::Ended;
use crate::commands::run;
use crate::exit::{Failure, print};
use crate::stop;
use resurgam_harness::outputs;
use resurgam_harness::run_directory::RunDirectory;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Reads results.jsonl and cases/, and writes report.html, junit.xml, summary.json and times.json. Works for a run that was
killed, too: it has lost nothing that had ended.

Who stops it (Ctrl-C) before it has read all finds everything as it was; after that it writes all of them. A second signal
ends it at once.

Exit codes: those of the run.")]
pub(crate) struct Args {
    /// The directory of a run.
    run: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let summary = outputs::summarize(&args.run).map_err(Failure::input)?;
    if let Some(by) = stop.requested() {
        return Err(Failure::Stopped(format!("stopped by {by}: nothing was written, all is as it was")));
    }
    RunDirectory::release_dead(&args.run);
    let written = outputs::write(&args.run, &summary);
    for line in outputs::changed(&args.run, &summary) {
        print(&format!("{line}\n"));
    }
    run::tell(&summary, &args.run);
    if let Err(problems) = written {
        return Err(Failure::machine(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")));
    }
    Ok(summary.conclusion.into())
}
