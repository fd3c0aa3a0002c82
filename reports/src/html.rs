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

<<<<<<< HEAD
/// A row of the table of rules.
#[derive(Serialize)]
struct Rule<'a> {
    summary: &'a RuleSummary,
    class: &'static str,
    mark: &'static str,
    word: &'static str,
    title: &'static str,
    reason: &'static str,
    source: &'static str,
    violating: String,
    allowed: String,
    known: u64,
    /// Seeds that violated it: the seed, whether it is shown on this page, its message, the command.
    failing: Vec<(u64, bool, &'a str, String)>,
    undecided: Vec<(u64, bool, &'a str, String)>,
}

fn rule<'a>(summary: &'a Summary, rule: &'a RuleSummary, shown: &[CaseView<'_>]) -> Rule<'a> {
    let about = rules::find(rule.rule.as_str()).map(|rule| rule.about());
    let worst = rule.worst();
    let example = |example: &'a resurgam_campaign::rule_summary::Example| {
        let here = shown.iter().any(|case| case.seed == example.seed);
        (example.seed, here, example.message.as_str(), command::repeat(&summary.origin.options.choice, example.seed))
    };
    Rule {
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

/// Examples stand indented in the source of the rules.
fn dedent(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// A case shown in full.
#[derive(Serialize)]
struct Case {
    seed: u64,
    class: &'static str,
    mark: &'static str,
    word: &'static str,
    trace_hash: String,
    milliseconds: Option<f64>,
    simulated: Option<SimulatedCase>,
    path: Option<String>,
    /// What is shown is a shrunk plan: how it came about, in a sentence.
    shrunk: Option<String>,
    commands: Vec<String>,
    findings: Vec<Found>,
    undecided: Vec<(String, String)>,
    known: Vec<(String, String, String)>,
    notes: Vec<String>,
    workflows: Vec<Workflow>,
    hidden: usize,
}

/// A finding with its rule.
#[derive(Serialize)]
struct Found {
    rule: String,
    title: &'static str,
    finding: Finding,
}

/// One workflow of a case.
#[derive(Serialize)]
struct Workflow {
    timeline: Timeline,
    drawing: Drawing,
    clock: String,
    bad: bool,
    statuses: String,
    events: usize,
    programs: Vec<String>,
}

fn case(page: &Page<'_>, view: &CaseView<'_>) -> Case {
    let summary = page.summary;
    let worst = view.verdict.worst();
    let known = summary.cases.iter().find(|case| case.seed == view.seed);
    let path = known.and_then(|case| case.path.as_deref()).map(|path| text::inside(page.directory, path));
    let findings: Vec<&Finding> = view.verdict.violated().flat_map(|rule| &rule.findings).collect();
    let mut concerned: Vec<&str> = findings.iter().flat_map(|finding| concerned(finding, view.evidence)).collect();
    concerned.sort_unstable();
    concerned.dedup();
    let mut workflows: Vec<&str> = coverage::workflows(view.evidence).into_iter().collect();
    workflows.sort_by_key(|id| !concerned.contains(id));
    let hidden = workflows.len().saturating_sub(WORKFLOWS);
    workflows.truncate(WORKFLOWS);
    let mut commands = vec![command::repeat(&summary.origin.options.choice, view.seed)];
    if let Some(path) = &path {
        commands.extend([command::check(path), command::show(path, concerned.first().copied())]);
    }
    let shrunk = view.shrunk.map(|shrunk| {
        commands.insert(0, command::replay(&summary.origin.options.choice, shrunk.path));
        let case::Shrunk { rule, from, to, proposed, .. } = shrunk.how;
        format!("Shrunk, and shown as the smallest plan found that breaks {rule}: {from} → {to} ({proposed} tried)")
    });
    let rules = || view.verdict.rules.iter();
    Case {
        seed: view.seed,
        class: class(worst),
        mark: mark(worst),
        word: worst.word(),
        trace_hash: known.map_or_else(String::new, |case| case.trace_hash.clone()),
        milliseconds: summary.times.cases.get(&view.seed).map(|times| times.executing_ms),
        simulated: known.and_then(|case| case.simulated.clone()),
        path,
        shrunk,
        commands,
        findings: view
            .verdict
            .violated()
            .flat_map(|rule| rule.findings.iter().map(move |finding| (rule, finding)))
            .map(|(rule, finding)| Found {
                rule: rule.rule.to_string(),
                title: rules::find(rule.rule.as_str()).map_or("", |rule| rule.about().title),
                finding: without_repeats(finding),
            })
            .collect(),
        undecided: rules()
            .filter(|rule| rule.outcome == Outcome::Unknown)
            .map(|rule| (rule.rule.to_string(), rule.why.clone()))
            .collect(),
        known: rules()
            .flat_map(|rule| {
                rule.known
                    .iter()
                    .map(|known| (rule.rule.to_string(), known.issue.clone(), known.finding.message.clone()))
            })
            .collect(),
        notes: view.verdict.notes.clone(),
        workflows: workflows.into_iter().map(|id| workflow(view.evidence, id, &findings)).collect(),
        hidden,
    }
}

/// The same event may show a violation by two of its fields.
fn without_repeats(finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    finding.events.dedup();
    finding.operations.dedup();
    finding
}

fn workflow(evidence: &Evidence, id: &str, findings: &[&Finding]) -> Workflow {
    let timeline = Timeline::of(evidence, id, findings);
    let mut programs: Vec<String> = Vec::new();
    for run in evidence.runs.iter().filter(|run| run.workflow_id == id) {
        let input = run.started().and_then(|started| started.input.first_json());
        let Some(input) = input.and_then(|json| serde_json::from_value::<Input>(json).ok()) else { continue };
        let listing = listing::program(&input.program);
        if !programs.contains(&listing) {
            programs.push(listing);
        }
    }
    let statuses: Vec<&str> = timeline.runs.iter().map(|run| run.status.as_str()).collect();
    Workflow {
        drawing: Drawing::of(&timeline),
        clock: timeline.clock.sentence(),
        bad: timeline.is_bad(),
        statuses: statuses.join(" → "),
        events: timeline.runs.iter().map(|run| run.rows.len() + run.hidden).sum(),
        programs,
        timeline,
    }
}

/// One list of counts, as bars.
#[derive(Serialize)]
struct Bars {
    title: &'static str,
    /// Name, count, width in percent.
    rows: Vec<(String, u64, u32)>,
    missing: Vec<String>,
}

fn bars(summary: &Summary) -> Vec<Bars> {
    let (all, missing) = (&summary.coverage, &summary.missing);
    let lists = [
        ("Statements in programs", &all.statements, missing.statements.as_slice()),
        ("Events in histories", &all.events, missing.events.as_slice()),
        ("Tasks as workers got them", &all.tasks, missing.tasks.as_slice()),
        ("Worker faults", &all.worker_faults, missing.worker_faults.as_slice()),
        ("Ends of runs", &all.runs, &[]),
        ("Faults", &all.faults, missing.faults.as_slice()),
        ("In the store", &all.store, &[]),
    ];
    let one = |(title, counts, missing): (&'static str, &coverage::Counts, &[String])| {
        let most = counts.values().max().copied().unwrap_or(1).max(1) as f64;
        let mut rows: Vec<(String, u64, u32)> = counts
            .iter()
            .map(|(name, count)| {
                (name.clone(), *count, (100.0 * (*count as f64).ln_1p() / most.ln_1p()).round() as u32)
            })
            .collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Bars { title, rows, missing: missing.to_vec() }
    };
    lists.into_iter().map(one).filter(|bars| !bars.rows.is_empty() || !bars.missing.is_empty()).collect()
}

/// Calls and their answers, as a heat map, with the calls never made.
#[derive(Serialize)]
struct Answers {
    heat: Heat,
    missing: Vec<String>,
}

impl Answers {
    fn of(summary: &Summary) -> Self {
        let pairs = &summary.coverage.operations;
        let note = "Attempts of calls, by what their answers proved.";
        let heat = Heat::of("Calls and answers", note, "→", pairs, (kinds::OPERATIONS, &[]), false);
        Self { heat, missing: summary.missing.operations.clone() }
    }
}

fn heats(summary: &Summary) -> Vec<Heat> {
    let all = &summary.coverage;
    let (statements, events, calls) = (kinds::STATEMENTS, kinds::EVENTS, kinds::OPERATIONS);
    let one =
        |title, note, joint, pairs, names, symmetric| Heat::of(title, note, joint, pairs, (names, names), symmetric);
    vec![
        one(
            "Statement inside statement",
            "Row: the outer one. Column: what stands directly in it.",
            "⊃",
            &all.inside,
            statements,
            false,
        ),
        one(
            "Statement after statement",
            "Row: the first. Column: the next in the same block.",
            "→",
            &all.then,
            statements,
            false,
        ),
        one(
            "Calls beside each other",
            "Calls on one workflow that were under way at the same time.",
            "‖",
            &all.beside,
            calls,
            true,
        ),
        one("Event after event", "Row: an event. Column: the next event of the run.", "→", &all.next, events, false),
    ]
}

=======
>>>>>>> main
#[cfg(test)]
mod tests;
