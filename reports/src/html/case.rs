//! A case shown in full: its findings, and its workflows with their timelines.

use super::mark::{class, mark};
use super::page::{CaseView, Page};
use crate::layout::Drawing;
use crate::timeline::{Timeline, concerned};
use crate::{command, text};
use resurgam_campaign::coverage;
use resurgam_campaign::simulation::SimulatedCase;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::program::Input;
use resurgam_formats::rule::About;
use resurgam_formats::verdict::{Finding, Outcome};
use resurgam_formats::{case, listing};
use serde::Serialize;

/// At most this many workflows of a case get a timeline; those that findings are about come first.
const WORKFLOWS: usize = 12;

/// A case shown in full.
#[derive(Serialize)]
pub(super) struct Case {
    seed: u64,
    class: &'static str,
    mark: &'static str,
    word: &'static str,
    recording_hash: String,
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
    title: String,
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

impl Case {
    /// A case as the page shows it.
    pub(super) fn of(page: &Page<'_>, view: &CaseView<'_>) -> Self {
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
        let mut commands = vec![command::again(&summary.origin, view.seed)];
        if let Some(path) = &path {
            commands.extend([command::check(path), command::show(path, concerned.first().copied())]);
        }
        let shrunk = view.shrunk.map(|shrunk| {
            commands.insert(0, command::replay(&summary.origin.options.choice, shrunk.path));
            let case::Shrunk { rule, from, to, proposed, .. } = shrunk.how;
            format!("Shrunk, and shown as the smallest plan found that breaks {rule}: {from} → {to} ({proposed} tried)")
        });
        let rules = || view.verdict.rules.iter();
        Self {
            seed: view.seed,
            class: class(worst),
            mark: mark(worst),
            word: worst.word(),
            recording_hash: known.map_or_else(String::new, |case| case.recording_hash.clone()),
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
                    title: About::find(page.rules, &rule.rule).map_or_else(String::new, |about| about.title.to_owned()),
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
