//! What is to be judged: the files that arguments stand for, and the evidence in them.

use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::{Problem, plain};
use resurgam_harness::CaseDirectory;
use resurgam_harness::run_directory::RunDirectory;
use resurgam_intake::families;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Endings of the names of files that are looked at in a directory. A file that is named itself may have any name.
const ENDINGS: [&str; 14] =
    ["json", "jsonl", "ndjson", "gz", "zip", "pb", "binpb", "bin", "proto", "b64", "txt", "log", "history", "edn"];

/// Directories in directories that are looked into.
const DEEPEST: usize = 12;

/// The files that an argument stands for: itself, the recording of a case, those of a run, or the files in any other directory.
pub(super) fn meant_by(given: &Path) -> Vec<Result<PathBuf, Problem>> {
    if given == Path::new("-") || !given.is_dir() {
        return vec![Ok(given.to_owned())];
    }
    // A case, without the smaller one in it.
    let own = CaseDirectory::at(given).recording();
    if own.is_file() {
        return vec![Ok(own)];
    }
    let kept = RunDirectory::kept_in(given).unwrap_or_default().into_values();
    let inner = entries(given).into_iter().filter(|path| path.is_dir()).map(CaseDirectory::at);
    let mut found: Vec<PathBuf> =
        kept.chain(inner).map(|case| case.recording()).filter(|path| path.is_file()).collect();
    if found.is_empty() {
        walk(given, DEEPEST, &mut found);
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        let what = "a directory without recordings (recording.jsonl) or histories";
        return vec![Err(Problem(format!("{}: {what}", given.display())))];
    }
    found.into_iter().map(Ok).collect()
}

/// What is in a directory; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn walk(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if hidden || path.is_symlink() {
        } else if path.is_dir() && deep > 0 {
            walk(&path, deep - 1, found);
        } else if path.is_file() && ENDINGS.contains(&ending) {
            found.push(path);
        }
    }
}

/// The evidence in a file, each piece with its name; histories that have nothing to do with each other apart.
pub(super) fn read(path: &Path, max: u64) -> Result<Vec<(String, Evidence)>, Problem> {
    let found = if path == Path::new("-") {
        resurgam_intake::read("standard input", std::io::stdin().lock(), max)?
    } else {
        let name = path.display().to_string();
        let wrong = |e: std::io::Error| Problem(plain(&format!("{name}: {e}"), 280));
        resurgam_intake::read(&name, File::open(path).map_err(wrong)?, max)?
    };
    Ok(families(found.into_iter().map(|(name, document)| (name, document.evidence)).collect()))
}

/// Notes about the case that a recording is of: what it shows with a planted bug is no fault of the orchestrator as it is, and of files that
/// were changed since nothing is known.
pub(super) fn about(path: &Path) -> Result<Option<String>, Problem> {
    let Some(directory) = CaseDirectory::meant_by(path) else { return Ok(None) };
    let case = directory.case().map_err(|why| Problem(plain(&why.to_string(), 280)))?;
    let Some(case) = case else { return Ok(None) };
    let bug = case.choice.bug().map(|bug| format!("made with the planted bug {bug}"));
    let checks = case.without_invariants.then(|| "made without invariants".to_owned());
    let changed = directory.changed(&case).map_err(|why| Problem(plain(&why.to_string(), 280)))?;
    let notes: Vec<String> = bug.into_iter().chain(checks).chain(changed).collect();
    Ok((!notes.is_empty()).then(|| notes.join("; ")))
}
