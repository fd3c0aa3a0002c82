//! `resurgam rules`: every rule explained.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_judge::rules::{self, About};
use std::fmt::Write as _;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A rule by id (H8), name (H8-buffering) or slug (buffering); without one, all are listed.
    rule: Option<String>,
    /// Where the value of every field of every event comes from, as Markdown: docs/provenance.md.
    #[arg(long, conflicts_with = "rule")]
    provenance: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    match &args.rule {
        None if args.provenance => print(&resurgam_judge::provenance::document()),
        None => print(&list()),
        Some(name) => print(&explain(find(name)?.about())),
    }
    Ok(Exit::Held)
}

/// The rule of a name, or a line about those that are near.
pub(crate) fn find(name: &str) -> Result<Box<dyn rules::Rule>, Failure> {
    rules::find(name).ok_or_else(|| Failure::Input(unknown(name)))
}

fn list() -> String {
    let width = rules::all().iter().map(|rule| rule.about().name().len()).max().unwrap_or(0);
    let mut out = String::new();
    for (family, rules) in rules::families().into_iter().filter(|(_, rules)| !rules.is_empty()) {
        let blank = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{blank}{family}");
        for rule in rules {
            let about = rule.about();
            let _ = writeln!(out, "  {:width$}  {}", about.name(), about.title);
        }
    }
    out
}

fn explain(about: &About) -> String {
    let mut out = format!("{}: {}\n\n", about.name(), about.title);
    let _ = writeln!(out, "{}\n\nSource: {}", textwrap::fill(about.reason, 100), about.source);
    for (title, example) in [("Violates it", about.violating), ("Is allowed", about.allowed)] {
        let _ = writeln!(out, "\n{title}:");
        for line in example.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

/// The line about a rule that does not exist, with those whose names are near.
fn unknown(name: &str) -> String {
    let wanted = name.to_lowercase();
    let mut near: Vec<(usize, String)> = Vec::new();
    for rule in rules::all() {
        let about = rule.about();
        let spellings = [about.id.to_lowercase(), about.slug.to_lowercase(), about.name().to_lowercase()];
        let distance = spellings.iter().map(|known| strsim::damerau_levenshtein(known, &wanted)).min();
        near.push((distance.unwrap_or(usize::MAX), about.name()));
    }
    near.sort();
    let names: Vec<String> = near.into_iter().take(3).map(|(_, name)| name).collect();
    let shown: String = name.chars().take(60).collect();
    format!("there is no rule \"{shown}\"; nearest: {} (all: resurgam rules)", names.join(", "))
}
