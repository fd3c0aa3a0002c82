//! `resurgam diff`: where two recordings or plans first differ.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use crate::given::changed;
use resurgam_formats::case::Case;
use resurgam_formats::wire;
use resurgam_harness::CaseDirectory;
use resurgam_reports::difference;
use std::fs::File;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 they say the same, 1 they differ, 2 one of them could not be read.")]
pub(crate) struct Args {
    /// A recording, a plan, or the directory of a case (its recording is taken).
    a: PathBuf,
    /// What it is compared with.
    b: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let cases = [case(&args.a)?, case(&args.b)?];
    print(&(changed(&args.a)? + &changed(&args.b)?));
    let paths = [&args.a, &args.b].map(|path| CaseDirectory::recording_meant_by(path));
    let names = paths.each_ref().map(|path| path.display().to_string());
    let [one, two] = [0, 1].map(|index| text(&paths[index]));
    let (one, two) = (one?, two?);
    let found = difference::first([&one, &two]).map_err(|(which, problem)| format!("{}: {problem}", names[which]))?;
    match found {
        None => Ok(Exit::Held),
        Some(difference) => {
            if let [Some(one), Some(two)] = &cases {
                print(&made(one, two));
            }
            print(&difference.lines(names.each_ref().map(String::as_str)));
            Ok(Exit::Violated)
        }
    }
}

/// What is known of a case, if its directory or a file in it is given.
fn case(path: &Path) -> Result<Option<Case>, Failure> {
    CaseDirectory::meant_by(path).map_or(Ok(None), |directory| directory.case().map_err(Failure::input))
}

/// How two cases were made differently, which may be why they differ; nothing if they were not.
fn made(one: &Case, two: &Case) -> String {
    let faults = |case: &Case| case.faults.iter().map(|family| family.word()).collect::<Vec<_>>().join(", ");
    let checks = |case: &Case| if case.without_invariants { "off" } else { "on" };
    let rows = [
        ("seed", one.seed.to_string(), two.seed.to_string()),
        ("target", one.target.clone(), two.target.clone()),
        ("version", one.target_version.clone(), two.target_version.clone()),
        ("planted bug", one.choice.bug().unwrap_or("none").into(), two.choice.bug().unwrap_or("none").into()),
        ("invariants", checks(one).into(), checks(two).into()),
        ("faults", faults(one), faults(two)),
        ("judged", one.judgement.to_string(), two.judgement.to_string()),
    ];
    let different = rows.into_iter().filter(|(_, one, two)| one != two);
    different.map(|(what, one, two)| format!("{what}: {one} | {two}\n")).collect()
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| format!("{name}: {e}"))?;
    wire::text(&name, file, wire::MAX_BYTES).map_err(|problem| problem.0)
}
