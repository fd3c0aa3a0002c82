//! L21: while nothing is wrong, a task is handed to a waiting worker at once.

use super::answer::moment;
use super::ways;
use crate::profile::Capability;
use crate::rules::proof::{clocks_agree, is_quiet};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::time::At;

/// Looks for tasks that waited though workers did, too.
pub(super) struct Prompt;

static ABOUT: About = About {
    id: "L21",
    slug: "prompt",
    title: "where the target promises it, in simulations: while no fault is in force, a task is handed out as soon as it can have reached its queue",
    reason: "Workers of the suite always poll, also while they work. So a task waits for nothing but its way through store and network. A \
             queue that forgets to wake who waits, or a transfer that is tried again only later, is repaired by some timer: every workflow \
             goes on, seconds late, and no other rule objects. Twice what L7 allows is allowed, ten ways through store and network and a \
             pause, since a shard with many runs does other things first; a sticky queue may first have to miss its worker.",
    source: "docs/temporal-semantics.md: “Workflow tasks”, “Sticky queues”; docs/measurements.md: “Mistakes that nobody chose”",
    violating: whole!(
        r#"
        {"at":99000000000,"type":"audit"}
        {"at":4000000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"answer":{"startedTime":"1970-01-01T00:00:04Z"}}
        run w/r
        1 WorkflowExecutionStarted @1
        2 WorkflowTaskScheduled taskQueue.name=q attempt=1 @1
        3 WorkflowTaskStarted scheduledEventId=2 @4"#
    ),
    allowed: whole!(
        r#"
        {"at":99000000000,"type":"audit"}
        {"at":4000000000,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"answer":{"startedTime":"1970-01-01T00:00:04Z"}}
        run w/r
        1 WorkflowExecutionStarted @1
        2 WorkflowTaskScheduled taskQueue.name=q attempt=1 @3.8
        3 WorkflowTaskStarted scheduledEventId=2 @4"#
    ),
};

/// How much longer than other rules allow a fault may be felt, in nanoseconds, as in L13.
const RETURN: At = 3_000_000_000;

/// A task may have to wait for as long again as it is on its way: the 759 ms of one among 19 runs, whose way takes 640 ms at most, are the
/// longest that was seen.
const OTHERS: i64 = 2;

impl Rule for Prompt {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::Availability)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        // As in L13: only a simulation is audited, and with the last audit it ends.
        let Some(settled) = evidence.audits.last().map(|(at, _)| *at) else { return };
        let (Some(way), Some(began)) = (ways::longest(evidence), began(evidence)) else { return };
        let longest = way.saturating_mul(OTHERS);
        let sticky = evidence.header.as_ref().map_or(0, |header| header.plan.knobs.sticky_timeout_ms);
        for run in &evidence.runs {
            findings.look_at(run);
            for event in &run.events {
                let Some((scheduled, is_sticky)) = first_start(run, event) else { continue };
                let (Some(from), Some(to)) = (scheduled.time, event.time) else { continue };
                let at = |time: i64| At::try_from(time.saturating_sub(began)).unwrap_or(0);
                if at(to) >= settled || !is_quiet(evidence, at(from).saturating_sub(RETURN), at(to)) {
                    continue;
                }
                findings.examine();
                let patience = if is_sticky { i64::from(sticky) * 1_000_000 } else { 0 };
                if to.saturating_sub(from) > longest.saturating_add(patience) {
                    let message = format!(
                        "a task waited for {} ms, and its way takes {} ms at most",
                        to.saturating_sub(from) / 1_000_000,
                        longest / 1_000_000
                    );
                    findings.violated(&[scheduled.id, event.id], message);
                }
            }
        }
    }
}

/// The time of the server's clocks at which the recording began, in nanoseconds; `None` if they do not agree, or no task was handed
/// out. A task reaches its worker a moment after it was started; the shortest of these moments is taken for none.
fn began(evidence: &Indexed<'_>) -> Option<i64> {
    if !clocks_agree(evidence) {
        return None;
    }
    let began = evidence.tasks.values().filter_map(|handed| {
        let started = moment(handed.task.answer.as_ref()?.get("startedTime"))?;
        Some(started.saturating_sub(i64::try_from(handed.at).ok()?))
    });
    began.max()
}

/// If this event says that a task was started in its first attempt: the event by which it was scheduled, and
/// whether its queue was a sticky one.
fn first_start<'r>(run: &'r Run, event: &Event) -> Option<(&'r Event, bool)> {
    let scheduled = |id: EventId| run.event(id);
    match &event.body {
        Body::WorkflowTaskStarted(it) => {
            let scheduled = scheduled(it.scheduled)?;
            let Body::WorkflowTaskScheduled(task) = &scheduled.body else { return None };
            (task.attempt == 1).then(|| (scheduled, task.task_queue.kind.is("STICKY")))
        }
        Body::ActivityTaskStarted(it) if it.attempt == 1 => Some((scheduled(it.scheduled)?, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    /// The outcome of the violating example with this in place of that.
    fn but(was: &str, is: &str) -> Outcome {
        let text = ABOUT.violating.replace(was, is);
        let mut findings = Findings::default();
        Prompt.judge(&Indexed::plain(&parse(&text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn a_fault_excuses_and_so_does_what_is_not_known() {
        assert_eq!(but("attempt=1 @1", "attempt=1 @1"), Outcome::Violated);
        let audit = r#"{"at":99000000000,"type":"audit"}"#;
        let fault = r#""type":"fault","fault":{"at_ms":0,"for_ms":9,"fault":"kill","node":1},"active""#;
        let fault = format!("{audit}\n{{\"at\":1,{fault}:true}}\n{{\"at\":2,{fault}:false}}");
        assert_eq!(but(audit, &fault), Outcome::NotApplicable);
        assert_eq!(but(audit, ""), Outcome::NotApplicable);
        assert_eq!(but("startedTime", "scheduledTime"), Outcome::NotApplicable, "no clock is known");
        assert_eq!(but("attempt=1 @1", "attempt=2 @1"), Outcome::NotApplicable, "a later attempt has to wait");
    }

    #[test]
    fn a_sticky_queue_may_miss_its_worker_first() {
        let sticky = |at| format!("taskQueue.kind=STICKY attempt=1 @{at}");
        // 540 ms are allowed for the way, and 500 for the worker.
        assert_eq!(but("attempt=1 @1", &sticky("3.0")), Outcome::Ok);
        assert_eq!(but("attempt=1 @1", &sticky("2.9")), Outcome::Violated);
        assert_eq!(but("attempt=1 @1", "attempt=1 @3.3"), Outcome::Violated);
    }

    #[test]
    fn an_activity_is_a_task_too() {
        let activity = "@1\n        3 WorkflowTaskStarted scheduledEventId=2 @1.1\n        4 ActivityTaskScheduled @1.2\n        5 ActivityTaskStarted scheduledEventId=4 attempt=1 @4";
        assert_eq!(but("@1\n        3 WorkflowTaskStarted scheduledEventId=2 @4", activity), Outcome::Violated);
        let later = activity.replace("attempt=1 @4", "attempt=2 @4");
        assert_eq!(but("@1\n        3 WorkflowTaskStarted scheduledEventId=2 @4", &later), Outcome::Ok);
    }
}
