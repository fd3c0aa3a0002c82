//! The state of a run, made from the first events of another run's history: how a run begins that a reset makes. What is not
//! in events is as at the beginning: nothing was attempted, no heartbeat came, no worker has it in its cache.

use super::{Ids, Run, build_id, marker, span, workflow_options};
use crate::invariant::broken;
use resurgam_api::temporal::common::v1::{Payload, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{TimeoutType, WorkflowExecutionStatus};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    ActivityTaskScheduledEventAttributes, HistoryEvent, WorkflowExecutionStartedEventAttributes,
};
use resurgam_state::task::RunKey;
use resurgam_state::{
    Activity, Admission, Child, EventId, External, Millis, State, Timer, Update, WorkflowTask, attached, kind,
};
use std::collections::HashMap;

/// What a run is made with.
pub(super) struct Rebuilding<'a> {
    /// The ids of the new run.
    pub(super) key: RunKey,
    /// The events that it begins with.
    pub(super) events: &'a [HistoryEvent],
    /// The run whose events they are: what it knows besides them of messages under way, they remain the same ones.
    pub(super) base: &'a State,
    /// The time at which it is made.
    pub(super) now: Millis,
}

/// Makes the run. Nothing is ordered for it yet.
pub(super) fn rebuild(made: Rebuilding<'_>, ids: &mut dyn Ids) -> Run {
    let Rebuilding { key, events, base, now } = made;
    let Some((first, rest)) = events.split_first() else { broken!("run {} begins with no event", key.run_id) };
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = &first.attributes else {
        broken!("run {} does not begin with its start", key.run_id)
    };
    let mut state = begun(key, first, started, now);
    let maker = attached::maker(&base.requests).unwrap_or_else(|| ids.uuid());
    attached::attach(&mut state.requests, &maker, first.event_type(), Some(first.event_id));
    for event in rest {
        apply(&mut state, event, base, now, ids);
    }
    state.watcher.clone_from(&base.watcher);
    if state.cancel_request.is_some() {
        state.cancel_request.clone_from(&base.cancel_request);
    }
    state.next_event_id = events.len() as EventId + 1;
    Run { state, ..Run::default() }
}

/// The state of a run after the first event of its history, which says how it was started.
fn begun(key: RunKey, first: &HistoryEvent, started: &WorkflowExecutionStartedEventAttributes, now: Millis) -> State {
    let itself = WorkflowExecution { workflow_id: key.workflow_id.clone(), run_id: key.run_id.clone() };
    let expires = |timeout: Millis| if timeout == 0 { 0 } else { now.saturating_add(timeout) };
    let execution_expires = expires(span::millis(started.workflow_execution_timeout.as_ref()));
    let run_expires = expires(span::millis(started.workflow_run_timeout.as_ref()));
    State {
        namespace_id: key.namespace_id,
        workflow_id: key.workflow_id,
        run_id: key.run_id,
        status: WorkflowExecutionStatus::Running.into(),
        start_time: now,
        original_start: time(first),
        next_attempt: 1,
        memo: fields(started.memo.as_ref().map(|memo| &memo.fields)).collect(),
        search_attributes: fields(started.search_attributes.as_ref().map(|it| &it.indexed_fields)).collect(),
        task_timeout: span::millis(started.workflow_task_timeout.as_ref()),
        run_expires: span::capped(run_expires, execution_expires),
        execution_expires,
        reset_points: build_id::inherited(started.prev_auto_reset_points.as_ref(), time(first)),
        root: Some(started.root_workflow_execution.clone().unwrap_or(itself)),
        started: started.clone().into(),
        metadata: first.user_metadata.clone(),
        ..State::default()
    }
}

fn fields(of: Option<&HashMap<String, Payload>>) -> impl Iterator<Item = (String, Payload)> {
    of.cloned().unwrap_or_default().into_iter()
}

fn time(event: &HistoryEvent) -> Millis {
    event.event_time.as_ref().map_or(0, |at| at.seconds * 1000 + i64::from(at.nanos / 1_000_000))
}

