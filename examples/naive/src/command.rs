//! The commands of a worker, and what each writes into the history of its run.

use crate::arrival::{Activity, Arrival, By, Timer};
use crate::run::Run;
use resurgam_node::prelude::*;
use std::time::{Duration, SystemTime};
use temporal::command::v1::command::Attributes as Asked;
use temporal::enums::v1::{EventType, WorkflowExecutionStatus as Status};
use temporal::history::v1::{self as event, history_event::Attributes};

impl Run {
    /// Does what a worker has decided; a timer that it wants is to be set by whoever can.
    pub(crate) fn command(&mut self, command: Asked, by: &By, now: SystemTime) -> Result<Option<Timer>, tonic::Status> {
        match command {
            Asked::ScheduleActivityTaskCommandAttributes(it) => {
                let attributes = event::ActivityTaskScheduledEventAttributes {
                    activity_id: it.activity_id,
                    activity_type: it.activity_type,
                    task_queue: it.task_queue,
                    header: it.header,
                    input: it.input,
                    schedule_to_close_timeout: it.schedule_to_close_timeout,
                    schedule_to_start_timeout: it.schedule_to_start_timeout,
                    start_to_close_timeout: it.start_to_close_timeout,
                    heartbeat_timeout: it.heartbeat_timeout,
                    workflow_task_completed_event_id: by.decided,
                    retry_policy: it.retry_policy,
                    ..Default::default()
                };
                let asked = attributes.clone();
                let attributes = Attributes::ActivityTaskScheduledEventAttributes(attributes);
                let scheduled = self.write(EventType::ActivityTaskScheduled, attributes, now);
                self.activities.insert(scheduled, Activity { asked, scheduled: now, started: None });
            }
            Asked::StartTimerCommandAttributes(it) => {
                let after = it.start_to_fire_timeout.and_then(|span| Duration::try_from(span).ok()).unwrap_or_default();
                let attributes = event::TimerStartedEventAttributes {
                    timer_id: it.timer_id.clone(),
                    start_to_fire_timeout: it.start_to_fire_timeout,
                    workflow_task_completed_event_id: by.decided,
                };
                let attributes = Attributes::TimerStartedEventAttributes(attributes);
                let started = self.write(EventType::TimerStarted, attributes, now);
                self.timers.insert(it.timer_id.clone(), started);
                return Ok(Some(Timer { id: it.timer_id, started, after }));
            }
            Asked::CancelTimerCommandAttributes(it) => {
                let fired = |arrival: &mut Arrival| match arrival {
                    Arrival::TimerFired(fired) if fired.timer_id == it.timer_id => Some(fired.started_event_id),
                    _ => None,
                };
                let mut started = self.timers.remove(&it.timer_id);
                if started.is_none() {
                    // It has fired since, but the workflow has not seen it.
                    started = self.waiting.iter_mut().find_map(fired);
                    self.waiting.retain_mut(|arrival| fired(arrival).is_none());
                }
                let attributes = event::TimerCanceledEventAttributes {
                    timer_id: it.timer_id.clone(),
                    started_event_id: started.ok_or_else(|| tonic::Status::invalid_argument("no such timer"))?,
                    workflow_task_completed_event_id: by.decided,
                    identity: by.identity.clone(),
                };
                self.write(EventType::TimerCanceled, Attributes::TimerCanceledEventAttributes(attributes), now);
            }
            Asked::CompleteWorkflowExecutionCommandAttributes(it) => {
                let attributes = event::WorkflowExecutionCompletedEventAttributes {
                    result: it.result,
                    workflow_task_completed_event_id: by.decided,
                    ..Default::default()
                };
                let attributes = Attributes::WorkflowExecutionCompletedEventAttributes(attributes);
                self.write(EventType::WorkflowExecutionCompleted, attributes, now);
                self.status = Status::Completed;
            }
            Asked::FailWorkflowExecutionCommandAttributes(it) => {
                let attributes = event::WorkflowExecutionFailedEventAttributes {
                    failure: it.failure,
                    workflow_task_completed_event_id: by.decided,
                    ..Default::default()
                };
                let attributes = Attributes::WorkflowExecutionFailedEventAttributes(attributes);
                self.write(EventType::WorkflowExecutionFailed, attributes, now);
                self.status = Status::Failed;
            }
            _ => return Err(tonic::Status::unimplemented("this command")),
        }
        Ok(None)
    }
}
