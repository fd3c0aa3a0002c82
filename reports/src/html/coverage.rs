//! What a run covered: bars and heat maps.

use crate::heat::Heat;
use resurgam_campaign::coverage::{self, kinds};
use resurgam_campaign::summary::Summary;
use serde::Serialize;

/// One list of counts, as bars.
#[derive(Serialize)]
pub(super) struct Bars {
    title: &'static str,
    /// Name, count, width in percent.
    rows: Vec<(String, u64, u32)>,
    missing: Vec<String>,
}

/// The lists of counts that have anything to show.
pub(super) fn bars(summary: &Summary) -> Vec<Bars> {
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
pub(super) struct Answers {
    heat: Heat,
    missing: Vec<String>,
}

impl Answers {
    /// The calls of a run.
    pub(super) fn of(summary: &Summary) -> Self {
        let pairs = &summary.coverage.operations;
        let note = "Attempts of calls, by what their answers proved.";
        let heat = Heat::of("Calls and answers", note, "→", pairs, (kinds::OPERATIONS, &[]), false);
        Self { heat, missing: summary.missing.operations.clone() }
    }
}

/// What was seen beside, inside and after what.
pub(super) fn heats(summary: &Summary) -> Vec<Heat> {
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
