//! `resurgam check`: judges files of evidence, wherever they come from.

mod files;
mod objects;

use crate::Ended;
use crate::exit::{Exit, Failure, complain, print};
use objects::Sought;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::Problem;
use resurgam_formats::objects::{Model, Term};
use resurgam_formats::verdict::Verdict;
use resurgam_formats::wire;
use resurgam_judge::profile::Profile;
use resurgam_judge::{judge, rules};
use resurgam_reports::checked::{self, Checked};
use resurgam_reports::{explained, verdict};
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "\
Files are told by their content: recordings, and workflow histories as Temporal's command line, web interfaces, server,
exports and SDKs write them, also Cadence's: JSON of one or many histories, protobuf (single, after lengths, in base64), pages,
batches, logs with a history behind them; any of it compressed with gzip or in a zip archive.

What is not in a file, and what was not understood, is never a violation: the first is not judged, the second is unknown.

Exit codes: 0 all rules held, 1 a rule was violated, 2 a file could not be read (the others are judged all the
same, and 2 is given even if one of them was violated), 3 a rule could not be decided, or in one of the files there was
nothing to judge.")]
pub(crate) struct Args {
    /// Recordings, histories, directories of a run (its recordings are judged) or of files, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is printed: lines of text, a verdict per line as JSON (`resurgam schema verdict`), JUnit XML, a page.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Say what was judged, what not and why, and show the events around each violation beside the rule.
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// Judge histories of different files together if one names the other: chains of runs, parents and children.
    #[arg(long)]
    together: bool,
    /// The files are histories of operations on such an object, as Jepsen (EDN) and Porcupine (lines of a log) write them: is
    /// there an order that respects real time? One of register, cas-register, multi-register, mutex, kv-append.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["explain", "together"])]
    model: Option<Model>,
    /// What a register holds at first, or a text, as a term of EDN; nil if it is not given.
    #[arg(long, value_name = "VALUE", requires = "model", value_parser = Term::one)]
    initial: Option<Term>,
    /// Refuse larger files; counted after decompression.
    #[arg(long, value_name = "BYTES", default_value_t = wire::MAX_BYTES)]
    max_bytes: u64,
    /// Count what is inconclusive as violated: exit with 1 instead of 3.
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Junit,
    Html,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let format = if args.json { Format::Json } else { args.format };
    let mut out = Out { format, explain: args.explain, all: Checked::new(args.strict), pages: Vec::new() };
    if let Some(model) = args.model {
        let sought = Sought { model, initial: args.initial.clone() };
        for path in args.files.iter().flat_map(|given| files::meant_by(given)) {
            match path.and_then(|path| objects::check(&path, &sought, args.max_bytes)) {
                Ok((verdict, picture)) => out.show(verdict, picture.as_deref(), None)?,
                Err(problem) => out.refuse(problem),
            }
        }
        return out.end();
    }
    let mut waiting = Vec::new();
    for path in args.files.iter().flat_map(|given| files::meant_by(given)) {
        match path.and_then(|path| Ok((files::about(&path)?, files::read(&path, args.max_bytes)?))) {
            Ok((about, found)) => {
                for (name, evidence) in found {
                    if args.together && evidence.header.is_none() {
                        waiting.push((name, evidence));
                    } else {
                        out.judge(&name, &evidence, about.clone())?;
                    }
                }
            }
            Err(problem) => out.refuse(problem),
        }
    }
    for (name, evidence) in resurgam_intake::families(waiting) {
        out.judge(&name, &evidence, None)?;
    }
    out.end()
}

/// What is printed, as it comes or at the end.
struct Out {
    format: Format,
    explain: bool,
    all: Checked,
    pages: Vec<String>,
}

impl Out {
    fn judge(&mut self, name: &str, evidence: &Evidence, note: Option<String>) -> Result<(), Failure> {
        let mut verdict = judge(name, evidence, &profile(evidence));
        verdict.notes.extend(note);
        let explained = self.explain.then(|| explained::explain(&verdict, evidence, &rules::abouts()));
        self.show(verdict, explained.as_deref(), Some(evidence))
    }

    /// Prints a verdict as it comes, and keeps it. What is said instead of its lines, as text or as a page, is `told`.
    fn show(&mut self, verdict: Verdict, told: Option<&str>, evidence: Option<&Evidence>) -> Result<(), Failure> {
        match (self.format, told) {
            (Format::Json, _) => print(&json(&verdict).map_err(Failure::machine)?),
            (Format::Text, Some(told)) if self.explain => print(told),
            (Format::Text, _) => print(&verdict::lines(&self.all.unrepeated(&verdict))),
            (Format::Html, Some(page)) if evidence.is_none() => self.pages.push(page.to_owned()),
            (Format::Junit | Format::Html, _) => {}
        }
        self.all.add(verdict, evidence.filter(|_| self.format == Format::Html));
        Ok(())
    }

    fn refuse(&mut self, problem: Problem) {
        complain(&problem.0, Exit::Usage);
        self.all.refuse(problem.0);
    }

    fn end(self) -> Ended {
        let abouts = rules::abouts();
        match self.format {
            Format::Text => print(&self.all.totals()),
            Format::Json => {}
            Format::Junit => print(&checked::junit(&self.all, &abouts).map_err(Failure::machine)?),
            // A picture says more than the page around it.
            Format::Html if self.pages.len() == 1 && self.all.verdicts().count() == 1 => print(&self.pages[0]),
            Format::Html => print(&checked::html(&self.all, &abouts).map_err(Failure::machine)?),
        }
        let outcomes: Vec<_> = self.all.verdicts().map(Verdict::worst).collect();
        Ok(if self.all.has_refused() { Exit::Usage } else { Exit::of_all(&outcomes, self.all.is_strict()) })
    }
}

/// The profile that a recording carries; a bare history is judged by the contract alone.
fn profile(evidence: &Evidence) -> Profile {
    evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default()
}

fn json(verdict: &Verdict) -> Result<String, String> {
    serde_json::to_string(verdict).map(|text| text + "\n").map_err(|e| e.to_string())
}
