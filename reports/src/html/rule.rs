//! The rows of the table of rules.

use super::mark::{class, mark};
use super::page::Page;
use crate::command;
use resurgam_campaign::rule_summary::{Example, RuleSummary};
use resurgam_formats::rule::About;
use serde::Serialize;

/// A row of the table of rules.
#[derive(Serialize)]
pub(super) struct Rule<'a> {
    summary: &'a RuleSummary,
    class: &'static str,
    mark: &'static str,
    word: &'static str,
    title: &'a str,
    reason: &'a str,
    source: &'a str,
    violating: String,
    allowed: String,
    known: u64,
    /// Seeds that violated it: the seed, whether it is shown on this page, its message, the command.
    failing: Vec<(u64, bool, &'a str, String)>,
    undecided: Vec<(u64, bool, &'a str, String)>,
}

impl<'a> Rule<'a> {
    /// The row of a rule.
    pub(super) fn of(page: &Page<'a>, rule: &'a RuleSummary) -> Self {
        let summary = page.summary;
        let about = About::find(page.rules, &rule.rule);
        let worst = rule.worst();
        let example = |example: &'a Example| {
            let here = page.cases.iter().any(|case| case.seed == example.seed);
            (example.seed, here, example.message.as_str(), command::again(&summary.origin, example.seed))
        };
        Self {
            summary: rule,
            class: class(worst),
            mark: mark(worst),
            word: worst.word(),
            title: about.map_or("", |about| about.title),
            reason: about.map_or("", |about| about.reason),
            source: about.map_or("", |about| about.source),
            violating: about.map_or_else(String::new, |about| dedent(about.violating)),
            allowed: about.map_or_else(String::new, |about| dedent(about.allowed)),
            known: rule.known.values().sum(),
            failing: rule.failing.iter().map(example).collect(),
            undecided: rule.undecided.iter().map(example).collect(),
        }
    }
}

/// Examples stand indented in the source of the rules.
fn dedent(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
