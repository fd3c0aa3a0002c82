//! What a run is at, for people and tools: read from its state alone.

use super::input::{Acted, Reply, RunInput, Which};
use super::span::duration;
use super::task_event::{self, queue_name};
use super::transaction::{Transaction, timestamp};
use super::waiter::Waiter;
use super::{activity_options, child, priority, retry};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use prost_wkt_types::{Duration, Timestamp};
use resurgam_api::internal::DescribeRequest;
use resurgam_api::temporal::common::v1::{ActivityType, Memo, SearchAttributes, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{PendingActivityState, PendingWorkflowTaskState};
use resurgam_api::temporal::workflow::v1::pending_activity_info::PauseInfo;
use resurgam_api::temporal::workflow::v1::pending_activity_info::pause_info::{Manual, PausedBy};
use resurgam_api::temporal::workflow::v1::{
    PendingActivityInfo, PendingChildExecutionInfo, PendingWorkflowTaskInfo, RequestIdInfo, ResetPoints,
    WorkflowExecutionConfig, WorkflowExecutionExtendedInfo, WorkflowExecutionInfo,
};
use resurgam_api::temporal::workflowservice::v1::DescribeWorkflowExecutionResponse;
use resurgam_state::{Activity, AttachedRequest, Child, EventId, Millis, State};

impl RunInput for DescribeRequest {
    type Answer = DescribeWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        Ok(Reply::Now(Ok(describe(tx))))
    }

    fn reads_only(&self) -> bool {
        true
    }
}

