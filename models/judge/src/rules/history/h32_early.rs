//! H32: no timeout comes before its time.

use crate::rules::backoff::interval;
use crate::rules::proof::clocks_agree;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{ActivityTaskScheduled, Body, Event, EventId, FailureKind, Span};
use resurgam_formats::evidence::Run;

/// Compares the times of timeouts with what they count from.
pub(super) struct Early;

static ABOUT: About = About {
    id: "H32",
    slug: "early",
    title: "no timeout of a run, a workflow task or an activity comes before its time",
    reason: "A timeout is a promise to whoever works: so long you have. One that comes early takes the work from a worker that is \
             still in time, has it done twice, and fails runs that were about to succeed. It may come late, never early.",
    source: "docs/lower-bounds.md; docs/temporal-semantics.md: “Activities”, “Workflow tasks”",
    violating: whole!(
        "
        run w/r
        1 WorkflowExecutionStarted @0
        2 ActivityTaskScheduled activityId=a startToCloseTimeout=5s @1
        3 ActivityTaskStarted scheduledEventId=2 attempt=1 @2
        4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE @6.5"
    ),
    allowed: whole!(
        "
        run w/r
        1 WorkflowExecutionStarted @0
        2 ActivityTaskScheduled activityId=a startToCloseTimeout=5s @1
        3 ActivityTaskStarted scheduledEventId=2 attempt=1 @2
        4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE @7.5"
    ),
};

/// A timeout may be this much early, for the grain of timers and of times in events, in nanoseconds.
const GRAIN: i64 = 2_000_000;

impl Rule for Early {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        // What one node began another may end, by a clock of its own.
        if !evidence.is_whole() || !clocks_agree(evidence) {
            return;
        }
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            for event in &run.events {
                if let Some(bound) = bound(run, event) {
                    findings.examine();
                    judge(event, &bound, findings);
                }
            }
        }
    }
}

/// What a timeout counts from, and how long it has to be.
struct Bound<'a> {
    from: &'a Event,
    span: Span,
    what: &'static str,
}

impl Bound<'_> {
    /// The moment, if that of its beginning is known.
    fn due(&self) -> Option<i64> {
        self.from.time.map(|from| from.saturating_add(self.span.0))
    }
}

/// An interval in whole milliseconds may be this much too short, in nanoseconds.
const WHOLE_MS: i64 = 1_000_000;

fn judge(event: &Event, bound: &Bound<'_>, findings: &mut Findings) {
    let (Some(from), Some(at)) = (bound.from.time, event.time) else { return };
    if bound.span > Span(0) && at.saturating_add(GRAIN) < from.saturating_add(bound.span.0) {
        let ms = |nanos: i64| nanos / 1_000_000;
        let message =
            format!("the {} of {} ms is over after {} ms", bound.what, ms(bound.span.0), ms(at.saturating_sub(from)));
        findings.violated(&[bound.from.id, event.id], message);
    }
}

