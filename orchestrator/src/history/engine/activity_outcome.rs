//! How attempts of activities end: by their worker, by a timeout, and what follows, the end of the activity or another
//! attempt. The Started event of the last attempt is written here, directly before the end.

use super::activity::{arm, deadline, offer};
use super::attempt::{find, running, write_start};
use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{required, retry};
use crate::cluster::Rejection;
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{CancelActivityRequest, CompleteActivityRequest, FailActivityRequest};
use resurgam_api::temporal::common::v1::Payloads;
use resurgam_api::temporal::enums::v1::{RetryState, TimeoutType};
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{Failure, TimeoutFailureInfo};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    ActivityTaskCanceledEventAttributes, ActivityTaskCompletedEventAttributes, ActivityTaskFailedEventAttributes,
    ActivityTaskTimedOutEventAttributes,
};
use resurgam_api::temporal::workflowservice::v1::{
    RespondActivityTaskCanceledResponse, RespondActivityTaskCompletedResponse, RespondActivityTaskFailedResponse,
};
use resurgam_state::task::{ActivityTimer, TimerKind};
use resurgam_state::{Activity, EventId, Millis};

/// Said of an activity that has no time left for another attempt.
const OUT_OF_TIME: &str =
    "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying";

/// How an attempt ends, as its worker says.
enum ActivityOutcome {
    /// With a result.
    Completed(Option<Payloads>),
    /// With a failure.
    Failed(Box<Failure>),
    /// Cancelled, with details.
    Canceled(Option<Payloads>),
}

impl RunInput for CompleteActivityRequest {
    type Answer = RespondActivityTaskCompletedResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        complete(tx, self)?;
        Ok(Reply::Now(Ok(RespondActivityTaskCompletedResponse::default())))
    }
}

impl RunInput for FailActivityRequest {
    type Answer = RespondActivityTaskFailedResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        fail(tx, self)?;
        Ok(Reply::Now(Ok(RespondActivityTaskFailedResponse::default())))
    }
}

impl RunInput for CancelActivityRequest {
    type Answer = RespondActivityTaskCanceledResponse;

    fn run(&self) -> Which<'_> {
        Which::task(self.task.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        cancel(tx, self)?;
        Ok(Reply::Now(Ok(RespondActivityTaskCanceledResponse::default())))
    }
}

/// A worker completed an activity. By its id, one that waits for its next attempt can be completed too.
///
/// # Errors
/// `NotFound` if that attempt does not run any more.
pub(super) fn complete(tx: &mut Transaction<'_, '_>, request: CompleteActivityRequest) -> Result<(), Rejection> {
    let token = request.task.as_ref();
    let id = find(tx, token)?;
    if token.is_some_and(|token| token.scheduled_event_id != 0) {
        running(tx, token)?;
    }
    let answer = required::request(request.request)?;
    end(tx, id, ActivityOutcome::Completed(answer.result), &answer.identity)
}

/// A worker failed an activity.
///
/// # Errors
/// `NotFound` if that attempt does not run any more.
pub(super) fn fail(tx: &mut Transaction<'_, '_>, request: FailActivityRequest) -> Result<(), Rejection> {
    let id = running(tx, request.task.as_ref())?;
    let answer = required::request(request.request)?;
    if let (Some(activity), Some(details)) = (tx.run.state.activities.get_mut(&id), answer.last_heartbeat_details) {
        activity.heartbeat_details = Some(details);
    }
    // As in Temporal, a worker need not say what failed.
    end(tx, id, ActivityOutcome::Failed(Box::new(answer.failure.unwrap_or_default())), &answer.identity)
}

/// A worker gave an activity up, as it was asked to.
///
/// # Errors
/// `NotFound` if that attempt does not run any more; `InvalidArgument` if nobody asked.
pub(super) fn cancel(tx: &mut Transaction<'_, '_>, request: CancelActivityRequest) -> Result<(), Rejection> {
    let id = running(tx, request.task.as_ref())?;
    let answer = required::request(request.request)?;
    end(tx, id, ActivityOutcome::Canceled(answer.details), &answer.identity)
}

