//! S1: what the scenario of a case expects holds.

use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::{Expected, TaskKind};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// Holds histories against what their plan expects of them.
pub(super) struct Expectations;

/// A header of a case whose scenario expects that no activity times out.
macro_rules! expecting {
    ($lines:literal) => {
        concat!(
            r#"{"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500},"expected":{"without":["ActivityTaskTimedOut"]}}}"#,
            $lines
        )
    };
}

static ABOUT: About = About {
    id: "S1",
    slug: "scenario",
    title: "what the scenario of a case expects of its histories holds",
    reason: "The rules say what must hold whatever is done. Who writes a scenario knows what is done in it, and what should come of \
             that: that no activity runs into its timeout, for example, if no worker was ever away for so long.",
    source: "docs/scenarios.md: “What it expects”",
    violating: expecting!(
        r#"
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskTimedOut scheduledEventId=2"#
    ),
    allowed: expecting!(
        r#"
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskFailed scheduledEventId=2"#
    ),
};

impl Rule for Expectations {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let Some(header) = evidence.header.as_ref() else { return };
        let expected = &header.plan.expected;
        if expected.is_nothing() {
            return;
        }
        for run in &evidence.runs {
            findings.look_at(run);
            findings.examine();
            without(expected, run, findings);
            late(expected, run, findings);
            if expected.delivered {
                delivered(run, evidence, findings);
            }
        }
    }
}

fn without(expected: &Expected, run: &Run, findings: &mut Findings) {
    for event in &run.events {
        let name = event.body.name();
        if expected.without.iter().any(|unwanted| unwanted == name) {
            findings.violated(&[event.id], format!("the scenario expects no {name}"));
        }
    }
}

/// Activities that the history says were started were handed to a worker.
fn delivered(run: &Run, evidence: &Indexed<'_>, findings: &mut Findings) {
    let mut scheduled: FxHashMap<EventId, &str> = FxHashMap::default();
    let handed = |activity_id: &str, attempt: i64| {
        evidence.tasks.values().map(|handed| &handed.task).any(|task| {
            task.kind == TaskKind::Activity
                && (&task.workflow_id, &task.run_id) == (&run.workflow_id, &run.run_id)
                && task.activity_id == activity_id
                && i64::from(task.attempt) == attempt
        })
    };
    for event in &run.events {
        match &event.body {
            Body::ActivityTaskScheduled(body) => {
                scheduled.insert(event.id, body.activity_id.as_str());
            }
            Body::ActivityTaskStarted(started) => {
                let Some(activity_id) = scheduled.get(&started.scheduled) else { continue };
                let attempt = started.attempt;
                if !handed(activity_id, attempt) {
                    let message =
                        format!("attempt {attempt} of activity {activity_id} was started, and no worker was handed it");
                    findings.violated(&[event.id], message);
                }
            }
            _ => {}
        }
    }
}

fn late(expected: &Expected, run: &Run, findings: &mut Findings) {
    let Some(within) = expected.each_run_within_ms else { return };
    let (Some(first), Some(last)) = (run.events.first(), run.events.last()) else { return };
    let time = |event: &Event| event.time.unwrap_or(0);
    let took = Duration::from_nanos(u64::try_from(time(last).saturating_sub(time(first))).unwrap_or(0)).as_millis();
    if took > u128::from(within) {
        let message = format!("the run took {took} ms, and the scenario expects at most {within} ms");
        findings.violated(&[last.id], message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    const RUN: &str = expecting!(
        r#"
        run w/r
        1 WorkflowExecutionStarted @1
        2 ActivityTaskScheduled activityId=1 @2
        3 ActivityTaskStarted scheduledEventId=2 attempt=1 @3"#
    );

    fn outcome(expected: Expected) -> Outcome {
        let mut evidence = parse(RUN).unwrap();
        evidence.header.as_mut().unwrap().plan.expected = expected;
        let mut findings = Findings::default();
        Expectations.judge(&Indexed::plain(&evidence), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn each_expectation_finds_what_it_is_for_and_nothing_else() {
        let without = |name: &str| Expected { without: vec![name.into()], ..Expected::default() };
        let within = |ms| Expected { each_run_within_ms: Some(ms), ..Expected::default() };
        let delivered = Expected { delivered: true, ..Expected::default() };
        for (expected, outcome_of_it) in [
            (Expected::default(), Outcome::NotApplicable),
            (without("ActivityTaskStarted"), Outcome::Violated),
            (without("ActivityTaskTimedOut"), Outcome::Ok),
            (within(1999), Outcome::Violated),
            (within(2000), Outcome::Ok),
            (delivered, Outcome::Violated),
        ] {
            assert_eq!(outcome(expected.clone()), outcome_of_it, "{expected:?}");
        }
    }
}
