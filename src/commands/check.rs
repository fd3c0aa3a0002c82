//! `resurgam check`: judges files of evidence, wherever they come from.

use crate::Ended;
use crate::exit::{Exit, Failure, complain, print};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::{Problem, plain};
use resurgam_formats::verdict::Verdict;
use resurgam_formats::wire;
use resurgam_harness::CaseDirectory;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use resurgam_reports::verdict;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = "\
Files are told by their content: recordings, and workflow histories as Temporal's command line, web interface,
server and SDKs write them; any of them may be compressed with gzip.

Exit codes: 0 all rules held, 1 a rule was violated, 2 a file could not be read (the others are judged all the
same, and 2 is given even if one of them was violated), 3 a rule could not be decided, or in one of the files there was
nothing to judge.")]
pub(crate) struct Args {
    /// Recordings, histories, directories of a run (its recordings are judged), or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one verdict per file and line as JSON (`resurgam schema verdict`).
    #[arg(long)]
    json: bool,
    /// Refuse larger files; counted after decompression.
    #[arg(long, value_name = "BYTES", default_value_t = wire::MAX_BYTES)]
    max_bytes: u64,
    /// Count what is inconclusive as violated: exit with 1 instead of 3.
    #[arg(long)]
    strict: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let mut outcomes = Vec::new();
    let mut unreadable = false;
    for path in args.files.iter().flat_map(|given| recordings(given)) {
        match path.and_then(|path| check(&path, args.max_bytes)) {
            Ok(verdict) => {
                outcomes.push(verdict.worst());
                print(&if args.json { json(&verdict).map_err(Failure::machine)? } else { verdict::lines(&verdict) });
            }
            Err(problem) => {
                complain(&problem.0, Exit::Usage);
                unreadable = true;
            }
        }
    }
    Ok(if unreadable { Exit::Usage } else { Exit::of_all(&outcomes, args.strict) })
}

/// The files that an argument stands for: itself, or the recordings in a directory.
fn recordings(given: &Path) -> Vec<Result<PathBuf, Problem>> {
    if given == Path::new("-") || !given.is_dir() {
        return vec![Ok(given.to_owned())];
    }
    let mut found = Vec::new();
    for folder in [given.to_owned(), given.join("cases")] {
        for inner in std::iter::once(folder.clone()).chain(entries(&folder).into_iter().filter(|path| path.is_dir())) {
            found.extend(Some(CaseDirectory::at(inner).recording()).filter(|path| path.is_file()));
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return vec![Err(Problem(format!("{}: a directory without recordings (recording.jsonl)", given.display())))];
    }
    found.into_iter().map(Ok).collect()
}

/// What is in a directory; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn check(path: &Path, max: u64) -> Result<Verdict, Problem> {
    let (name, document) = if path == Path::new("-") {
        ("standard input".to_owned(), wire::read("standard input", std::io::stdin().lock(), max)?)
    } else {
        let name = path.display().to_string();
        let wrong = |e: std::io::Error| Problem(plain(&format!("{name}: {e}"), 280));
        let file = File::open(path).map_err(wrong)?;
        let document = wire::read(&name, file, max)?;
        (name, document)
    };
    let mut verdict = judge(&name, &document.evidence, &profile(&document.evidence));
    verdict.notes.extend(planted(path)?);
    Ok(verdict)
}

/// A note about a case that was made with a planted bug: what it shows is no fault of the orchestrator as it is.
fn planted(path: &Path) -> Result<Option<String>, Problem> {
    let Some(directory) = CaseDirectory::meant_by(path) else { return Ok(None) };
    let case = directory.case().map_err(|why| Problem(plain(&why.to_string(), 280)))?;
    Ok(case.and_then(|case| Some(format!("made with the planted bug {}", case.choice.bug()?))))
}

/// The profile that a recording carries; a bare history is judged by the contract alone.
fn profile(evidence: &Evidence) -> Profile {
    evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default()
}

fn json(verdict: &Verdict) -> Result<String, String> {
    serde_json::to_string(verdict).map(|text| text + "\n").map_err(|e| e.to_string())
}