/// An attempt ends as its worker says.
fn end(tx: &mut Transaction<'_, '_>, id: EventId, outcome: ActivityOutcome, identity: &str) -> Result<(), Rejection> {
    let mut activity = tx.run.state.activities[&id].clone();
    let identity = identity.to_owned();
    let attributes = match outcome {
        ActivityOutcome::Completed(result) => {
            if activity.started == 0 {
                activity.started = tx.context.now;
                activity.identity.clone_from(&identity);
            }
            Attributes::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
                result,
                scheduled_event_id: id,
                started_event_id: start_of(tx, &activity),
                identity,
                ..Default::default()
            })
        }
        ActivityOutcome::Failed(failure) => match again(tx, &activity, &failure) {
            RetryState::InProgress => return Ok(()),
            state => Attributes::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
                failure: Some(*failure),
                scheduled_event_id: id,
                started_event_id: start_of(tx, &activity),
                identity,
                retry_state: state.into(),
                ..Default::default()
            }),
        },
        ActivityOutcome::Canceled(_) if activity.cancel_requested_event_id == 0 => {
            return Err(Rejection::InvalidArgument("nobody asked this activity to cancel".to_owned()));
        }
        ActivityOutcome::Canceled(details) => {
            Attributes::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
                details,
                latest_cancel_requested_event_id: activity.cancel_requested_event_id,
                scheduled_event_id: id,
                started_event_id: start_of(tx, &activity),
                identity,
                ..Default::default()
            })
        }
    };
    finish(tx, id, attributes);
    Ok(())
}

/// Writes the end of an activity.
fn finish(tx: &mut Transaction<'_, '_>, id: EventId, attributes: Attributes) {
    tx.run.state.activities.remove(&id);
    tx.add(attributes);
    tx.wake();
}

/// The Started event that the end of this activity names: written now; 0 if it waits in the buffer (the flush fills the
/// id in) or if there was no start.
fn start_of(tx: &mut Transaction<'_, '_>, activity: &Activity) -> EventId {
    match activity {
        Activity { started: 0, .. } => 0,
        Activity { started_event_id: 0, .. } if !planted(Bug::StartWrittenAlone) => write_start(tx, activity),
        _ => activity.started_event_id,
    }
}

/// Prepares the next attempt, if there is to be one (`InProgress`); else says why not.
fn again(tx: &mut Transaction<'_, '_>, activity: &Activity, failure: &Failure) -> RetryState {
    let Some(policy) = &activity.retry else { return RetryState::RetryPolicyNotSet };
    if activity.cancel_requested_event_id != 0 {
        return RetryState::CancelRequested;
    }
    if let Some(FailureInfo::TimeoutFailureInfo(info)) = &failure.failure_info
        && matches!(info.timeout_type(), TimeoutType::ScheduleToStart | TimeoutType::ScheduleToClose)
    {
        // The time of the whole is over, whatever the policy says of attempts.
        return RetryState::Timeout;
    }
    let counted = activity.counted();
    let attempt = if planted(Bug::RetryCount) { counted - 1 } else { counted };
    let limit = deadline(activity, TimeoutType::ScheduleToClose).unwrap_or(0);
    let wait = match retry::next(policy, attempt, failure, tx.context.now, limit) {
        Ok(wait) => wait,
        Err(state) => return state,
    };
    let due = tx.context.now.saturating_add(wait);
    let next = Activity {
        attempt: activity.attempt + 1,
        scheduled: due,
        started: 0,
        request_id: String::new(),
        last_heartbeat: if planted(Bug::HeartbeatTimeKept) { activity.last_heartbeat } else { 0 },
        last_failure: Some(failure.clone()),
        started_event_id: 0,
        reset: false,
        forget_heartbeat: false,
        heartbeat_details: activity.heartbeat_details.clone().filter(|_| !activity.forget_heartbeat),
        attempt_ended: tx.context.now,
        ..activity.clone()
    };
    let timer =
        ActivityTimer { scheduled_event_id: next.scheduled_event_id, attempt: next.attempt, ..Default::default() };
    if next.paused.is_none() {
        tx.timer(due, TimerKind::ActivityRetry(timer));
    }
    tx.run.state.activities.insert(next.scheduled_event_id, next);
    RetryState::InProgress
}

