//! Whether a command event is the event that a given command writes. Used by the rules that compare the two.
//!
//! Only what the server must not change is compared: it may cap timeouts and fill in retry policies
//! (docs/temporal-semantics.md, “Activities”).

use crate::replay;
use crate::rules::backoff::policy;
use crate::rules::reported::in_our_words;
use resurgam_formats::command::Command;
use resurgam_formats::event::{self, Body, Event, EventId, RetryPolicy, Span};
use resurgam_formats::evidence::Run;
use resurgam_formats::failure::kind_of;
use resurgam_formats::program::{ACTIVITY_TYPE, ActivityCall, Failure, Input, ParentClose, Script, WORKFLOW_TYPE};
use resurgam_formats::time::Millis;
use serde_json::Value;
use std::collections::BTreeMap;

/// What one run's history binds: the activity id of each scheduling, the caps of timeouts.
pub(super) struct Commanded<'e> {
    activities: BTreeMap<EventId, &'e str>,
    caps: Vec<Span>,
    /// The task queue of the run; empty if the evidence does not say.
    queue: &'e str,
    /// The id of the workflow; empty if the evidence does not say.
    pub(super) workflow_id: &'e str,
}

/// The command events that follow the completed task at `index`, and whether the evidence certainly shows them all.
pub(super) fn group(run: &Run, index: usize) -> (&[Event], bool) {
    let after = run.events.get(index + 1..).unwrap_or_default();
    let length = after.iter().take_while(|event| event.body.is_command()).count();
    let next = after.get(length);
    let whole = next.is_some_and(|event| !matches!(event.body, Body::Unrecognised { .. }))
        || after[..length].last().is_some_and(|event| event.body.is_close());
    (&after[..length], whole)
}

