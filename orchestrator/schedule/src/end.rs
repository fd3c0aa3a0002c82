//! What a schedule hears of the workflows that it starts: that they have started or not, and how they ended.

use crate::SHOWN;
use crate::machine::Machine;
use crate::stored::{LastOutcome, Running, Started};
use crate::timestamp;
use prost::Message as _;
use resurgam_api::temporal::common::v1::{Payloads, WorkflowExecution};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::schedule::v1::ScheduleActionResult;

/// What a result or failure must leave of the bytes that a payload may have, to be kept for the next workflow.
const LEFT: usize = 1024;

/// How a workflow ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    status: Status,
    result: Option<Payloads>,
    failure: Option<Failure>,
}

impl End {
    /// As its last event says, where payloads may have so many bytes; `None`: that is no end.
    #[must_use]
    pub fn of(close: Attributes, payload: usize) -> Option<Self> {
        use Attributes as A;
        let (status, result, failure) = match close {
            A::WorkflowExecutionCompletedEventAttributes(it) => (Status::Completed, it.result, None),
            A::WorkflowExecutionFailedEventAttributes(it) => (Status::Failed, None, it.failure),
            A::WorkflowExecutionCanceledEventAttributes(_) => (Status::Canceled, None, None),
            A::WorkflowExecutionTerminatedEventAttributes(_) => (Status::Terminated, None, None),
            A::WorkflowExecutionTimedOutEventAttributes(_) => (Status::TimedOut, None, None),
            _ => return None,
        };
        let largest = payload.saturating_sub(LEFT);
        let result = result.filter(|result| result.encoded_len() <= largest);
        let failure = failure.filter(|failure| failure.encoded_len() <= largest);
        Some(Self { status, result, failure })
    }
}

impl Machine<'_> {
    /// A start was answered: with the workflow, or (`None`) by a refusal.
    pub fn started(&mut self, number: i64, execution: Option<WorkflowExecution>) {
        let stored = &mut *self.stored;
        let Some(place) = stored.starting.iter().position(|it| it.start.number == number) else { return };
        let starting = stored.starting.remove(place);
        let Some(execution) = execution else { return };
        stored.actions += 1;
        let action = ScheduleActionResult {
            schedule_time: Some(timestamp(starting.start.actual)),
            actual_time: Some(timestamp(self.now)),
            start_workflow_result: Some(execution.clone()),
            start_workflow_status: Status::Running.into(),
        };
        // Answers come in any order.
        let place = stored.recent.partition_point(|it| it.number < number);
        stored.recent.insert(place, Started { number, action });
        let over = stored.recent.len().saturating_sub(SHOWN);
        stored.recent.drain(..over);
        if starting.exclusive {
            stored.running.push(Running { number, execution, ..Running::default() });
        }
    }

    /// A workflow has ended. What is left of it for the next one, given what was left before; `None`: nobody waits for it.
    pub fn ended(
        &mut self,
        number: i64,
        execution: WorkflowExecution,
        end: End,
        before: LastOutcome,
    ) -> Option<LastOutcome> {
        // It may have ended before its start was answered.
        self.started(number, Some(execution));
        let stored = &mut *self.stored;
        let place = stored.running.iter().position(|it| it.number == number)?;
        let id = stored.running.remove(place).execution.workflow_id;
        if let Some(shown) = stored.recent.iter_mut().find(|it| it.number == number) {
            shown.action.start_workflow_status = end.status.into();
        }
        let pauses = self.definition.policies.as_ref().is_some_and(|it| it.pause_on_failure);
        if pauses && !stored.state.paused && matches!(end.status, Status::Failed | Status::TimedOut) {
            stored.state.paused = true;
            stored.state.notes = match &end.failure {
                _ if end.status == Status::TimedOut => format!("paused due to workflow timeout: {id}"),
                failure => {
                    let message = failure.as_ref().map_or("", |failure| &failure.message);
                    format!("paused due to workflow failure: {id}: {message}")
                }
            };
            stored.token += 1;
        }
        Some(match (end.result, end.failure) {
            (Some(result), _) => LastOutcome { result: Some(result), failure: None },
            (None, Some(failure)) => LastOutcome { failure: Some(failure), ..before },
            (None, None) => before,
        })
    }
}