/// Takes one more event of the history into the state, as the step did that wrote it.
fn apply(state: &mut State, event: &HistoryEvent, base: &State, now: Millis, ids: &mut dyn Ids) {
    use Attributes as A;
    let id = event.event_id;
    let Some(attributes) = &event.attributes else { broken!("event {id} says nothing") };
    if let Some(ended) = kind::ended_activity(attributes) {
        state.activities.remove(&ended);
        return;
    }
    match attributes {
        A::WorkflowTaskScheduledEventAttributes(it) => {
            state.workflow_task = Some(WorkflowTask {
                scheduled_event_id: id,
                attempt: it.attempt,
                scheduled_time: time(event),
                original_scheduled_time: time(event),
                timeout: span::millis(it.start_to_close_timeout.as_ref()),
                ..WorkflowTask::default()
            });
        }
        A::WorkflowTaskStartedEventAttributes(_) => {
            let Some(task) = &mut state.workflow_task else { broken!("event {id} starts no workflow task") };
            task.started_event_id = id;
        }
        A::WorkflowTaskCompletedEventAttributes(it) => {
            (state.workflow_task, state.next_attempt) = (None, 1);
            state.previous_started_event_id = it.started_event_id;
            state.completed_tasks += 1;
            build_id::completed(state, id, it, now);
        }
        A::WorkflowExecutionOptionsUpdatedEventAttributes(it) => {
            attached::attach(&mut state.requests, &it.attached_request_id, event.event_type(), Some(id));
            workflow_options::apply(state, it.priority.as_ref());
        }
        A::WorkflowTaskFailedEventAttributes(_) => repeat(state, true),
        A::WorkflowTaskTimedOutEventAttributes(it) => repeat(state, it.timeout_type() == TimeoutType::StartToClose),
        A::ActivityTaskScheduledEventAttributes(it) => state.activities.insert(id, activity(id, it, now)),
        A::ActivityTaskCancelRequestedEventAttributes(it) => {
            let Some(activity) = state.activities.get_mut(&it.scheduled_event_id) else {
                broken!("event {id} cancels no activity")
            };
            activity.cancel_requested_event_id = id;
        }
        A::TimerStartedEventAttributes(it) => {
            let due = time(event).saturating_add(span::millis(it.start_to_fire_timeout.as_ref()));
            state.timers.insert(it.timer_id.clone(), Timer { started_event_id: id, due });
        }
        A::TimerFiredEventAttributes(it) => drop(state.timers.remove(&it.timer_id)),
        A::TimerCanceledEventAttributes(it) => drop(state.timers.remove(&it.timer_id)),
        A::StartChildWorkflowExecutionInitiatedEventAttributes(_) => {
            let known = base.children.get(&id).map(|child| child.request_id.clone());
            let request_id = known.unwrap_or_else(|| ids.uuid());
            state.children.insert(id, Child { initiated: Some(event.clone()), request_id, ..Child::default() });
        }
        A::ChildWorkflowExecutionStartedEventAttributes(it) => {
            let Some(child) = state.children.get_mut(&it.initiated_event_id) else {
                broken!("event {id} starts no child")
            };
            child.started_event_id = id;
            let Some(execution) = &it.workflow_execution else { broken!("event {id} names no child") };
            child.run_id.clone_from(&execution.run_id);
        }
        A::SignalExternalWorkflowExecutionInitiatedEventAttributes(_) => {
            let known = base.signals.get(&id).map(|it| it.request_id.clone());
            let request_id = known.unwrap_or_else(|| ids.uuid());
            state.signals.insert(id, External { initiated: Some(event.clone()), request_id });
        }
        A::SignalExternalWorkflowExecutionFailedEventAttributes(it) => {
            state.signals.remove(&it.initiated_event_id);
        }
        A::ExternalWorkflowExecutionSignaledEventAttributes(it) => drop(state.signals.remove(&it.initiated_event_id)),
        A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(_) => {
            let known = base.cancels.get(&id).map(|it| it.request_id.clone());
            let request_id = known.unwrap_or_else(|| ids.uuid());
            state.cancels.insert(id, External { initiated: Some(event.clone()), request_id });
        }
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(it) => {
            state.cancels.remove(&it.initiated_event_id);
        }
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(it) => {
            state.cancels.remove(&it.initiated_event_id);
        }
        A::WorkflowExecutionSignaledEventAttributes(_) => state.signal_count += 1,
        A::WorkflowExecutionCancelRequestedEventAttributes(_) => state.cancel_request = Some(String::new()),
        A::UpsertWorkflowSearchAttributesEventAttributes(it) => {
            let upserted = it.search_attributes.clone().unwrap_or_default();
            marker::merge(&mut state.search_attributes, &upserted.indexed_fields);
        }
        A::WorkflowPropertiesModifiedEventAttributes(it) => {
            marker::merge(&mut state.memo, &it.upserted_memo.clone().unwrap_or_default().fields);
        }
        A::WorkflowExecutionUpdateAdmittedEventAttributes(it) => {
            let Some(meta) = it.request.as_ref().and_then(|request| request.meta.as_ref()) else {
                broken!("event {id} names no update")
            };
            let name = meta.update_id.clone();
            state.admitted.insert(name, Admission { event_id: id, request: it.request.clone() });
        }
        A::WorkflowExecutionUpdateAcceptedEventAttributes(it) => {
            let admitted = state.admitted.remove(&it.protocol_instance_id).and_then(|it| it.request);
            let request = it.accepted_request.clone().or(admitted);
            let update = Update { accepted_event_id: id, request, ..Update::default() };
            state.updates.insert(it.protocol_instance_id.clone(), update);
        }
        A::WorkflowExecutionUpdateCompletedEventAttributes(it) => {
            let name = it.meta.as_ref().map_or("", |meta| &meta.update_id);
            let Some(update) = state.updates.get_mut(name) else { broken!("event {id} completes no update") };
            (update.completed_event_id, update.outcome, update.request) = (id, it.outcome.clone(), None);
            state.completed_updates += 1;
        }
        other => {
            if let Some(child) = ended_child(other) {
                state.children.remove(&child);
            }
        }
    }
}

