//! What a scenario expects beside all rules, of the histories of a case: one more entry of its verdict.

use resurgam_formats::event::Event;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::scenario::Expect;
use resurgam_formats::verdict::{Finding, Outcome, RuleVerdict};
use std::time::Duration;

/// The name under which it stands in verdicts.
pub const NAME: &str = "S1-scenario";

/// What becomes of it; nothing if nothing is expected.
#[must_use]
pub fn judge(expect: &Expect, evidence: &Evidence) -> Option<RuleVerdict> {
    if expect.is_empty() {
        return None;
    }
    let runs: Vec<&Run> = evidence.runs.iter().collect();
    let findings: Vec<Finding> =
        runs.iter().flat_map(|run| forbidden(expect, run).into_iter().chain(late(expect, run))).collect();
    let outcome = match (findings.is_empty(), runs.is_empty()) {
        (false, _) => Outcome::Violated,
        (true, true) => Outcome::NotApplicable,
        (true, false) => Outcome::Ok,
    };
    let why = if runs.is_empty() { "there is no history".to_owned() } else { String::new() };
    let examined = runs.len() as u64;
    Some(RuleVerdict { rule: NAME.into(), outcome, findings, why, examined, known: Vec::new() })
}

fn forbidden(expect: &Expect, run: &Run) -> Vec<Finding> {
    let named = |event: &&Event| expect.without.iter().any(|name| name == event.body.name());
    let about = |event: &Event| finding(run, event, format!("the scenario expects no {}", event.body.name()));
    run.events.iter().filter(named).map(about).collect()
}

fn late(expect: &Expect, run: &Run) -> Option<Finding> {
    let within = Duration::from_millis(expect.each_run_within?.0.into());
    let (first, last) = (run.events.first()?, run.events.last()?);
    let took = Duration::from_nanos(u64::try_from(last.time?.saturating_sub(first.time?)).ok()?);
    (took > within).then(|| {
        let message =
            format!("the run took {} ms, and the scenario expects at most {} ms", took.as_millis(), within.as_millis());
        finding(run, last, message)
    })
}

fn finding(run: &Run, event: &Event, message: String) -> Finding {
    let (workflow_id, run_id) = (run.workflow_id.clone(), run.run_id.clone());
    Finding { workflow_id, run_id, events: vec![event.id.0], message, ..Finding::default() }
}
