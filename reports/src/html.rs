//! The page: one self-contained HTML file that loads nothing, works from a file, by keyboard, in light and dark.
//!
//! Everything that came from evidence passes through the template engine's escaping; a content security policy in the
//! page forbids every load, so that even a mistake here could not phone home.

mod case;
mod coverage;
mod mark;
mod page;
mod rule;

pub use page::{CaseView, Page, Shrunk};

use crate::campaign::Table;
use crate::heat::Heat;
use crate::{Error, text};
use case::Case;
use coverage::{Answers, Bars, bars, heats};
use mark::{class, mark};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use resurgam_campaign::coverage::kinds;
use resurgam_campaign::simulation::Simulation;
use resurgam_campaign::summary::{CaseSummary, CaseTimes, Conclusion, Summary, Times};
use resurgam_formats::verdict::Outcome;
use rule::Rule;
use serde::Serialize;

const TEMPLATES: [(&str, &str); 9] = [
    ("page.html", include_str!("../templates/page.html")),
    ("rules.html", include_str!("../templates/rules.html")),
    ("case.html", include_str!("../templates/case.html")),
    ("timeline.html", include_str!("../templates/timeline.html")),
    ("coverage.html", include_str!("../templates/coverage.html")),
    ("milestones.html", include_str!("../templates/milestones.html")),
    ("style.css", include_str!("../templates/style.css")),
    ("dark.css", include_str!("../templates/dark.css")),
    ("script.js", include_str!("../templates/script.js")),
];

/// Renders the page.
///
/// # Errors
/// A mistake in a template, which no evidence can cause.
pub fn render(page: &Page<'_>) -> Result<String, Error> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    engine.add_filter("at", |nanos: Option<i64>| nanos.map_or_else(String::new, text::at));
    engine.add_filter("thousands", text::thousands);
    engine.add_filter("seconds", text::seconds);
    for (name, source) in TEMPLATES {
        engine.add_template(name, source)?;
    }
    let summary = page.summary;
    let mut cases: Vec<&CaseView<'_>> = page.cases.iter().collect();
    cases.sort_by_key(|case| std::cmp::Reverse(case.verdict.worst()));
    let cases: Vec<Case> = cases.into_iter().map(|case| Case::of(page, case)).collect();
    let rules = summary.rules.iter().map(|rule| Rule::of(page, rule)).collect();
    let known = [kinds::STATEMENTS, kinds::EVENTS, kinds::OPERATIONS, kinds::TASKS, kinds::WORKER_FAULTS];
    let kinds_known: usize = known.iter().map(|names| names.len()).sum();
    let contents = Contents {
        summary,
        verdict: headline(summary),
        mark: mark(shown(summary)),
        word: class(shown(summary)),
        violated: summary.count(Outcome::Violated),
        undecided: summary.count(Outcome::Unknown),
        rules,
        cases,
        slowest: summary.slowest(10).into_iter().map(|(case, times)| Slow { case, times }).collect(),
        times: &summary.times,
        simulated_seconds: summary.simulation.as_ref().map(Simulation::seconds),
        shortfalls: summary.shortfalls.iter().map(ToString::to_string).collect(),
        shown: page.cases.iter().map(|case| case.seed).collect(),
        milestones: summary.simulation.as_ref().map(Table::of),
        pace: summary.simulation.as_ref().and_then(|simulation| simulation.pace(summary.times.wall_seconds)),
        bars: bars(summary),
        operations: Answers::of(summary),
        heats: heats(summary),
        kinds_known,
        kinds_reached: kinds_known - summary.missing.len().min(kinds_known),
    };
    Ok(engine.get_template("page.html")?.render(Serde(&contents))?)
}

/// What the templates see.
#[derive(Serialize)]
struct Contents<'a> {
    summary: &'a Summary,
    verdict: String,
    mark: &'static str,
    word: &'static str,
    violated: usize,
    undecided: usize,
    rules: Vec<Rule<'a>>,
    cases: Vec<Case>,
    slowest: Vec<Slow<'a>>,
    times: &'a Times,
    simulated_seconds: Option<f64>,
    shortfalls: Vec<String>,
    shown: Vec<u64>,
    milestones: Option<Table>,
    pace: Option<f64>,
    bars: Vec<Bars>,
    operations: Answers,
    heats: Vec<Heat>,
    kinds_known: usize,
    kinds_reached: usize,
}

/// A case and how long it took.
#[derive(Serialize)]
struct Slow<'a> {
    case: &'a CaseSummary,
    times: CaseTimes,
}

/// What the banner says: what held is undecided as long as something is missing.
fn shown(summary: &Summary) -> Outcome {
    match summary.worst() {
        Outcome::Ok if summary.conclusion != Conclusion::Held => Outcome::Unknown,
        worst => worst,
    }
}

fn headline(summary: &Summary) -> String {
    let cases = text::count(summary.cases.len() as u64, "case");
    let rules = |outcome| summary.rules.iter().filter(|rule| rule.worst() == outcome).count() as u64;
    match summary.worst() {
        Outcome::Violated => {
            let violated = rules(Outcome::Violated);
            let verb = if violated == 1 { "was" } else { "were" };
            format!(
                "{} {verb} violated in {} of {cases}",
                text::count(violated, "rule"),
                summary.count(Outcome::Violated)
            )
        }
        Outcome::Unknown if !summary.not_judged.is_empty() => {
            format!("{} could not be judged", text::count(summary.not_judged.len() as u64, "case"))
        }
        Outcome::Unknown => {
            format!("Nothing violated, but undecided in {} of {cases}", summary.count(Outcome::Unknown))
        }
        Outcome::Ok if summary.shortfalls.is_empty() => format!("Every rule held in {cases}"),
        Outcome::Ok => format!("Nothing violated in {cases}, but {}", summary.state),
        Outcome::NotApplicable => "Nothing was judged".to_owned(),
    }
}

#[cfg(test)]
mod tests;
