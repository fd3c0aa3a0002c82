//! Attempts of activities: their start, what a worker gets with it, and heartbeats. How they end is in `activity_outcome`.
//!
//! A running attempt is known to the state only: its Started event is written together with the end of the activity.

use super::activity::arm;
use super::input::{Acted, Reply, RunInput, Which};
use super::span::duration;
use super::transaction::{Transaction, timestamp};
use super::waiter::Waiter;
use super::{priority, required};
use crate::cluster::Rejection;
use crate::planted::{Bug, planted};
use prost::Message;
use resurgam_api::internal::{HeartbeatRequest, RecordActivityTaskStartedRequest, TaskToken};
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowExecution};
use resurgam_api::temporal::enums::v1::TimeoutType;
use resurgam_api::temporal::history::v1::ActivityTaskStartedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::{Activity, EventId};

/// Said of an activity that is not pending, not started, or in another attempt.
pub(super) const GONE: &str = "invalid activityID or activity already timed out or invoking workflow is completed";

impl RunInput for RecordActivityTaskStartedRequest {
    type Answer = api::PollActivityTaskQueueResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        start(tx, &self).map(Reply::now)
    }
}

impl RunInput for HeartbeatRequest {
    type Answer = api::RecordActivityTaskHeartbeatResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        heartbeat(tx, self).map(Reply::now)
    }
}

/// An attempt is about to be handed to a worker. The same request id again gets the same answer.
///
/// # Errors
/// `NotFound` if that attempt is over, `TaskAlreadyStarted` if somebody else has it.
pub(super) fn start(
    tx: &mut Transaction<'_, '_>,
    request: &RecordActivityTaskStartedRequest,
) -> Result<api::PollActivityTaskQueueResponse, Rejection> {
    tx.require_open()?;
    let gone = || Rejection::NotFound(GONE.to_owned());
    let token = request.task.as_ref().ok_or_else(gone)?;
    let now = tx.context.now;
    let activity = tx.run.state.activities.get_mut(&token.scheduled_event_id).ok_or_else(gone)?;
    if activity.attempt != token.attempt || activity.started == 0 && activity.paused.is_some() {
        return Err(gone());
    }
    if activity.started == 0 {
        activity.started = now;
        activity.request_id.clone_from(&request.request_id);
        activity.identity.clone_from(&request.identity);
        activity.last_heartbeat = 0;
        let mut activity = activity.clone();
        arm(tx, &activity, TimeoutType::StartToClose);
        if !planted(Bug::HeartbeatTimeoutLost) || activity.attempt == 1 {
            arm(tx, &activity, TimeoutType::Heartbeat);
        }
        if planted(Bug::StartWrittenAlone) {
            activity.started_event_id = write_start(tx, &activity);
        }
        tx.run.state.activities.insert(activity.scheduled_event_id, activity);
    } else if activity.request_id != request.request_id {
        return Err(Rejection::TaskAlreadyStarted);
    }
    let activity = &tx.run.state.activities[&token.scheduled_event_id];
    Ok(task(tx, activity))
}

/// What the worker gets.
fn task(tx: &Transaction<'_, '_>, activity: &Activity) -> api::PollActivityTaskQueueResponse {
    let state = &tx.run.state;
    let token = TaskToken {
        namespace_id: state.namespace_id.clone(),
        workflow_id: state.workflow_id.clone(),
        run_id: state.run_id.clone(),
        scheduled_event_id: activity.scheduled_event_id,
        attempt: activity.attempt,
        activity_id: activity.activity_id.clone(),
        ..Default::default()
    };
    api::PollActivityTaskQueueResponse {
        task_token: token.encode_to_vec(),
        workflow_namespace: tx.context.namespace.to_owned(),
        workflow_type: state.started.workflow_type.clone(),
        workflow_execution: Some(WorkflowExecution {
            workflow_id: state.workflow_id.clone(),
            run_id: state.run_id.clone(),
        }),
        activity_type: Some(ActivityType { name: activity.activity_type.clone() }),
        activity_id: activity.activity_id.clone(),
        header: activity.header.clone(),
        input: activity.input.clone(),
        heartbeat_details: activity.heartbeat_details.clone(),
        scheduled_time: Some(timestamp(activity.first_scheduled)),
        current_attempt_scheduled_time: Some(timestamp(activity.scheduled)),
        started_time: Some(timestamp(activity.started)),
        attempt: activity.counted(),
        schedule_to_close_timeout: Some(duration(activity.schedule_to_close)),
        start_to_close_timeout: Some(duration(activity.start_to_close)),
        heartbeat_timeout: Some(duration(activity.heartbeat)),
        retry_policy: activity.retry.clone(),
        priority: priority::merge(state.started.priority.as_ref(), activity.priority.as_ref()),
        ..Default::default()
    }
}

/// The worker reports progress. Its timer task is ordered anew when it comes and finds this.
///
/// # Errors
/// `NotFound` if that attempt does not run any more.
pub(super) fn heartbeat(
    tx: &mut Transaction<'_, '_>,
    request: HeartbeatRequest,
) -> Result<api::RecordActivityTaskHeartbeatResponse, Rejection> {
    let scheduled_event_id = running(tx, request.task.as_ref())?;
    let now = tx.context.now;
    let gone = || Rejection::NotFound(GONE.to_owned());
    let activity = tx.run.state.activities.get_mut(&scheduled_event_id).ok_or_else(gone)?;
    // Another owner's clock may be behind: the time limit must not come nearer than its timer task.
    activity.last_heartbeat = now.max(activity.last_heartbeat);
    activity.heartbeat_details = required::request(request.request)?.details;
    let cancel_requested = activity.cancel_requested_event_id != 0;
    Ok(api::RecordActivityTaskHeartbeatResponse {
        cancel_requested,
        activity_paused: activity.paused.is_some(),
        activity_reset: activity.reset,
    })
}

/// The pending activity that a token names, by its event or by its id.
pub(super) fn find(tx: &Transaction<'_, '_>, token: Option<&TaskToken>) -> Result<EventId, Rejection> {
    tx.require_open()?;
    let pending = &tx.run.state.activities;
    let named = |token: &TaskToken| match token.scheduled_event_id {
        0 => pending.named(&token.activity_id).map(|(id, _)| *id),
        id => pending.contains_key(&id).then_some(id),
    };
    token.and_then(named).ok_or_else(|| Rejection::NotFound(GONE.to_owned()))
}

/// The activity whose running attempt a token names.
pub(super) fn running(tx: &Transaction<'_, '_>, token: Option<&TaskToken>) -> Result<EventId, Rejection> {
    let id = find(tx, token)?;
    let attempt = token.filter(|token| token.scheduled_event_id != 0).map(|token| token.attempt);
    let activity = &tx.run.state.activities[&id];
    if activity.started != 0 && attempt.is_none_or(|attempt| attempt == activity.attempt) {
        Ok(id)
    } else {
        Err(Rejection::NotFound(GONE.to_owned()))
    }
}

/// Writes the Started event of the current attempt, with the time at which it happened.
pub(super) fn write_start(tx: &mut Transaction<'_, '_>, activity: &Activity) -> EventId {
    let mut event = tx.event(Attributes::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
        scheduled_event_id: activity.scheduled_event_id,
        identity: activity.identity.clone(),
        request_id: activity.request_id.clone(),
        attempt: activity.counted(),
        last_failure: activity.last_failure.clone(),
        ..Default::default()
    }));
    event.event_time = Some(timestamp(activity.started));
    // It has no id while it waits.
    tx.place(event).unwrap_or(0)
}
