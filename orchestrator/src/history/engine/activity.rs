//! Activities: how they are scheduled and offered, their timeouts, and requests to cancel them. Attempts are in `attempt`.

use super::command_failure::CommandFailure;
use super::retry;
use super::span::{capped, duration, millis};
use super::task_event::queue_name;
use super::transaction::Transaction;
use crate::cluster::queue_name::flaw_of_work;
use crate::planted::{Bug, planted};
use prost_wkt_types::Duration;
use resurgam_api::temporal::command::v1::{
    RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes,
};
use resurgam_api::temporal::enums::v1::{TimeoutType, WorkflowTaskFailedCause as Cause};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    ActivityTaskCancelRequestedEventAttributes, ActivityTaskCanceledEventAttributes,
    ActivityTaskScheduledEventAttributes,
};
use resurgam_state::task::{ActivityTaskTransfer, ActivityTimer, TimerKind, TransferKind};
use resurgam_state::{Activity, EventId, Millis};

/// Schedules an activity and its first attempt.
pub(super) fn schedule(
    tx: &mut Transaction<'_, '_>,
    attributes: &ScheduleActivityTaskCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let bad = |message: String| CommandFailure::new(Cause::BadScheduleActivityAttributes, message);
    let limits = tx.context.limits;
    let id = attributes.activity_id.as_str();
    let kind = attributes.activity_type.as_ref().map_or("", |kind| &kind.name);
    let queue = attributes.task_queue.as_ref().map_or("", |queue| &queue.name);
    if attributes.task_queue.is_none() {
        return Err(bad("taskQueue is not set".to_owned()));
    }
    if let Some(flaw) = flaw_of_work(queue, queue_name(&tx.run.state), limits.id_bytes) {
        return Err(bad(flaw));
    }
    let named = [(id, "activityId"), (kind, "activityType")];
    if let Some((_, what)) = named.iter().find(|(name, _)| name.is_empty()) {
        return Err(bad(format!("{what} is not set")));
    }
    let policy = retry::with_defaults(attributes.retry_policy.as_ref(), limits.retry_interval);
    retry::validate(&policy).map_err(bad)?;
    if let Some((name, what)) = named.iter().find(|(name, _)| name.len() > limits.id_bytes) {
        let (length, limit) = (name.len(), limits.id_bytes);
        return Err(bad(format!("{what} exceeds length limit. Length={length} Limit={limit}")));
    }
    let timeouts = Timeouts::of(attributes, millis(tx.run.state.started.workflow_run_timeout.as_ref())).map_err(bad)?;
    let pending = &tx.run.state.activities;
    if pending.len() >= limits.pending {
        let message = format!("there are {} pending activities already", pending.len());
        return Err(CommandFailure::new(Cause::PendingActivitiesLimitExceeded, message));
    } else if pending.named(id).is_some() {
        let (cause, of) = (Cause::ScheduleActivityDuplicateId, format!("ActivityID: {id}"));
        return Err(CommandFailure::state(cause, "add-activitytask-scheduled-event", &of));
    }
    let run = tx.run.state.started.workflow_run_timeout.unwrap_or_default();
    let whole = kept(attributes.schedule_to_close_timeout, timeouts.schedule_to_close, run);
    let running = kept(attributes.start_to_close_timeout, timeouts.start_to_close, whole);
    let scheduled_event_id =
        tx.command_event(Attributes::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
            activity_id: id.to_owned(),
            activity_type: attributes.activity_type.clone(),
            task_queue: attributes.task_queue.clone().map(super::task_event::with_kind),
            header: attributes.header.clone(),
            input: attributes.input.clone(),
            schedule_to_close_timeout: Some(whole),
            schedule_to_start_timeout: Some(kept(
                attributes.schedule_to_start_timeout,
                timeouts.schedule_to_start,
                whole,
            )),
            start_to_close_timeout: Some(running),
            heartbeat_timeout: Some(kept(attributes.heartbeat_timeout, timeouts.heartbeat, running)),
            workflow_task_completed_event_id: completed,
            retry_policy: Some(policy.clone()),
            priority: attributes.priority.clone(),
            ..Default::default()
        }));
    let activity = Activity {
        scheduled_event_id,
        activity_id: id.to_owned(),
        activity_type: kind.to_owned(),
        task_queue: queue.to_owned(),
        input: attributes.input.clone(),
        header: attributes.header.clone(),
        retry: Some(policy),
        attempt: 1,
        first_scheduled: tx.context.now,
        scheduled: tx.context.now,
        schedule_to_close: timeouts.schedule_to_close,
        schedule_to_start: timeouts.schedule_to_start,
        start_to_close: timeouts.start_to_close,
        heartbeat: timeouts.heartbeat,
        priority: attributes.priority.clone(),
        ..Activity::default()
    };
    arm(tx, &activity, TimeoutType::ScheduleToClose);
    offer(tx, &activity);
    tx.run.state.activities.insert(scheduled_event_id, activity);
    Ok(())
}

/// The span that an event says: the one that was given, if it counts; else the one that caps it; to the nanosecond.
fn kept(given: Option<Duration>, counts: Millis, cap: Duration) -> Duration {
    let spans = [given.unwrap_or_default(), cap];
    spans.into_iter().find(|span| millis(Some(span)) == counts).unwrap_or_else(|| duration(counts))
}

/// Gives the current attempt to matching, now.
pub(super) fn offer(tx: &mut Transaction<'_, '_>, activity: &Activity) {
    arm(tx, activity, TimeoutType::ScheduleToStart);
    tx.transfer(TransferKind::ActivityTask(ActivityTaskTransfer {
        scheduled_event_id: activity.scheduled_event_id,
        task_queue: activity.task_queue.clone(),
        attempt: activity.attempt,
    }));
}

