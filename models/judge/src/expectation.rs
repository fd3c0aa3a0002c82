//! What a scenario expects beside all rules, of the histories of a case: one more entry of its verdict.

use resurgam_formats::event::{Body, Event};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::plan::TaskKind;
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
    let findings: Vec<Finding> = runs
        .iter()
        .flat_map(|run| {
            let undelivered = if expect.delivered { undelivered(run, evidence) } else { Vec::new() };
            forbidden(expect, run).into_iter().chain(late(expect, run)).chain(undelivered)
        })
        .collect();
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

/// Activities that the history says were started, and that no worker was handed.
fn undelivered(run: &Run, evidence: &Evidence) -> Vec<Finding> {
    let handed = |activity_id: &str, attempt: i64| {
        evidence.tasks.values().map(|handed| &handed.task).any(|task| {
            task.kind == TaskKind::Activity
                && (&task.workflow_id, &task.run_id) == (&run.workflow_id, &run.run_id)
                && task.activity_id == activity_id
                && i64::from(task.attempt) == attempt
        })
    };
    let scheduled = |id| {
        run.events.iter().find(|event| event.id == id).and_then(|event| match &event.body {
            Body::ActivityTaskScheduled(scheduled) => Some(scheduled.activity_id.as_str()),
            _ => None,
        })
    };
    let missing = |event: &Event| match &event.body {
        Body::ActivityTaskStarted(started) => {
            let activity_id = scheduled(started.scheduled)?;
            (!handed(activity_id, started.attempt)).then(|| {
                let attempt = started.attempt;
                finding(
                    run,
                    event,
                    format!("attempt {attempt} of activity {activity_id} was started, and no worker was handed it"),
                )
            })
        }
        _ => None,
    };
    run.events.iter().filter_map(missing).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::event::{ActivityTaskScheduled, ActivityTaskStarted, EventId};
    use resurgam_formats::scenario::Span;

    fn evidence() -> Evidence {
        let bodies = [
            Body::WorkflowExecutionStarted(Box::default()),
            Body::ActivityTaskScheduled(Box::new(ActivityTaskScheduled {
                activity_id: "1".into(),
                ..Default::default()
            })),
            Body::ActivityTaskStarted(Box::new(ActivityTaskStarted {
                scheduled: EventId(2),
                attempt: 1,
                ..Default::default()
            })),
        ];
        let event = |(number, body): (i64, Body)| Event {
            id: EventId(number),
            time: Some(number * 1_000_000_000),
            version: 0,
            task_id: 0,
            body,
        };
        let events = (1..).zip(bodies).map(event).collect();
        let run = Run { workflow_id: "w".into(), run_id: "r".into(), events, ..Run::default() };
        Evidence { runs: vec![run], ..Evidence::default() }
    }

    #[test]
    fn each_expectation_finds_what_it_is_for_and_nothing_else() {
        assert_eq!(judge(&Expect::default(), &evidence()), None);
        let without = |name: &str| Expect { without: vec![name.into()], ..Expect::default() };
        let within = |ms| Expect { each_run_within: Some(Span(ms)), ..Expect::default() };
        let delivered = Expect { delivered: true, ..Expect::default() };
        for (expect, violated) in [
            (without("ActivityTaskStarted"), true),
            (without("ActivityTaskTimedOut"), false),
            (within(1999), true),
            (within(2000), false),
            (delivered, true),
        ] {
            let outcome = if violated { Outcome::Violated } else { Outcome::Ok };
            assert_eq!(judge(&expect, &evidence()).map(|verdict| verdict.outcome), Some(outcome), "{expect:?}");
        }
    }
}
