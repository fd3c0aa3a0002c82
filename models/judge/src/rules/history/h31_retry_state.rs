//! H31: whether something is tried again follows from its policy, its attempt and its failure.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{
    Body, Event, EventId, Failure, FailureKind, RetryPolicy, Span, Symbol, WorkflowExecutionStarted,
};
use rustc_hash::FxHashMap;

/// What is known of the retries of a run and of its activities.
#[derive(Default)]
pub(super) struct Retries {
    run: Option<WorkflowExecutionStarted>,
    activities: FxHashMap<EventId, Activity>,
}

#[derive(Default)]
struct Activity {
    policy: Option<RetryPolicy>,
    limited: bool,
    /// 0 if it is not known.
    attempt: i64,
    cancel_requested: bool,
    /// The failure of the attempt before, if it is known which one that is.
    failed_before: Option<Option<Failure>>,
}

/// What a decision rests on.
struct Case<'a> {
    policy: Option<&'a RetryPolicy>,
    /// 0 if it is not known.
    attempt: i64,
    /// There is a time by which it has to be over.
    limited: bool,
    cancel_requested: bool,
    failure: Option<&'a Failure>,
    /// It is followed by another attempt.
    again: bool,
}

impl Stream for Retries {
    const ABOUT: About = About {
        id: "H31",
        slug: "retry",
        title: "the retry state of a failure is what its policy, attempt and failure come to",
        reason: "Whether a failed attempt is tried again decides whether a payment is made twice or never. The retry state says why \
                 no other attempt follows; it is what people look at when they ask why something was given up, and what a parent \
                 decides by. A state that does not follow from the policy is a retry that was forgotten, or one that was not allowed.",
        source: "docs/temporal-semantics.md: “Activities”, “Chains and children”; temporal#3667",
        violating: "
            1 WorkflowExecutionStarted
            2 ActivityTaskScheduled activityId=a retryPolicy.maximumAttempts=3
            3 ActivityTaskStarted scheduledEventId=2 attempt=1
            4 ActivityTaskFailed scheduledEventId=2 startedEventId=3 failure.applicationFailureInfo.type=flaky retryState=MAXIMUM_ATTEMPTS_REACHED",
        allowed: "
            1 WorkflowExecutionStarted
            2 ActivityTaskScheduled activityId=a retryPolicy.maximumAttempts=3
            3 ActivityTaskStarted scheduledEventId=2 attempt=3 lastFailure.applicationFailureInfo.type=flaky
            4 ActivityTaskFailed scheduledEventId=2 startedEventId=3 failure.applicationFailureInfo.type=flaky retryState=MAXIMUM_ATTEMPTS_REACHED",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::WorkflowExecutionStarted(start) => self.run = Some((**start).clone()),
            Body::ActivityTaskScheduled(task) => {
                let run = self.run.as_ref();
                let limited = task.schedule_to_close.0 > 0
                    || run.is_some_and(|run| run.run_timeout.0 > 0 || run.execution_timeout.0 > 0);
                let policy = task.retry_policy.clone();
                self.activities.insert(event.id, Activity { policy, limited, ..Activity::default() });
            }
            Body::ActivityTaskStarted(task) => {
                if task.attempt == 1 && task.last_failure.is_some() {
                    findings.violated(&[event.id], "the first attempt of an activity has a failure before it");
                }
                if let Some(activity) = self.activities.get_mut(&task.scheduled) {
                    activity.attempt = task.attempt;
                    activity.failed_before = Some(task.last_failure.clone());
                }
            }
            Body::ActivityTaskCancelRequested(task) => {
                if let Some(activity) = self.activities.get_mut(&task.scheduled) {
                    activity.cancel_requested = true;
                }
            }
            Body::ActivityTaskFailed(end) => {
                self.activity(event, end.scheduled, end.failure.as_ref(), &end.retry_state, findings);
            }
            Body::ActivityTaskTimedOut(end) => {
                self.cause(event, end.scheduled, end.failure.as_ref(), findings);
                self.activity(event, end.scheduled, end.failure.as_ref(), &end.retry_state, findings);
            }
            Body::WorkflowExecutionFailed(end) => {
                self.workflow(event, end.failure.as_ref(), &end.retry_state, &end.new_run, findings);
            }
            Body::WorkflowExecutionTimedOut(end) => {
                let kind = FailureKind::Timeout(Symbol("START_TO_CLOSE".into()));
                let failure = Failure { kind, ..Failure::default() };
                self.workflow(event, Some(&failure), &end.retry_state, &end.new_run, findings);
            }
            _ => {}
        }
    }
}