/// The pending workflow task ended without success: another attempt follows, which no event tells of.
fn repeat(state: &mut State, counts: bool) {
    let attempt = state.workflow_task.take().map_or(1, |task| task.attempt);
    state.next_attempt = if counts { attempt + 1 } else { 1 };
}

/// An activity of which nothing is known but its Scheduled event.
fn activity(scheduled_event_id: EventId, it: &ActivityTaskScheduledEventAttributes, now: Millis) -> Activity {
    Activity {
        scheduled_event_id,
        activity_id: it.activity_id.clone(),
        activity_type: it.activity_type.as_ref().map_or_else(String::new, |kind| kind.name.clone()),
        task_queue: it.task_queue.as_ref().map_or_else(String::new, |queue| queue.name.clone()),
        input: it.input.clone(),
        header: it.header.clone(),
        retry: it.retry_policy.clone(),
        attempt: 1,
        // As in Temporal: its time begins anew.
        first_scheduled: now,
        scheduled: now,
        schedule_to_close: span::millis(it.schedule_to_close_timeout.as_ref()),
        schedule_to_start: span::millis(it.schedule_to_start_timeout.as_ref()),
        start_to_close: span::millis(it.start_to_close_timeout.as_ref()),
        heartbeat: span::millis(it.heartbeat_timeout.as_ref()),
        priority: it.priority.clone(),
        ..Activity::default()
    }
}

/// The child that is pending no more after this event: by its Initiated event.
pub(super) fn ended_child(attributes: &Attributes) -> Option<EventId> {
    use Attributes as A;
    match attributes {
        A::StartChildWorkflowExecutionFailedEventAttributes(it) => Some(it.initiated_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(it) => Some(it.initiated_event_id),
        A::ChildWorkflowExecutionFailedEventAttributes(it) => Some(it.initiated_event_id),
        A::ChildWorkflowExecutionCanceledEventAttributes(it) => Some(it.initiated_event_id),
        A::ChildWorkflowExecutionTimedOutEventAttributes(it) => Some(it.initiated_event_id),
        A::ChildWorkflowExecutionTerminatedEventAttributes(it) => Some(it.initiated_event_id),
        _ => None,
    }
}
