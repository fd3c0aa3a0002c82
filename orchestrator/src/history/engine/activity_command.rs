//! What clients do to pending activities: pause them, let them go on, begin them anew, change their options. None of it leaves an
//! event; the workflow hears of the end alone. As in temporalio/temporal, `service/history/workflow/activity.go`.

use super::activity::{arm, offer};
use super::input::{Acted, Reply, RunInput, Which};
use super::span::millis;
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{activity_options, required, retry};
use crate::cluster::Rejection;
use prost_wkt_types::Duration;
use resurgam_api::internal::{
    PauseActivityRequest, ResetActivityRequest, UnpauseActivityRequest, UpdateActivityOptionsRequest,
};
use resurgam_api::temporal::activity::v1::ActivityOptions;
use resurgam_api::temporal::common::v1::Payload;
use resurgam_api::temporal::enums::v1::{TaskQueueKind, TimeoutType};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::{ActivityTimer, TimerKind};
use resurgam_state::{Activity, EventId, Millis, Pause};
use resurgam_visibility::value::keywords;
use std::collections::BTreeSet;

/// Which activities are meant.
enum Meant<'a> {
    /// The one with this id.
    Id(&'a str),
    /// All of this type.
    Type(&'a str),
    /// None: the pinned server takes "all" for nobody.
    Nobody,
}

impl RunInput for PauseActivityRequest {
    type Answer = api::PauseActivityResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        use api::pause_activity_request::Activity as Of;
        let request = required::request(self.request)?;
        let meant = match required::field(request.activity.as_ref(), "Activity")? {
            Of::Id(id) => Meant::Id(id),
            Of::Type(kind) => Meant::Type(kind),
        };
        let pause = Pause { time: tx.context.now, identity: request.identity.clone(), reason: request.reason.clone() };
        each(tx, &meant, |_, activity| {
            if activity.paused.is_none() {
                activity.paused = Some(pause.clone());
                if activity.started == 0 {
                    withdraw(activity);
                }
            }
            Ok(Next::Nothing)
        })?;
        Ok(Reply::now(api::PauseActivityResponse {}))
    }
}

impl RunInput for UnpauseActivityRequest {
    type Answer = api::UnpauseActivityResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        use api::unpause_activity_request::Activity as Of;
        let request = required::request(self.request)?;
        let meant = match required::field(request.activity.as_ref(), "Activity")? {
            Of::Id(id) => Meant::Id(id),
            Of::Type(kind) => Meant::Type(kind),
            Of::UnpauseAll(_) => Meant::Nobody,
        };
        each(tx, &meant, |tx, activity| {
            if activity.paused.take().is_none() {
                return Ok(Next::Nothing);
            }
            if request.reset_attempts {
                activity.uncounted = activity.attempt - 1;
            }
            if request.reset_heartbeat {
                activity.heartbeat_details = None;
            }
            Ok(soon(tx, activity, request.jitter.as_ref()))
        })?;
        Ok(Reply::now(api::UnpauseActivityResponse {}))
    }
}

impl RunInput for ResetActivityRequest {
    type Answer = api::ResetActivityResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        use api::reset_activity_request::Activity as Of;
        let request = required::request(self.request)?;
        let meant = match required::field(request.activity.as_ref(), "Activity")? {
            Of::Id(id) => Meant::Id(id),
            Of::Type(kind) => Meant::Type(kind),
            Of::MatchAll(_) => Meant::Nobody,
        };
        each(tx, &meant, |tx, activity| {
            if let Some(original) = activity.original.take_if(|_| request.restore_original_options) {
                activity_options::set(activity, &original);
            }
            let running = activity.started != 0;
            if !running {
                withdraw(activity);
            }
            activity.uncounted = activity.attempt - 1;
            activity.reset = running;
            activity.forget_heartbeat = running && request.reset_heartbeat;
            if running {
                return Ok(Next::Deadlines);
            }
            if request.reset_heartbeat {
                activity.heartbeat_details = None;
            }
            if request.keep_paused && activity.paused.is_some() {
                return Ok(Next::Deadlines);
            }
            activity.paused = None;
            Ok(soon(tx, activity, request.jitter.as_ref()))
        })?;
        Ok(Reply::now(api::ResetActivityResponse {}))
    }
}

