//! `resurgam schema`: JSON Schemas of the formats.

use crate::Ended;
use crate::exit::{Exit, print};
use resurgam_campaign::summary;
use resurgam_formats::{plan, program, recording, verdict};
use schemars::schema_for;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which format.
    format: Format,
}

/// The versioned formats.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A case before it is executed.
    Plan,
    /// One line of a recording.
    Recording,
    /// What the rules say about a case.
    Verdict,
    /// The verdict on a whole run: its `verdict.json`.
    Summary,
    /// What two runs of the same plans have in common: `resurgam compare --json`.
    Comparison,
    /// A workflow program, the first argument of the workflow that executes it.
    Program,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let schema = match args.format {
        Format::Plan => schema_for!(plan::Plan),
        Format::Recording => schema_for!(recording::Entry),
        Format::Verdict => schema_for!(verdict::Verdict),
        Format::Summary => schema_for!(summary::Summary),
        Format::Comparison => schema_for!(resurgam_campaign::comparison::Tally),
        Format::Program => schema_for!(program::Input),
    };
    print(&(serde_json::to_string_pretty(&schema).map_err(|e| e.to_string())? + "\n"));
    Ok(Exit::Held)
}