/// The next attempt is due.
pub(super) fn fire_retry(tx: &mut Transaction<'_, '_>, timer: &ActivityTimer) {
    let Some(activity) = tx.run.state.activities.get(&timer.scheduled_event_id).cloned() else { return };
    if activity.attempt != timer.attempt || activity.started != 0 || activity.paused.is_some() {
        return;
    }
    if tx.context.now < activity.scheduled {
        tx.timer(activity.scheduled, TimerKind::ActivityRetry(timer.clone()));
    } else {
        offer(tx, &activity);
    }
}

/// A timeout may have struck.
pub(super) fn fire_timeout(tx: &mut Transaction<'_, '_>, timer: &ActivityTimer) {
    let Ok(timeout) = TimeoutType::try_from(timer.timeout) else {
        broken!("a timer task is for timeout {} of an activity", timer.timeout)
    };
    let Some(activity) = tx.run.state.activities.get(&timer.scheduled_event_id).cloned() else { return };
    if timeout != TimeoutType::ScheduleToClose && timer.attempt != activity.attempt {
        return;
    }
    let Some(due) = deadline(&activity, timeout) else { return };
    if tx.context.now < due {
        arm(tx, &activity, timeout);
        return;
    }
    let timeout = first_due(&activity, tx.context.now).unwrap_or(timeout);
    let failure = timed_out(timeout, None);
    let state = again(tx, &activity, &failure);
    if state == RetryState::InProgress {
        return;
    }
    // If no attempt fits any more it is the activity as a whole that ran out of time.
    let over = state == RetryState::Timeout && timeout != TimeoutType::ScheduleToStart;
    let timeout = if over { TimeoutType::ScheduleToClose } else { timeout };
    let mut failure = timed_out(timeout, activity.heartbeat_details.clone());
    if over {
        OUT_OF_TIME.clone_into(&mut failure.message);
    }
    failure.cause = activity.last_failure.clone().map(Box::new);
    let attributes = Attributes::ActivityTaskTimedOutEventAttributes(ActivityTaskTimedOutEventAttributes {
        failure: Some(failure),
        scheduled_event_id: activity.scheduled_event_id,
        started_event_id: start_of(tx, &activity),
        retry_state: state.into(),
    });
    finish(tx, activity.scheduled_event_id, attributes);
}

/// The timeout that strikes first of those that are due; at one moment, one of an attempt before the one of them all.
fn first_due(activity: &Activity, now: Millis) -> Option<TimeoutType> {
    let all =
        [TimeoutType::StartToClose, TimeoutType::ScheduleToStart, TimeoutType::ScheduleToClose, TimeoutType::Heartbeat];
    let due = all.into_iter().filter_map(|timeout| Some((deadline(activity, timeout)?, timeout)));
    due.filter(|(due, _)| *due <= now).min_by_key(|(due, _)| *due).map(|(_, timeout)| timeout)
}

fn timed_out(timeout: TimeoutType, last_heartbeat_details: Option<Payloads>) -> Failure {
    let name = match timeout {
        TimeoutType::StartToClose => "StartToClose",
        TimeoutType::ScheduleToStart => "ScheduleToStart",
        TimeoutType::ScheduleToClose => "ScheduleToClose",
        TimeoutType::Heartbeat => "Heartbeat",
        TimeoutType::Unspecified => "Unspecified",
    };
    let info = TimeoutFailureInfo { timeout_type: timeout.into(), last_heartbeat_details };
    Failure {
        message: format!("activity {name} timeout"),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::TimeoutFailureInfo(info)),
        ..Failure::default()
    }
}