/// When such a timeout strikes this activity as it is; `None`: never. Progress so far counts.
pub(super) fn deadline(activity: &Activity, timeout: TimeoutType) -> Option<Millis> {
    let (from, span) = match timeout {
        TimeoutType::ScheduleToClose if planted(Bug::ScheduleToCloseRestarts) => {
            (activity.scheduled, activity.schedule_to_close)
        }
        TimeoutType::ScheduleToClose => (activity.first_scheduled, activity.schedule_to_close),
        TimeoutType::ScheduleToStart if activity.started == 0 && activity.paused.is_none() => {
            (activity.scheduled, activity.schedule_to_start)
        }
        TimeoutType::StartToClose if activity.started != 0 => (activity.started, activity.start_to_close),
        TimeoutType::Heartbeat if activity.started != 0 => {
            (activity.started.max(activity.last_heartbeat), activity.heartbeat)
        }
        _ => return None,
    };
    (span > 0).then(|| from.saturating_add(span))
}

/// Orders the timer task of a timeout, if the activity has that one.
pub(super) fn arm(tx: &mut Transaction<'_, '_>, activity: &Activity, timeout: TimeoutType) {
    if let Some(due) = deadline(activity, timeout) {
        let timer = ActivityTimer {
            scheduled_event_id: activity.scheduled_event_id,
            attempt: activity.attempt,
            timeout: timeout.into(),
        };
        tx.timer(due, TimerKind::ActivityTimeout(timer));
    }
}

/// Asks an activity to cancel. One that is not started is cancelled at once; its event waits behind all commands.
pub(super) fn request_cancel(
    tx: &mut Transaction<'_, '_>,
    attributes: &RequestCancelActivityTaskCommandAttributes,
    completed: EventId,
    identity: &str,
) -> Result<(), CommandFailure> {
    let scheduled_event_id = attributes.scheduled_event_id;
    let known = tx.run.state.activities.get(&scheduled_event_id);
    let asked_already = known.is_some_and(|activity| activity.cancel_requested_event_id != 0);
    if asked_already || (known.is_none() && !ended_unseen(tx, scheduled_event_id)) {
        let cause = Cause::BadRequestCancelActivityAttributes;
        if scheduled_event_id <= 0 {
            let message = "ScheduledEventId is not set on RequestCancelActivityTaskCommand.";
            return Err(CommandFailure::new(cause, message));
        }
        let of = format!("ScheduledEventID: {scheduled_event_id}");
        return Err(CommandFailure::state(cause, "add-activitytask-cancel-requested-event", &of));
    }
    let request = tx.command_event(Attributes::ActivityTaskCancelRequestedEventAttributes(
        ActivityTaskCancelRequestedEventAttributes { scheduled_event_id, workflow_task_completed_event_id: completed },
    ));
    let Some(activity) = tx.run.state.activities.get_mut(&scheduled_event_id) else { return Ok(()) };
    activity.cancel_requested_event_id = request;
    if activity.started == 0 {
        tx.run.state.activities.remove(&scheduled_event_id);
        if !planted(Bug::UnstartedCancelLost) {
            let canceled =
                tx.event(Attributes::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
                    latest_cancel_requested_event_id: request,
                    scheduled_event_id,
                    identity: identity.to_owned(),
                    ..Default::default()
                }));
            tx.run.state.buffered.push(canceled);
        }
    }
    Ok(())
}

/// The end of this activity waits in the buffer, so no worker could know.
fn ended_unseen(tx: &Transaction<'_, '_>, scheduled_event_id: EventId) -> bool {
    tx.run.state.buffered.values().any(|event| {
        let ended = match &event.attributes {
            Some(Attributes::ActivityTaskCompletedEventAttributes(end)) => end.scheduled_event_id,
            Some(Attributes::ActivityTaskFailedEventAttributes(end)) => end.scheduled_event_id,
            Some(Attributes::ActivityTaskTimedOutEventAttributes(end)) => end.scheduled_event_id,
            Some(Attributes::ActivityTaskCanceledEventAttributes(end)) => end.scheduled_event_id,
            _ => return false,
        };
        ended == scheduled_event_id
    })
}

/// The timeouts of an activity, derived from those that were given as in temporalio/temporal,
/// `service/history/api/command_attr_validator.go`. 0: none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    pub(super) schedule_to_close: Millis,
    pub(super) schedule_to_start: Millis,
    pub(super) start_to_close: Millis,
    pub(super) heartbeat: Millis,
}

impl Timeouts {
    pub(super) fn of(attributes: &ScheduleActivityTaskCommandAttributes, run: Millis) -> Result<Self, String> {
        let whole = millis(attributes.schedule_to_close_timeout.as_ref());
        let queued = millis(attributes.schedule_to_start_timeout.as_ref());
        let running = millis(attributes.start_to_close_timeout.as_ref());
        let heartbeat = millis(attributes.heartbeat_timeout.as_ref());
        if [whole, queued, running, heartbeat].into_iter().any(|span| span < 0) {
            return Err("a timeout of an activity is negative".to_owned());
        } else if whole == 0 && running == 0 {
            return Err("an activity has neither a start-to-close nor a schedule-to-close timeout".to_owned());
        }
        // The whole time limits its parts, and the run's time limits everything.
        let schedule_to_close = capped(whole, run);
        let start_to_close = capped(running, schedule_to_close);
        let heartbeat = if heartbeat == 0 { 0 } else { capped(heartbeat, start_to_close) };
        let schedule_to_start = capped(queued, schedule_to_close);
        Ok(Self { schedule_to_close, schedule_to_start, start_to_close, heartbeat })
    }
}
