//! `resurgam diff`: where two recordings or plans first differ.

use crate::Ended;
use crate::exit::{Exit, print};
use resurgam_formats::wire;
use resurgam_reports::difference;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 they say the same, 1 they differ, 2 one of them could not be read.")]
pub(crate) struct Args {
    /// A recording, a plan, or the directory of a case (its recording is taken).
    a: PathBuf,
    /// The other.
    b: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let paths = [&args.a, &args.b].map(|path| recording(path));
    let names = paths.each_ref().map(|path| path.display().to_string());
    let [one, two] = [0, 1].map(|index| text(&paths[index]));
    let (one, two) = (one?, two?);
    let found = difference::first([&one, &two]).map_err(|(which, problem)| format!("{}: {problem}", names[which]))?;
    match found {
        None => Ok(Exit::Held),
        Some(difference) => {
            print(&difference.lines(names.each_ref().map(String::as_str)));
            Ok(Exit::Violated)
        }
    }
}

/// The file that an argument stands for.
pub(crate) fn recording(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    let names = ["recording.jsonl", "recording.jsonl.gz"];
    let found = names.into_iter().map(|name| path.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| path.join(names[0]))
}

/// Its text.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| format!("{name}: {e}"))?;
    wire::text(&name, file, wire::MAX_BYTES).map_err(|problem| problem.0)
}