/// The lower bound of a timeout; `None` for other events, and for timeouts of which the history does not show the beginning.
fn bound<'a>(run: &'a Run, event: &'a Event) -> Option<Bound<'a>> {
    match &event.body {
        Body::WorkflowExecutionTimedOut(_) => {
            let (from, start) = (run.events.first()?, run.started()?);
            let expires = start.expiration.0.and_then(|end| Some(Span(end.saturating_sub(from.time?))));
            let spans = [Some(start.run_timeout), Some(start.execution_timeout), expires];
            let span = spans.into_iter().flatten().filter(|span| *span > Span(0)).min()?;
            Some(Bound { from, span, what: "time limit of the run" })
        }
        Body::WorkflowTaskTimedOut(task) if task.timeout_type.is("START_TO_CLOSE") => {
            let (from, scheduled) = (run.event(task.started)?, run.event(task.scheduled)?);
            let Body::WorkflowTaskScheduled(scheduled) = &scheduled.body else { return None };
            Some(Bound { from, span: scheduled.start_to_close, what: "start-to-close timeout of the workflow task" })
        }
        Body::ActivityTaskTimedOut(end) => {
            let scheduled = run.event(end.scheduled)?;
            let Body::ActivityTaskScheduled(activity) = &scheduled.body else { return None };
            let FailureKind::Timeout(kind) = &end.failure.as_ref()?.kind else { return None };
            let started = run.event(end.started);
            match kind.0.as_str() {
                "START_TO_CLOSE" => {
                    Some(Bound { from: started?, span: activity.start_to_close, what: "start-to-close timeout" })
                }
                "HEARTBEAT" => Some(Bound { from: started?, span: activity.heartbeat, what: "heartbeat timeout" }),
                // Each attempt waits anew, and the history shows when only of the first.
                "SCHEDULE_TO_START" if end.failure.as_ref()?.cause.is_none() => {
                    Some(Bound { from: scheduled, span: activity.schedule_to_start, what: "schedule-to-start timeout" })
                }
                "SCHEDULE_TO_CLOSE" if first_attempt(run, end.started) && end.failure.as_ref()?.cause.is_none() => {
                    let whole =
                        Bound { from: scheduled, span: activity.schedule_to_close, what: "schedule-to-close timeout" };
                    let given_up = started.and_then(|started| given_up(scheduled, started, activity));
                    let bounds = given_up.into_iter().chain([whole]);
                    bounds.filter(|bound| bound.span > Span(0)).min_by_key(Bound::due)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// When an activity may be given up in its first attempt before its time for all attempts is over: if its policy allows another
/// attempt, this one is over, and the next would begin too late. Without a policy in the history nothing is known of it.
fn given_up<'a>(scheduled: &'a Event, started: &'a Event, activity: &ActivityTaskScheduled) -> Option<Bound<'a>> {
    let of_attempt = [activity.start_to_close, activity.heartbeat].into_iter().filter(|span| *span > Span(0)).min()?;
    let over = Bound { from: started, span: of_attempt, what: "time limit of the only attempt" };
    let Some(policy) = &activity.retry_policy else { return Some(over) };
    if policy.maximum_attempts == 1 {
        return None;
    }
    let wait = interval(policy, 1).0.saturating_add(WHOLE_MS);
    let last = Span(activity.schedule_to_close.0.saturating_sub(wait));
    let too_late = Bound { from: scheduled, span: last, what: "time in which another attempt can begin" };
    [over, too_late].into_iter().max_by_key(Bound::due)
}

/// True unless a Started event says that it was a later attempt.
fn first_attempt(run: &Run, started: EventId) -> bool {
    !run.event(started).is_some_and(|event| matches!(&event.body, Body::ActivityTaskStarted(it) if it.attempt > 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use resurgam_formats::profile::Profile;
    use resurgam_testing::notation::parse;

    /// True if the rule objects to this run, in a whole case.
    fn is_early(run: &str) -> bool {
        let (header, _) = ABOUT.allowed.split_once("run w/r").unwrap();
        let (_, end) = ABOUT.allowed.rsplit_once("@7.5").unwrap();
        let evidence = parse(&format!("{header}\nrun w/r\n{run}\n{end}")).unwrap();
        let (mut findings, profile) = (Findings::default(), Profile::resurgam());
        Early.judge(&Indexed::new(&evidence, &profile), &mut findings);
        !findings.found().is_empty()
    }

    #[test]
    fn an_activity_whose_only_attempt_is_over_may_be_given_up() {
        let judge = |at: &str| {
            let run = format!(
                "1 WorkflowExecutionStarted @0
                 2 ActivityTaskScheduled activityId=a startToCloseTimeout=1s scheduleToCloseTimeout=3s @1
                 3 ActivityTaskStarted scheduledEventId=2 attempt=1 @2
                 4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=SCHEDULE_TO_CLOSE @{at}"
            );
            is_early(&run)
        };
        assert!(!judge("4") && !judge("3.1"), "another attempt would begin too late");
        assert!(judge("2.9"), "nothing is over");
    }

    #[test]
    fn an_activity_is_given_up_early_only_if_its_policy_allowed_another_attempt_that_would_begin_too_late() {
        let judge = |policy: &str, at: &str| {
            let run = format!(
                "1 WorkflowExecutionStarted @0
                 2 ActivityTaskScheduled activityId=a startToCloseTimeout=1s scheduleToCloseTimeout=9s {policy} @1
                 3 ActivityTaskStarted scheduledEventId=2 attempt=1 @2
                 4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 failure.timeoutFailureInfo.timeoutType=SCHEDULE_TO_CLOSE @{at}"
            );
            is_early(&run)
        };
        let policy = |attempts: u32, wait: &str| {
            format!(
                "retryPolicy.maximumAttempts={attempts} retryPolicy.initialInterval={wait} retryPolicy.backoffCoefficient=1"
            )
        };
        assert!(judge(&policy(1, "8s"), "9.9"), "there was no other attempt to come");
        assert!(!judge(&policy(1, "8s"), "10"), "all the time is over");
        assert!(!judge(&policy(2, "8s"), "3"), "another attempt would begin at 11");
        assert!(judge(&policy(0, "5s"), "4.9"), "another attempt would begin at 9.9, before its time is over");
        assert!(!judge(&policy(0, "5s"), "5.1"), "another attempt would begin at 10.1");
    }
}
