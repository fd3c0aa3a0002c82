//! H16: an activity keeps its limits: attempts from above, timeouts from below.
//!
//! Upper bounds of time are liveness and are not judged here: a timeout is written when the server gets to it.

use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{
    ActivityTaskScheduled, ActivityTaskStarted, ActivityTaskTimedOut, Body, Event, EventId, FailureKind, Span,
};
use rustc_hash::FxHashMap;

/// Timestamps and deadlines are rounded to milliseconds in places.
pub(super) const ROUNDING: i64 = 5_000_000;

/// The first line of a recording, for tests.
#[cfg(test)]
pub(super) const HEADER: &str = r#"{"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#;

pub(super) struct Limits;

const ABOUT: About = About {
    id: "H16",
    slug: "limits",
    title: "an activity has no attempt above its maximum, a last failure exactly from attempt 2 on, and no timeout before its time",
    reason: "A retry policy with three attempts promises that the fourth never happens, perhaps because the work costs money; a \
             timeout promises the worker that much time. An activity that is timed out early is executed twice at the same \
             time. In a bare history a breach is only `unknown`: an operator may have changed the activity's options, which \
             leaves no event.",
    source: "docs/temporal-semantics.md: “Activities”, “Timers”; temporal#4752",
    violating: r#"
        {"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}
        1 WorkflowExecutionStarted @0
        2 ActivityTaskScheduled activityId=a startToCloseTimeout=2s @1
        3 ActivityTaskStarted scheduledEventId=2 attempt=1 @1.5
        4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE @2.5"#,
    allowed: "
        1 WorkflowExecutionStarted @0
        2 ActivityTaskScheduled activityId=a startToCloseTimeout=2s retryPolicy.maximumAttempts=3 @1
        3 ActivityTaskStarted scheduledEventId=2 attempt=3 lastFailure.message=no @1.5
        4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE @3.499",
};

#[derive(Default)]
struct Activity {
    at: Option<i64>,
    started: Option<(EventId, Option<i64>)>,
    maximum: i64,
    schedule_to_close: Span,
    schedule_to_start: Span,
    start_to_close: Span,
    heartbeat: Span,
}

impl Activity {
    fn new(event: &Event, task: &ActivityTaskScheduled) -> Self {
        Self {
            at: event.time,
            started: None,
            maximum: task.retry_policy.as_ref().map_or(0, |policy| policy.maximum_attempts),
            schedule_to_close: task.schedule_to_close,
            schedule_to_start: task.schedule_to_start,
            start_to_close: task.start_to_close,
            heartbeat: task.heartbeat,
        }
    }

    fn start(&mut self, event: &Event, task: &ActivityTaskStarted) -> Option<String> {
        self.started = Some((event.id, event.time));
        let (attempt, failed_before) = (task.attempt, task.last_failure.is_some());
        if self.maximum > 0 && attempt > self.maximum {
            Some(format!("attempt {attempt} of an activity with at most {}", self.maximum))
        } else if attempt == 1 && failed_before {
            Some("attempt 1 of an activity carries a failure of an earlier one".to_owned())
        } else if attempt > 1 && !failed_before {
            Some(format!("attempt {attempt} of an activity carries no failure of the attempt before"))
        } else {
            None
        }
    }

    /// The earliest moment at which the timeout can have struck, and in words.
    fn earliest(&self, task: &ActivityTaskTimedOut) -> Option<(i64, &'static str)> {
        let FailureKind::Timeout(kind) = &task.failure.as_ref()?.kind else { return None };
        let after = |from: Option<i64>, span: Span| (span.0 > 0).then(|| from.map(|t| t.saturating_add(span.0)))?;
        let started = self.started.and_then(|(_, at)| at);
        match kind.0.as_str() {
            "SCHEDULE_TO_START" => Some((after(self.at, self.schedule_to_start)?, "schedule-to-start")),
            "START_TO_CLOSE" => Some((after(started, self.start_to_close)?, "start-to-close")),
            "HEARTBEAT" => Some((after(started, self.heartbeat)?, "heartbeat")),
            // Also written when another timeout struck and no attempt fits any more before this deadline.
            "SCHEDULE_TO_CLOSE" if self.started.is_none() => {
                Some((after(self.at, self.schedule_to_close)?, "schedule-to-close"))
            }
            "SCHEDULE_TO_CLOSE" => {
                let whole = after(self.at, self.schedule_to_close)?;
                let others = [after(started, self.start_to_close), after(started, self.heartbeat)];
                Some((others.into_iter().flatten().fold(whole, i64::min), "schedule-to-close"))
            }
            _ => None,
        }
    }

    fn time_out(&self, event: &Event, task: &ActivityTaskTimedOut) -> Option<String> {
        let ((earliest, kind), at) = (self.earliest(task)?, event.time?);
        (at < earliest.saturating_sub(ROUNDING)).then(|| {
            let early = earliest.saturating_sub(at) / 1_000_000;
            format!("the {kind} timeout of an activity struck {early} ms before it could")
        })
    }
}

impl Rule for Limits {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let recorded = evidence.header.is_some();
        let breach = |findings: &mut Findings, events: &[EventId], message: String| {
            if recorded {
                findings.violated(events, message);
            } else {
                let last = events.last().copied().unwrap_or_default();
                findings.unknown(format!("event {last}: {message}, unless its options were changed from outside"));
            }
        };
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let mut pending: FxHashMap<EventId, Activity> = FxHashMap::default();
            for event in &run.events {
                match &event.body {
                    Body::ActivityTaskScheduled(task) => {
                        findings.examine();
                        pending.insert(event.id, Activity::new(event, task));
                    }
                    Body::ActivityTaskStarted(task) => {
                        let wrong = pending.get_mut(&task.scheduled).and_then(|a| a.start(event, task));
                        if let Some(message) = wrong {
                            breach(findings, &[task.scheduled, event.id], message);
                        }
                    }
                    Body::ActivityTaskTimedOut(task) => {
                        if let Some(activity) = pending.remove(&task.scheduled)
                            && let Some(message) = activity.time_out(event, task)
                        {
                            breach(findings, &[task.scheduled, task.started, event.id], message);
                        }
                    }
                    Body::ActivityTaskCompleted(task) => drop(pending.remove(&task.scheduled)),
                    Body::ActivityTaskFailed(task) => drop(pending.remove(&task.scheduled)),
                    Body::ActivityTaskCanceled(task) => drop(pending.remove(&task.scheduled)),
                    Body::ActivityPropertiesModifiedExternally(task) => drop(pending.remove(&task.scheduled)),
                    _ => {}
                }
            }
        }
    }
}