impl Retries {
    /// A timeout says what had gone wrong before it.
    fn cause(&self, event: &Event, scheduled: EventId, failure: Option<&Failure>, findings: &mut Findings) {
        let before = self.activities.get(&scheduled).and_then(|activity| activity.failed_before.as_ref());
        let (Some(before), Some(failure)) = (before, failure) else { return };
        findings.examine();
        if before.as_ref() != failure.cause.as_deref() {
            findings.violated(
                &[scheduled, event.id],
                "the cause of the timeout is not the failure of the attempt before it",
            );
        }
    }

    fn activity(
        &mut self,
        event: &Event,
        scheduled: EventId,
        failure: Option<&Failure>,
        state: &Symbol,
        findings: &mut Findings,
    ) {
        let Some(activity) = self.activities.remove(&scheduled) else { return };
        let case = Case {
            policy: activity.policy.as_ref(),
            attempt: activity.attempt,
            limited: activity.limited,
            cancel_requested: activity.cancel_requested,
            failure,
            again: false,
        };
        judge(event, state, &case, findings);
    }

    fn workflow(&self, event: &Event, failure: Option<&Failure>, state: &Symbol, next: &str, findings: &mut Findings) {
        let Some(run) = self.run.as_ref().filter(|run| run.cron.is_empty()) else { return };
        let case = Case {
            policy: run.retry_policy.as_ref(),
            attempt: run.attempt,
            limited: run.execution_timeout > Span(0) || run.expiration.0.is_some(),
            cancel_requested: false,
            failure,
            again: !next.is_empty(),
        };
        judge(event, state, &case, findings);
    }
}

fn judge(event: &Event, state: &Symbol, case: &Case<'_>, findings: &mut Findings) {
    if state.0.is_empty() {
        return;
    }
    findings.examine();
    if let Some(why) = wrong(state, case) {
        findings.violated(&[event.id], format!("the retry state is {}, {why}", state.0));
    }
}

/// Why a state is not what the case comes to; `None` if it may be.
fn wrong(state: &Symbol, case: &Case<'_>) -> Option<&'static str> {
    if case.again != state.is("IN_PROGRESS") {
        return Some(if case.again { "though another run follows" } else { "though nothing follows" });
    }
    // A limit of the whole, or of waiting, ends all attempts, with a policy or without.
    let whole = case.failure.is_some_and(
        |failure| matches!(&failure.kind, FailureKind::Timeout(which) if which.0.starts_with("SCHEDULE_TO_")),
    );
    let Some(policy) = case.policy else {
        let over = state.is("TIMEOUT") && matches!(case.failure, Some(Failure { kind: FailureKind::Timeout(_), .. }));
        return (!over && !state.is("RETRY_POLICY_NOT_SET")).then_some("though there is no retry policy");
    };
    if whole {
        return (!state.is("TIMEOUT") && !state.is("CANCEL_REQUESTED"))
            .then_some("though the time for all attempts is over");
    }
    let last = policy.maximum_attempts > 0 && case.attempt >= policy.maximum_attempts;
    let retryable = case.failure.map(|failure| retryable(failure, policy));
    match state.0.as_str() {
        "IN_PROGRESS" if last => Some("though it was the last attempt"),
        "IN_PROGRESS" if retryable == Some(Some(false)) => Some("though this failure must not be retried"),
        "RETRY_POLICY_NOT_SET" => Some("though there is one"),
        "CANCEL_REQUESTED" if !case.cancel_requested => Some("though nobody asked it to cancel"),
        "NON_RETRYABLE_FAILURE" if retryable == Some(Some(true)) => Some("though this failure may be retried"),
        "MAXIMUM_ATTEMPTS_REACHED" if !last && case.attempt > 0 => Some("though more attempts were allowed"),
        "MAXIMUM_ATTEMPTS_REACHED" if policy.maximum_attempts == 0 => Some("though their number has no limit"),
        "MAXIMUM_ATTEMPTS_REACHED" | "TIMEOUT" if retryable == Some(Some(false)) => {
            Some("though this failure must not be retried")
        }
        "TIMEOUT" if !case.limited => Some("though it has no time limit"),
        _ => None,
    }
}

/// Whether a failure may be retried under a policy; `None` if that is not certain.
fn retryable(failure: &Failure, policy: &RetryPolicy) -> Option<bool> {
    match &failure.kind {
        FailureKind::Application { non_retryable: true, .. } | FailureKind::Canceled | FailureKind::Terminated => {
            Some(false)
        }
        FailureKind::Application { kind, .. } => Some(!policy.non_retryable.contains(kind)),
        // Policies may name timeouts too.
        FailureKind::Timeout(_) if !policy.non_retryable.is_empty() => None,
        FailureKind::Timeout(_) => Some(true),
        _ => None,
    }
}
