//! What a run leaves for people and machines: `report.html`, `junit.xml`, `summary.json` and `times.json`. They are made from
//! the results and the kept cases of its directory, at the end of the run, or again at any time.

use crate::case_directory::{self, CaseDirectory, Error};
use crate::run_directory::Recorded;
use resurgam_campaign::results::Shortfall;
use resurgam_campaign::summary::{CaseSummary, Summary};
use resurgam_formats::case::Shrunk;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_formats::wire;
use resurgam_judge::rules;
use resurgam_reports::{CaseView, Page, html, json, junit};
use std::fs::File;
use std::path::Path;

/// So many passing cases are shown in full, so that a reader sees what a timeline looks like. The first ones of a run are kept
/// for it.
pub const PASSING: usize = 3;
/// So many failing cases are shown in full.
const FAILING: usize = 20;

/// Adds up what the directory of a run says.
///
/// # Errors
/// It is not one, or cannot be understood.
pub fn summarize(directory: &Path) -> Result<Summary, Error> {
    let recorded = Recorded::read(directory)?;
    let mut summary = Summary::new(recorded.origin);
    for case in &recorded.cases {
        summary.add(case);
    }
    match recorded.ended {
        Some(ended) => {
            summary.times.wall_seconds = ended.wall_seconds;
            summary.conclude(ended.shortfalls);
        }
        None => summary.conclude(vec![Shortfall::Unfinished]),
    }
    Ok(summary)
}

/// Writes all of them into the directory of the run. Each is tried, whatever became of the others, the small ones first; and a
/// page that is too large is written without its cases.
///
/// # Errors
/// All that could not be written.
pub fn write(directory: &Path, summary: &Summary) -> Result<(), Vec<Error>> {
    let name = directory.display().to_string();
    let mut problems = Vec::new();
    let mut put = |file: &str, text: Result<String, resurgam_reports::Error>| {
        let path = directory.join(file);
        let written = match text {
            Ok(text) => case_directory::write(&path, text.as_bytes()),
            Err(why) => Err(Error::Content { path, why: why.to_string() }),
        };
        written.map_err(|why| problems.push(why)).is_ok()
    };
    put("summary.json", json::render(summary));
    put("times.json", json::times(summary));
    let rules = rules::abouts();
    put("junit.xml", junit::render(summary, &name, &rules));
    let shown = shown(directory, summary);
    let cases: Vec<CaseView<'_>> = shown.iter().map(Shown::view).collect();
    if !put("report.html", html::render(&Page { summary, directory: &name, rules: &rules, cases: &cases })) {
        put("report.html", html::render(&Page { summary, directory: &name, rules: &rules, cases: &[] }));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The cases that were made smaller: seed, how, and the directory of the small one.
#[must_use]
pub fn shrunk(directory: &Path, summary: &Summary) -> Vec<(u64, Shrunk, String)> {
    let kept = summary.cases.iter().filter_map(|case| Some((case.seed, case.path.as_ref()?)));
    let small = kept.filter_map(|(seed, path)| {
        let small = CaseDirectory::at(directory.join(path)).shrunk();
        Some((seed, small.case().ok()??.shrunk?, small.path().display().to_string()))
    });
    small.collect()
}

/// Which files of the kept cases, and of what they were made smaller to, are not those with which their `case.json` was written: a line
/// for each.
#[must_use]
pub fn changed(directory: &Path, summary: &Summary) -> Vec<String> {
    let paths = summary.cases.iter().filter_map(|case| case.path.as_ref());
    let kept = paths.map(|path| CaseDirectory::at(directory.join(path)));
    kept.flat_map(|kept| [changes(&kept), changes(&kept.shrunk())].concat()).collect()
}

/// The same of one case. What cannot be read is not known to have changed.
fn changes(kept: &CaseDirectory) -> Vec<String> {
    let case = kept.case().ok().flatten();
    case.and_then(|case| kept.changed(&case).ok()).unwrap_or_default()
}

/// A case that is shown in full.
struct Shown {
    seed: u64,
    evidence: Evidence,
    verdict: Verdict,
    /// How it came to be, and where it is, if this is the smallest case that breaks the same rule.
    shrunk: Option<(Shrunk, String)>,
}

impl Shown {
    /// Reads a kept case, or the smallest one that breaks the same rule. What is not there any more cannot be shown.
    fn read(directory: &Path, case: &CaseSummary) -> Option<Self> {
        let kept = CaseDirectory::at(directory.join(case.path.as_ref()?));
        let small = kept.shrunk();
        let shrunk = small.case().ok().flatten().and_then(|case| case.shrunk);
        let from = if shrunk.is_some() { &small } else { &kept };
        let path = from.recording();
        let document = wire::read(&path.display().to_string(), File::open(&path).ok()?, wire::MAX_BYTES).ok()?;
        let mut verdict = from.verdict().ok()??;
        verdict.notes.extend(changes(from));
        let shrunk = shrunk.map(|shrunk| (shrunk, small.path().display().to_string()));
        Some(Self { seed: case.seed, evidence: document.evidence, verdict, shrunk })
    }

    fn view(&self) -> CaseView<'_> {
        let shrunk = self.shrunk.as_ref().map(|(how, path)| html::Shrunk { how, path });
        CaseView { seed: self.seed, evidence: &self.evidence, verdict: &self.verdict, shrunk }
    }
}

/// The cases that are shown in full: those that failed and some that did not, each by their seeds.
fn shown(directory: &Path, summary: &Summary) -> Vec<Shown> {
    let some = |failing: bool, most: usize| {
        let cases = summary.cases.iter().filter(move |case| (case.worst > Outcome::Ok) == failing);
        cases.filter_map(|case| Shown::read(directory, case)).take(most)
    };
    some(true, FAILING).chain(some(false, PASSING)).collect()
}