impl<'e> Commanded<'e> {
    pub(super) fn new(run: &'e Run) -> Self {
        let scheduled = |event: &'e Event| match &event.body {
            Body::ActivityTaskScheduled(body) => Some((event.id, body.activity_id.as_str())),
            _ => None,
        };
        let started = run.started();
        let caps = started.map_or(vec![], |it| vec![it.run_timeout, it.execution_timeout]);
        let workflow_id = match started {
            Some(started) if run.workflow_id.is_empty() => &started.workflow_id,
            _ => &run.workflow_id,
        };
        let queue = started.map_or("", |it| it.task_queue.name.as_str());
        Self { queue, activities: run.events.iter().filter_map(scheduled).collect(), caps, workflow_id }
    }

    /// What is wrong with the events as those of the commands: the event (none if it is missing) and a sentence.
    /// `whole`: there are certainly no more events.
    pub(super) fn compare(
        &self,
        commands: &[Command],
        events: &[Event],
        whole: bool,
    ) -> Option<(Option<EventId>, String)> {
        for (at, command) in commands.iter().enumerate() {
            let Some(event) = events.get(at) else {
                return whole.then(|| (None, format!("the event of command {} is missing: {}", at + 1, name(command))));
            };
            if let Err(what) = self.one(command, event) {
                return Some((Some(event.id), format!("event {} ({}): {what}", event.id, event.body.name())));
            }
        }
        let surplus = events.get(commands.len())?;
        Some((Some(surplus.id), format!("event {} ({}) was not commanded", surplus.id, surplus.body.name())))
    }

    /// Whether the event is the one that this command writes.
    fn one(&self, command: &Command, event: &Event) -> Result<(), String> {
        let same = |what: &str, found: &str, expected: &str| {
            let differ = || Err(format!("its {what} is {found:?} where the command says {expected:?}"));
            if found == expected { Ok(()) } else { differ() }
        };
        let number = |what: &str, found: &str, seq: u32| same(what, found, &seq.to_string());
        match (command, &event.body) {
            (Command::ScheduleActivity { seq, call }, Body::ActivityTaskScheduled(body)) => {
                number("activity id", &body.activity_id, *seq)?;
                self.activity(call, body)
            }
            (Command::RequestCancelActivity { seq }, Body::ActivityTaskCancelRequested(body)) => {
                let id = self.activities.get(&body.scheduled).copied().unwrap_or_default();
                number("activity", id, *seq)
            }
            (Command::StartTimer { seq, ms }, Body::TimerStarted(body)) => {
                number("timer id", &body.timer_id, *seq)?;
                span("duration", body.timeout, *ms)
            }
            (Command::CancelTimer { seq }, Body::TimerCanceled(body)) => number("timer id", &body.timer_id, *seq),
            (Command::StartChild { workflow_id, call, .. }, Body::StartChildWorkflowExecutionInitiated(body)) => {
                if !self.workflow_id.is_empty() {
                    same("workflow id", &body.workflow_id, workflow_id)?;
                }
                let policy = match call.parent_close {
                    ParentClose::Terminate => "TERMINATE",
                    ParentClose::RequestCancel => "REQUEST_CANCEL",
                    ParentClose::Abandon => "ABANDON",
                };
                if !body.parent_close_policy.0.is_empty() {
                    same("parent close policy", &body.parent_close_policy.0, policy)?;
                }
                if !body.workflow_type.0.is_empty() {
                    same("workflow type", &body.workflow_type.0, WORKFLOW_TYPE)?;
                }
                self.queue(&body.task_queue)?;
                // A command that names no policy for the id of its child allows it to be used again.
                if !body.reuse.0.is_empty() {
                    same("reuse policy", &body.reuse.0, "ALLOW_DUPLICATE")?;
                }
                // Evidence without a queue is shortened, and may leave out the policy too.
                if body.retry_policy.is_some() || !body.task_queue.name.is_empty() {
                    equal("retry policy", body.retry_policy == call.retry.as_ref().map(self::policy))?;
                }
                let input: Option<Input> = read(&body.input);
                equal("program", input.as_ref().map(|input| &input.program) == Some(&call.program))
            }
            (
                Command::RequestCancelChild { workflow_id, .. },
                Body::RequestCancelExternalWorkflowExecutionInitiated(body),
            ) if !self.workflow_id.is_empty() => {
                equal("restriction to children", body.child_only)?;
                same("target", &body.target.workflow_id, workflow_id)
            }
            (Command::RequestCancelChild { .. }, Body::RequestCancelExternalWorkflowExecutionInitiated(_)) => Ok(()),
            (Command::RecordLocalActivity { seq, value }, Body::MarkerRecorded(body)) => {
                same("name", &body.name, resurgam_formats::program::LOCAL_MARKER)?;
                equal("number or value", replay::marker(&body.details) == Some((*seq, *value)))
            }
            (Command::AcceptUpdate { id }, Body::WorkflowExecutionUpdateAccepted(body)) => {
                let found = if body.request.id.is_empty() { &body.protocol_instance_id } else { &body.request.id };
                same("update id", found, id)
            }
            (Command::CompleteUpdate { id, outcome }, Body::WorkflowExecutionUpdateCompleted(body)) => {
                same("update id", &body.meta.0, id)?;
                match (outcome, &body.outcome.success, &body.outcome.failure) {
                    (Ok(value), Some(found), None) => equal("value", found.first_json() == Some(Value::from(*value))),
                    (Err(failure), None, found) => equal("failure", fails_as(found.as_ref(), failure)),
                    _ => equal("outcome", false),
                }
            }
            (Command::CompleteWorkflow { output }, Body::WorkflowExecutionCompleted(body)) => {
                equal("result", body.result.first_json() == serde_json::to_value(output).ok())
            }
            (Command::FailWorkflow { failure }, Body::WorkflowExecutionFailed(body)) => {
                equal("failure", fails_as(body.failure.as_ref(), failure))
            }
            (Command::CancelWorkflow, Body::WorkflowExecutionCanceled(_)) => Ok(()),
            (Command::ContinueAsNew { input }, Body::WorkflowExecutionContinuedAsNew(body)) => {
                equal("input", read(&body.input).as_ref() == Some(input.as_ref()))
            }
            // Older clients are shown the end of a run that is retried as a continuation.
            (close, Body::WorkflowExecutionContinuedAsNew(body))
                if close.is_close() && !body.initiator.is("WORKFLOW") =>
            {
                Ok(())
            }
            _ => Err(format!("the command is {}", name(command))),
        }
    }

    fn activity(&self, call: &ActivityCall, body: &event::ActivityTaskScheduled) -> Result<(), String> {
        if !body.activity_type.0.is_empty() {
            equal("activity type", body.activity_type.0 == ACTIVITY_TYPE)?;
        }
        self.queue(&body.task_queue)?;
        equal("script", read::<Script>(&body.input).as_ref() == Some(&call.script))?;
        let whole = call.schedule_to_close_ms.unwrap_or(0);
        self.timeout("schedule-to-close timeout", body.schedule_to_close, whole, &[])?;
        self.timeout(
            "schedule-to-start timeout",
            body.schedule_to_start,
            call.schedule_to_start_ms.unwrap_or(0),
            &[whole],
        )?;
        self.timeout("start-to-close timeout", body.start_to_close, call.start_to_close_ms, &[whole])?;
        let caps = [whole, call.start_to_close_ms];
        self.timeout("heartbeat timeout", body.heartbeat, call.heartbeat_ms.unwrap_or(0), &caps)?;
        let Some(policy) = &body.retry_policy else { return Ok(()) };
        equal("most attempts", policy.maximum_attempts == i64::from(call.retry.maximum_attempts))?;
        equal("list of errors that are not retried", policy.non_retryable == call.retry.non_retryable)?;
        let asked = self::policy(&call.retry);
        let waits =
            |policy: &RetryPolicy| (policy.initial_interval, policy.backoff_coefficient, policy.maximum_interval);
        equal("back-off", policy.initial_interval == Span(0) || waits(policy) == waits(&asked))
    }

    /// The task queue of the run, in which all its commands are carried out.
    fn queue(&self, found: &event::TaskQueue) -> Result<(), String> {
        equal("task queue", found.name.is_empty() || self.queue.is_empty() || found.name == self.queue)?;
        equal("kind of task queue", found.kind.0.is_empty() || found.kind.is("NORMAL"))
    }

    /// A timeout that was asked for stands as it is, or is capped.
    fn timeout(&self, what: &str, found: Span, asked: Millis, caps: &[Millis]) -> Result<(), String> {
        let caps = caps.iter().map(|ms| Span::millis(i64::from(*ms))).chain(self.caps.iter().copied());
        let span_asked = Span::millis(i64::from(asked));
        let capped = caps.into_iter().any(|cap| cap > Span(0) && cap < span_asked);
        if asked == 0 || (capped && found < span_asked && found > Span(0)) { Ok(()) } else { span(what, found, asked) }
    }
}