/// Describes the run.
fn describe(tx: &Transaction<'_, '_>) -> DescribeWorkflowExecutionResponse {
    let state = &tx.run.state;
    DescribeWorkflowExecutionResponse {
        execution_config: Some(config(state)),
        workflow_execution_info: Some(info(state)),
        pending_activities: state.activities.values().map(|it| activity(state, it, tx.context.now)).collect(),
        pending_children: state.children.iter().map(|(id, it)| pending_child(*id, it)).collect(),
        pending_workflow_task: workflow_task(state),
        workflow_extended_info: Some(WorkflowExecutionExtendedInfo {
            execution_expiration_time: at(state.execution_expires),
            run_expiration_time: at(state.run_expires),
            cancel_requested: state.cancel_request.is_some(),
            original_start_time: at(if state.original_start == 0 { state.start_time } else { state.original_start }),
            last_reset_time: at(if state.original_start == 0 { 0 } else { state.start_time }),
            reset_run_id: state.reset_run.clone(),
            request_id_infos: state.requests.iter().map(request).collect(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A time, unless it is 0.
fn at(time: Millis) -> Option<Timestamp> {
    (time != 0).then(|| timestamp(time))
}

/// A span, unless it is 0.
fn lasting(span: Millis) -> Option<Duration> {
    (span != 0).then(|| duration(span))
}

fn config(state: &State) -> WorkflowExecutionConfig {
    WorkflowExecutionConfig {
        task_queue: Some(task_event::queue(state, "")),
        workflow_execution_timeout: state.started.workflow_execution_timeout,
        workflow_run_timeout: state.started.workflow_run_timeout,
        default_workflow_task_timeout: lasting(state.task_timeout),
        user_metadata: state.metadata.clone(),
    }
}

#[allow(deprecated, reason = "tools still ask for the version of the last worker")]
fn info(state: &State) -> WorkflowExecutionInfo {
    let started = &state.started;
    let execution = WorkflowExecution { workflow_id: state.workflow_id.clone(), run_id: state.run_id.clone() };
    let backoff = super::span::millis(started.first_workflow_task_backoff.as_ref());
    let executed = state.start_time.saturating_add(backoff);
    let lasted = (state.close_time != 0).then(|| duration(state.close_time.saturating_sub(executed)));
    WorkflowExecutionInfo {
        r#type: started.workflow_type.clone(),
        start_time: at(state.start_time),
        close_time: at(state.close_time),
        status: state.status,
        history_length: state.next_event_id - 1,
        parent_namespace_id: started.parent_workflow_namespace_id.clone(),
        parent_execution: started.parent_workflow_execution.clone(),
        execution_time: at(executed),
        memo: Some(Memo { fields: state.memo.cloned().collect() }),
        search_attributes: Some(SearchAttributes { indexed_fields: state.search_attributes.cloned().collect() }),
        task_queue: queue_name(state).to_owned(),
        state_transition_count: state.transitions,
        history_size_bytes: state.history_size,
        execution_duration: lasted,
        root_execution: state.root.clone().or_else(|| Some(execution.clone())),
        first_run_id: started.first_execution_run_id.clone(),
        priority: started.priority.clone(),
        auto_reset_points: Some(ResetPoints { points: state.reset_points.clone() }),
        most_recent_worker_version_stamp: state.last_worker.clone(),
        worker_deployment_name: state.worker_deployment.clone(),
        execution: Some(execution),
        ..Default::default()
    }
}

fn request(it: &AttachedRequest) -> (String, RequestIdInfo) {
    let info = RequestIdInfo { event_type: it.event_type, event_id: it.event_id, buffered: it.event_id == 0 };
    (it.request_id.clone(), info)
}

fn activity(state: &State, it: &Activity, now: Millis) -> PendingActivityInfo {
    let priority = priority::merge(state.started.priority.as_ref(), it.priority.as_ref());
    let waits = it.started == 0 && it.scheduled > now;
    let interval = match &it.retry {
        Some(_) if waits && it.attempt_ended != 0 => Some(it.scheduled - it.attempt_ended),
        Some(policy) if it.started == 0 => Some(retry::interval(policy, it.counted())),
        _ => None,
    };
    let pause_info = it.paused.as_ref().map(|pause| PauseInfo {
        pause_time: at(pause.time),
        paused_by: Some(PausedBy::Manual(Manual { identity: pause.identity.clone(), reason: pause.reason.clone() })),
    });
    let at_work = match it {
        Activity { cancel_requested_event_id: 1.., .. } => PendingActivityState::CancelRequested,
        Activity { started: 0, paused: Some(_), .. } => PendingActivityState::Paused,
        Activity { paused: Some(_), .. } => PendingActivityState::PauseRequested,
        Activity { started: 0, .. } => PendingActivityState::Scheduled,
        _ => PendingActivityState::Started,
    };
    PendingActivityInfo {
        activity_id: it.activity_id.clone(),
        activity_type: Some(ActivityType { name: it.activity_type.clone() }),
        state: at_work.into(),
        heartbeat_details: it.heartbeat_details.clone(),
        last_heartbeat_time: at(it.last_heartbeat),
        last_started_time: at(it.started),
        attempt: if planted(Bug::FirstAttemptDescribed) { 1 } else { it.counted() },
        paused: pause_info.is_some(),
        pause_info,
        last_attempt_complete_time: at(it.attempt_ended),
        current_retry_interval: interval.map(duration),
        maximum_attempts: it.retry.as_ref().map_or(0, |policy| policy.maximum_attempts),
        scheduled_time: at(it.scheduled),
        expiration_time: (it.schedule_to_close != 0)
            .then(|| timestamp(it.first_scheduled.saturating_add(it.schedule_to_close))),
        last_failure: it.last_failure.clone(),
        last_worker_identity: it.identity.clone(),
        activity_options: Some(activity_options::of(it)),
        next_attempt_schedule_time: waits.then(|| timestamp(it.scheduled)),
        priority,
        ..Default::default()
    }
}

fn pending_child(initiated_id: EventId, it: &Child) -> PendingChildExecutionInfo {
    let asked = child::asked(it);
    let Some(workflow_type) = asked.workflow_type else { broken!("child {initiated_id} is of no type") };
    PendingChildExecutionInfo {
        workflow_id: asked.workflow_id,
        run_id: it.run_id.clone(),
        workflow_type_name: workflow_type.name,
        initiated_id,
        parent_close_policy: asked.parent_close_policy,
    }
}

fn workflow_task(state: &State) -> Option<PendingWorkflowTaskInfo> {
    let task = state.workflow_task.as_ref().or(state.left_task.as_ref())?;
    let started = task.started_event_id != 0;
    let at_work = if started { PendingWorkflowTaskState::Started } else { PendingWorkflowTaskState::Scheduled };
    Some(PendingWorkflowTaskInfo {
        state: at_work.into(),
        scheduled_time: at(task.scheduled_time),
        original_scheduled_time: at(task.original_scheduled_time),
        started_time: at(task.started_time),
        attempt: task.attempt,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use resurgam_api::temporal::common::v1::{Payload, Priority, WorkflowType};
    use resurgam_api::temporal::history::v1::history_event::Attributes;
    use resurgam_api::temporal::history::v1::{HistoryEvent, StartChildWorkflowExecutionInitiatedEventAttributes};
    use resurgam_api::temporal::sdk::v1::UserMetadata;
    use resurgam_state::WorkflowTask;

    #[test]
    fn a_description_is_what_the_state_says() {
        let mut run = Fixture::new();
        let state = &mut run.run.state;
        state.start_time = 9_000;
        state.started.first_execution_run_id = "first".into();
        state.metadata = Some(UserMetadata { summary: Some(Payload::default()), ..UserMetadata::default() });
        state.started.priority = Some(Priority { priority_key: 2, ..Priority::default() });
        let running = Activity { activity_id: "a".into(), started: 9_500, attempt: 2, ..Activity::default() };
        let waiting = Activity { activity_id: "b".into(), scheduled: 10_001, ..Activity::default() };
        state.activities = [(1, running), (2, waiting)].into();
        let asked = StartChildWorkflowExecutionInitiatedEventAttributes {
            workflow_id: "c".into(),
            workflow_type: Some(WorkflowType { name: "t".into() }),
            ..Default::default()
        };
        let asked = Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(asked);
        let initiated = Some(HistoryEvent { attributes: Some(asked), ..HistoryEvent::default() });
        state.children.insert(4, Child { initiated, run_id: "x".into(), ..Child::default() });
        state.workflow_task = Some(WorkflowTask { scheduled_time: 9_900, attempt: 3, ..WorkflowTask::default() });
        let open = run.step(|tx| describe(tx));
        assert!(open.execution_config.unwrap().user_metadata.unwrap().summary.is_some());
        let info = open.workflow_execution_info.unwrap();
        assert_eq!((info.status, info.history_length, info.first_run_id.as_str()), (1, 4, "first"));
        assert_eq!((info.close_time, info.execution_duration), (None, None));
        let [a, b] = &open.pending_activities[..] else { panic!() };
        assert_eq!((a.activity_id.as_str(), a.state(), a.attempt), ("a", PendingActivityState::Started, 2));
        assert_eq!(a.priority.as_ref().unwrap().priority_key, 2, "the workflow's");
        assert_eq!((b.state(), b.next_attempt_schedule_time), (PendingActivityState::Scheduled, at(10_001)));
        let [child] = &open.pending_children[..] else { panic!() };
        assert_eq!((child.workflow_id.as_str(), child.run_id.as_str(), child.initiated_id), ("c", "x", 4));
        assert_eq!((child.workflow_type_name.as_str(), info.task_queue.as_str()), ("t", "q"));
        let task = open.pending_workflow_task.unwrap();
        assert_eq!((task.state(), task.attempt), (PendingWorkflowTaskState::Scheduled, 3));
        let state = &mut run.run.state;
        (state.status, state.close_time, state.workflow_task) = (2, 9_250, None);
        let closed = run.step(|tx| describe(tx));
        let info = closed.workflow_execution_info.unwrap();
        assert_eq!((info.status, info.execution_duration), (2, Some(duration(250))));
        assert_eq!(closed.pending_workflow_task, None);
    }
}
