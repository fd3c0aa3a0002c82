//! `resurgam check`: judges files of evidence, wherever they come from.

use crate::Ended;
use crate::exit::{Exit, complain, print};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::{Problem, plain};
use resurgam_formats::verdict::{Finding, Outcome, Verdict};
use resurgam_formats::wire;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = "\
Files are told by their content: recordings, and workflow histories as Temporal's command line, web interface,
server and SDKs write them; any of them may be compressed with gzip.

Exit codes: 0 all rules held, 1 a rule was violated, 2 a file could not be read (the others are judged all the
same, and 2 is given even if one of them was violated), 3 with --strict: undecided.")]
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
    /// Exit with 3 if a rule could not be decided.
    #[arg(long)]
    strict: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let mut worst = Outcome::NotApplicable;
    let mut unreadable = false;
    for path in args.files.iter().flat_map(|given| recordings(given)) {
        match path.and_then(|path| check(&path, args.max_bytes)) {
            Ok(verdict) => {
                worst = worst.max(verdict.worst());
                print(&if args.json { json(&verdict)? } else { lines(&verdict) });
            }
            Err(problem) => {
                complain(&problem.0);
                unreadable = true;
            }
        }
    }
    Ok(match worst {
        _ if unreadable => Exit::Usage,
        Outcome::Violated => Exit::Violated,
        Outcome::Unknown if args.strict => Exit::Inconclusive,
        _ => Exit::Held,
    })
}

/// The files that an argument stands for: itself, or the recordings in a directory.
fn recordings(given: &Path) -> Vec<Result<PathBuf, Problem>> {
    if given == Path::new("-") || !given.is_dir() {
        return vec![Ok(given.to_owned())];
    }
    let mut found = Vec::new();
    for folder in [given.to_owned(), given.join("cases")] {
        for inner in std::iter::once(folder.clone()).chain(entries(&folder).into_iter().filter(|path| path.is_dir())) {
            found.extend(entries(&inner).into_iter().filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("recording.jsonl") && path.is_file()
            }));
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
    Ok(judge(&name, &document.evidence, &profile(&document.evidence)))
}

/// The profile that a recording carries; a bare history is judged by the contract alone.
fn profile(evidence: &Evidence) -> Profile {
    evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default()
}

fn json(verdict: &Verdict) -> Result<String, String> {
    serde_json::to_string(verdict).map(|text| text + "\n").map_err(|e| e.to_string())
}

/// A line per violation, known difference, undecided rule and note, and one that sums up.
fn lines(verdict: &Verdict) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        // Text of the file is part of it; writing to a String cannot fail.
        let _ = writeln!(out, "{}", plain(&format!("{}: {text}", verdict.subject), 2000));
    };
    for rule in &verdict.rules {
        for finding in &rule.findings {
            line(&format!("violated {}: {}", rule.rule, place(finding)));
        }
        for known in &rule.known {
            line(&format!("known {} {}: {}", known.issue, rule.rule, place(&known.finding)));
        }
        if rule.outcome == Outcome::Unknown {
            line(&format!("unknown {}: {}", rule.rule, rule.why));
        }
    }
    for note in &verdict.notes {
        line(&format!("note: {note}"));
    }
    let count = |outcome: Outcome| verdict.rules.iter().filter(|rule| rule.outcome == outcome).count();
    let rules = |n: usize| if n == 1 { "1 rule".to_owned() } else { format!("{n} rules") };
    let mut parts = Vec::new();
    if count(Outcome::Violated) > 0 {
        parts.push(format!("{} violated", rules(count(Outcome::Violated))));
    }
    parts.push(format!("{} held", rules(count(Outcome::Ok))));
    if count(Outcome::Unknown) > 0 {
        parts.push(format!("{} unknown", count(Outcome::Unknown)));
    }
    parts.push(format!("{} not applicable", count(Outcome::NotApplicable)));
    let word = match verdict.worst() {
        Outcome::NotApplicable => "nothing to judge",
        outcome => outcome.word(),
    };
    line(&format!("{word} ({})", parts.join(", ")));
    out
}

/// Where to look and what is wrong.
fn place(finding: &Finding) -> String {
    let list = |numbers: Vec<String>| numbers.join(", ");
    let mut words = Vec::new();
    match (finding.workflow_id.is_empty(), finding.run_id.is_empty()) {
        (false, false) => words.push(format!("{}/{}", finding.workflow_id, finding.run_id)),
        (false, true) => words.push(finding.workflow_id.clone()),
        (true, false) => words.push(finding.run_id.clone()),
        (true, true) => {}
    }
    if !finding.events.is_empty() {
        words.push(format!("events {}", list(finding.events.iter().map(i64::to_string).collect())));
    }
    if !finding.operations.is_empty() {
        words.push(format!("operations {}", list(finding.operations.iter().map(u32::to_string).collect())));
    }
    if words.is_empty() { finding.message.clone() } else { format!("{}: {}", words.join(" "), finding.message) }
}