fn span(what: &str, found: Span, ms: Millis) -> Result<(), String> {
    let expected = Span::millis(i64::from(ms));
    let differ = || Err(format!("its {what} is {} ns where the command says {ms} ms", found.0));
    if found == expected { Ok(()) } else { differ() }
}

fn equal(what: &str, holds: bool) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("its {what} is not that of the command")) }
}

fn read<T: serde::de::DeserializeOwned>(payloads: &event::Payloads) -> Option<T> {
    serde_json::from_value(payloads.first_json()?).ok()
}

/// A failure leaves a program as it is, or, if it is not an application failure, under its name.
fn fails_as(found: Option<&event::Failure>, failure: &Failure) -> bool {
    let Some(found) = found.filter(|found| in_our_words(found)).map(|found| replay::failure(Some(found))) else {
        return false;
    };
    let named = matches!(&found, Failure::Application { kind, .. } if *kind == kind_of(failure));
    found == *failure || (named && !matches!(failure, Failure::Application { .. }))
}

fn name(command: &Command) -> String {
    let value = serde_json::to_value(command).unwrap_or_default();
    let text = |field: &str| value.get(field).map_or_else(String::new, |value| format!(" {value}"));
    let kind = value.get("command").and_then(Value::as_str).unwrap_or_default().replace('_', " ");
    format!("{kind}{}{}", text("seq"), text("id"))
}
