//! The life of an activity in a history, and whether its script and its limits allow how it ended.

use super::normal::Line;
use resurgam_formats::event::{ActivityTaskScheduled, Body, FailureKind};
use resurgam_formats::failure;
use resurgam_formats::program::{Act, ActEnd, Failure, Script};

/// What a history says about an activity.
pub(super) struct Activity<'a> {
    scheduled: Option<&'a ActivityTaskScheduled>,
    /// Its program asked it to cancel.
    pub(super) asked: bool,
    /// The attempt that ended it, and whether the one before had timed out.
    attempt: Option<(i64, bool)>,
    /// The line of its end.
    pub(super) end: Option<&'a Line<'a>>,
    started: Option<&'a Line<'a>>,
}

/// Whether something is possible.
pub(super) enum Plausible {
    Yes,
    No(String),
}

impl<'a> Activity<'a> {
    pub(super) fn of(life: &[&'a Line<'a>]) -> Self {
        let mut it = Self { scheduled: None, asked: false, attempt: None, end: None, started: None };
        for line in life.iter().copied() {
            match &line.event.body {
                Body::ActivityTaskScheduled(body) => it.scheduled = Some(body),
                Body::ActivityTaskCancelRequested(_) => it.asked = true,
                Body::ActivityTaskStarted(body) => {
                    it.started = Some(line);
                    let mut last = body.last_failure.as_ref();
                    while let Some(failure) = last.filter(|it| matches!(it.kind, FailureKind::Activity)) {
                        last = failure.cause.as_deref();
                    }
                    let timed_out = last.is_some_and(|it| matches!(it.kind, FailureKind::Timeout(_)));
                    it.attempt = Some((body.attempt, timed_out));
                }
                _ => it.end = Some(line),
            }
        }
        it
    }

    /// How it ended, in words that compare.
    pub(super) fn end_text(&self) -> (Option<&str>, Option<&str>) {
        (self.started.map(|line| line.text.as_str()), self.end.map(|line| line.text.as_str()))
    }

    pub(super) fn cancelled(&self) -> bool {
        self.end.is_some_and(|line| matches!(line.event.body, Body::ActivityTaskCanceled(_)))
    }

    /// A limit of time had a part in how it ended, or may have.
    pub(super) fn timed(&self) -> bool {
        let ended = self.end.is_some_and(|line| matches!(line.event.body, Body::ActivityTaskTimedOut(_)));
        let limited = self.scheduled.is_some_and(|it| {
            // The server fills in a schedule-to-close timeout that is not there only from the run's.
            it.schedule_to_close.0 > 0
        });
        ended || limited || self.attempt.is_some_and(|(attempt, timed_out)| timed_out || self.skipped(attempt))
    }

    /// An attempt before this one did not fail by its script, so a limit ended it.
    fn skipped(&self, attempt: i64) -> bool {
        (1..attempt).any(|earlier| self.act(earlier).is_some_and(|act| !matches!(act.end, ActEnd::Fail { .. })))
    }

    /// A client may complete a later attempt with the value that an earlier one asked it to give.
    fn given_by_id(&self, attempt: i64, value: Option<i64>) -> bool {
        (1..=attempt).filter_map(|earlier| self.act(earlier)).any(|act| match act.end {
            ActEnd::CompleteById(given) => Some(given) == value,
            _ => false,
        })
    }

    /// What its script does on an attempt.
    fn act(&self, attempt: i64) -> Option<Act> {
        let script: Script = serde_json::from_value(self.scheduled?.input.first_json()?).ok()?;
        let index = usize::try_from(attempt - 1).ok()?.min(script.attempts.len().checked_sub(1)?);
        script.attempts.get(index).cloned()
    }

    /// Whether its script and its limits allow this end.
    pub(super) fn plausible(&self) -> Plausible {
        let (Some(end), Some(scheduled)) = (self.end, self.scheduled) else { return Plausible::Yes };
        let no = |why: &str| Plausible::No(why.to_owned());
        let attempt = self.attempt.map_or(0, |(attempt, _)| attempt);
        let most = scheduled.retry_policy.as_ref().map_or(0, |policy| policy.maximum_attempts);
        if most > 0 && attempt > most {
            return no("an activity was attempted more often than its policy allows");
        }
        match &end.event.body {
            Body::ActivityTaskCompleted(body) => {
                let value = body.result.first_json().and_then(|value| value.as_i64());
                match self.act(attempt).map(|act| act.end) {
                    Some(ActEnd::Return(given)) if Some(given) == value => Plausible::Yes,
                    _ if self.given_by_id(attempt, value) => Plausible::Yes,
                    _ => no("an activity completed with a value that its script does not give on that attempt"),
                }
            }
            Body::ActivityTaskFailed(body) => {
                let Some(ActEnd::Fail { kind, non_retryable }) = self.act(attempt).map(|act| act.end) else {
                    return no("an activity failed on an attempt on which its script does not fail");
                };
                let told = body.failure.as_ref().map(Failure::from);
                if told.as_ref().map(failure::kind_of) != Some(kind.clone()) {
                    return no("an activity failed with another failure than its script's");
                }
                let Some(policy) = &scheduled.retry_policy else { return Plausible::Yes };
                let last = policy.maximum_attempts > 0 && attempt >= policy.maximum_attempts;
                let final_kind = non_retryable || policy.non_retryable.contains(&kind);
                if last || final_kind || self.asked || scheduled.schedule_to_close.0 > 0 {
                    Plausible::Yes
                } else {
                    no("an activity failed for good although its policy allows a retry")
                }
            }
            Body::ActivityTaskTimedOut(body) => {
                let mut failure = body.failure.as_ref();
                let mut limit = 0;
                while let Some(it) = failure {
                    if let FailureKind::Timeout(which) = &it.kind {
                        limit = match which.0.as_str() {
                            "START_TO_CLOSE" => scheduled.start_to_close.0,
                            "SCHEDULE_TO_START" => scheduled.schedule_to_start.0,
                            "SCHEDULE_TO_CLOSE" => scheduled.schedule_to_close.0,
                            "HEARTBEAT" => scheduled.heartbeat.0,
                            _ => 0,
                        };
                        break;
                    }
                    failure = it.cause.as_deref();
                }
                if limit > 0 { Plausible::Yes } else { no("an activity timed out by a limit that it does not have") }
            }
            Body::ActivityTaskCanceled(_) if !self.asked => no("an activity was cancelled and nobody asked for it"),
            _ => Plausible::Yes,
        }
    }
}