impl RunInput for UpdateActivityOptionsRequest {
    type Answer = api::UpdateActivityOptionsResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        use api::update_activity_options_request::Activity as Of;
        let request = required::request(self.request)?;
        let invalid = |message: &str| Err(Rejection::InvalidArgument(message.to_owned()));
        let fields = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        if request.restore_original && !fields.is_empty() {
            return invalid("Both UpdateMask and RestoreOriginal are provided");
        }
        let meant = match required::field(request.activity.as_ref(), "Activity")? {
            Of::Id(id) => Meant::Id(id),
            Of::Type(kind) => Meant::Type(kind),
            Of::MatchAll(_) => Meant::Nobody,
        };
        tx.require_open()?;
        if !request.restore_original && request.activity_options.is_none() {
            return invalid("ActivityOptions are not provided");
        }
        let mut shown = None;
        let run = millis(tx.run.state.started.workflow_run_timeout.as_ref());
        each(tx, &meant, |tx, activity| {
            let options = if request.restore_original {
                activity.original.take().unwrap_or_else(|| activity_options::of(activity))
            } else {
                let given = request.activity_options.clone().unwrap_or_default();
                let before = activity_options::of(activity);
                let merged = activity_options::merged(before.clone(), &given, &fields, run);
                let merged = merged.map_err(Rejection::InvalidArgument)?;
                activity.original.get_or_insert(before);
                merged
            };
            activity_options::set(activity, &options);
            let queue = TaskQueue {
                name: activity.task_queue.clone(),
                kind: TaskQueueKind::Normal.into(),
                ..TaskQueue::default()
            };
            shown = Some(ActivityOptions { task_queue: Some(queue), ..activity_options::of(activity) });
            if activity.started != 0 || activity.paused.is_some() {
                return Ok(Next::Deadlines);
            }
            // What waits under the old options is not meant any more.
            withdraw(activity);
            if activity.attempt_ended != 0 && activity.scheduled > tx.context.now {
                let policy = activity.retry.clone().unwrap_or_default();
                let wait = retry::interval(&policy, activity.counted() - 1);
                activity.scheduled = activity.attempt_ended.saturating_add(wait);
            }
            Ok(if activity.scheduled > tx.context.now { Next::Later } else { Next::Now })
        })?;
        Ok(Reply::now(api::UpdateActivityOptionsResponse { activity_options: shown }))
    }
}

/// What follows from a change of an activity.
enum Next {
    /// There is nothing to do.
    Nothing,
    /// Its deadlines may be nearer.
    Deadlines,
    /// Its attempt is offered now.
    Now,
    /// Its attempt is offered when it is scheduled.
    Later,
}

/// Changes each activity that is meant.
///
/// # Errors
/// `NotFound` if there is none, or the run is closed; or what `change` refuses.
fn each(
    tx: &mut Transaction<'_, '_>,
    meant: &Meant<'_>,
    mut change: impl FnMut(&mut Transaction<'_, '_>, &mut Activity) -> Result<Next, Rejection>,
) -> Result<(), Rejection> {
    tx.require_open()?;
    let pending = &tx.run.state.activities;
    let ids: Vec<EventId> = match meant {
        Meant::Id(id) => pending.named(*id).map(|(id, _)| *id).into_iter().collect(),
        Meant::Type(kind) => pending.iter().filter(|(_, it)| it.activity_type == *kind).map(|(id, _)| *id).collect(),
        Meant::Nobody => Vec::new(),
    };
    if ids.is_empty() {
        let message = "Can't find pending activity with such ID. Invalid activityID or activity already completed";
        return Err(Rejection::NotFound(message.to_owned()));
    }
    for id in ids {
        let mut activity = tx.run.state.activities[&id].clone();
        let paused = activity.paused.is_some();
        let next = change(tx, &mut activity)?;
        let other = activity.paused.is_some() != paused;
        if !matches!(next, Next::Nothing) {
            for timeout in [TimeoutType::ScheduleToClose, TimeoutType::StartToClose, TimeoutType::Heartbeat] {
                arm(tx, &activity, timeout);
            }
        }
        match next {
            Next::Nothing | Next::Deadlines => {}
            Next::Now => offer(tx, &activity),
            Next::Later => {
                let timer =
                    ActivityTimer { scheduled_event_id: id, attempt: activity.attempt, ..ActivityTimer::default() };
                tx.timer(activity.scheduled, TimerKind::ActivityRetry(timer));
            }
        }
        tx.run.state.activities.insert(id, activity);
        if other {
            show_paused(tx);
        }
    }
    Ok(())
}

/// The run is found by the types of its activities that are paused. If none is any more, nothing is found, and still shown.
fn show_paused(tx: &mut Transaction<'_, '_>) {
    let state = &mut tx.run.state;
    let paused = state.activities.values().filter(|activity| activity.paused.is_some());
    let types: BTreeSet<_> = paused.map(|it| format!("property:activityType={}", it.activity_type)).collect();
    let payload = match types.is_empty() {
        true => Payload { data: b"null".to_vec(), ..keywords(&[]) },
        false => keywords(&types.into_iter().collect::<Vec<_>>()),
    };
    state.search_attributes.insert("TemporalPauseInfo".to_owned(), payload);
}

/// What was offered of an attempt that has not started is offered no more: it goes by another number, and counts the same.
fn withdraw(activity: &mut Activity) {
    activity.attempt += 1;
    activity.uncounted += 1;
}

/// An attempt that does not run is due now, or within the jitter.
fn soon(tx: &mut Transaction<'_, '_>, activity: &mut Activity, jitter: Option<&Duration>) -> Next {
    if activity.started != 0 {
        return Next::Nothing;
    }
    // As in Temporal, nothing is said any more of what failed before.
    activity.last_failure = None;
    let wait = within(tx, millis(jitter));
    activity.scheduled = tx.context.now.saturating_add(wait);
    if wait > 0 { Next::Later } else { Next::Now }
}

/// A time from 0 up to `most`, by chance.
fn within(tx: &mut Transaction<'_, '_>, most: Millis) -> Millis {
    if most <= 0 {
        return 0;
    }
    let drawn = tx.context.ids.uuid().bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % (1 << 40));
    drawn % most
}
