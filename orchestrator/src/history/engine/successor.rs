//! Chains of runs: what a run hands on to the one that follows it, by continue-as-new or by a retry.
//!
//! The successor is made in the same step as the end of its predecessor, so there is never a moment without a current
//! run.

use super::command_failure::CommandFailure;
use super::new_run::{self, NewRun};
use super::transaction::Transaction;
use super::{build_id, close, fail as task_failure, marker, retry, span};
use crate::cluster::queue_name::flaw_of_work;
use crate::planted::{Bug, planted};
use resurgam_api::temporal::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
use resurgam_api::temporal::common::v1::Payloads;
use resurgam_api::temporal::enums::v1::{
    ContinueAsNewInitiator as Initiator, RetryState, TaskQueueKind, TimeoutType, WorkflowExecutionStatus as Status,
    WorkflowTaskFailedCause,
};
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{Failure, TimeoutFailureInfo};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    WorkflowExecutionCompletedEventAttributes, WorkflowExecutionContinuedAsNewEventAttributes,
    WorkflowExecutionFailedEventAttributes, WorkflowExecutionStartedEventAttributes,
    WorkflowExecutionTimedOutEventAttributes,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_calendar::CronSchedule;
use resurgam_state::EventId;
use resurgam_state::task::RunKey;

/// What a run that timed out failed with.
fn timeout() -> Failure {
    let info = TimeoutFailureInfo { timeout_type: TimeoutType::StartToClose.into(), ..Default::default() };
    Failure {
        message: "workflow timeout".to_owned(),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::TimeoutFailureInfo(info)),
        ..Failure::default()
    }
}

/// Makes the run that repeats this one after `failure`, if its policy says so; what the close event says of it.
fn retry_run(tx: &mut Transaction<'_, '_>, failure: &Failure) -> (RetryState, String) {
    let state = &tx.run.state;
    let Some(policy) = &state.started.retry_policy else { return (RetryState::RetryPolicyNotSet, String::new()) };
    let counted = state.started.attempt;
    let attempt = if planted(Bug::WorkflowRetryCount) { counted - 1 } else { counted };
    let backoff = match retry::next(policy, attempt, failure, tx.context.now, state.execution_expires) {
        Ok(backoff) => backoff,
        Err(state) => return (state, String::new()),
    };
    let started = WorkflowExecutionStartedEventAttributes {
        attempt: counted + 1,
        initiator: Initiator::Retry.into(),
        continued_failure: (!planted(Bug::FailureForgotten)).then(|| failure.clone()),
        first_workflow_task_backoff: Some(span::duration(backoff)),
        ..(*state.started).clone()
    };
    (RetryState::InProgress, follow(tx, started))
}

/// Makes the run that follows this one by its cron schedule, if it has one: with the result of this run, or, if it failed, with
/// the failure and the last result before. Its run id; empty: none follows.
fn cron_run(tx: &mut Transaction<'_, '_>, ended: Result<Option<&Payloads>, &Failure>) -> String {
    let state = &tx.run.state;
    let now = tx.context.now;
    let due = state.start_time.saturating_add(span::millis(state.started.first_workflow_task_backoff.as_ref()));
    let schedule = CronSchedule::parse(&state.started.cron_schedule);
    let Some(wait) = schedule.ok().and_then(|schedule| schedule.wait(due, now)) else { return String::new() };
    if state.execution_expires != 0 && now.saturating_add(wait) > state.execution_expires {
        // It would be out of time before it begins.
        return String::new();
    }
    let rest = due.saturating_add(tx.context.limits.continue_interval).saturating_sub(now);
    let started = WorkflowExecutionStartedEventAttributes {
        attempt: 1,
        initiator: Initiator::CronSchedule.into(),
        continued_failure: ended.err().cloned(),
        last_completion_result: match ended {
            Ok(result) => result.cloned(),
            Err(_) => state.started.last_completion_result.clone(),
        },
        first_workflow_task_backoff: Some(span::duration(wait.max(rest))),
        ..(*state.started).clone()
    };
    follow(tx, started)
}

/// The run that repeats this one after `failure`, or else the next one by its cron schedule; what the close event says.
fn next_run(tx: &mut Transaction<'_, '_>, failure: &Failure) -> (RetryState, String) {
    let (state, next) = retry_run(tx, failure);
    let next = if next.is_empty() { cron_run(tx, Err(failure)) } else { next };
    (state, next)
}

/// The worker completes the run. The next one follows if it has a cron schedule.
pub(super) fn complete(tx: &mut Transaction<'_, '_>, result: Option<Payloads>, completed: EventId) {
    let new_execution_run_id = cron_run(tx, Ok(result.as_ref()));
    let attributes = WorkflowExecutionCompletedEventAttributes {
        result,
        workflow_task_completed_event_id: completed,
        new_execution_run_id,
    };
    close::close(tx, Status::Completed, Attributes::WorkflowExecutionCompletedEventAttributes(attributes));
}

/// The run is out of time. It is retried if its policy says so and the chain has time left.
pub(super) fn expire(tx: &mut Transaction<'_, '_>) {
    task_failure::force(tx);
    let failure = timeout();
    let (retry_state, new_execution_run_id) = next_run(tx, &failure);
    let attributes = WorkflowExecutionTimedOutEventAttributes { retry_state: retry_state.into(), new_execution_run_id };
    close::close(tx, Status::TimedOut, Attributes::WorkflowExecutionTimedOutEventAttributes(attributes));
}

/// The worker fails the run. It is retried if its policy says so.
pub(super) fn fail(tx: &mut Transaction<'_, '_>, failure: Failure, completed: EventId) {
    let (retry_state, new_execution_run_id) = next_run(tx, &failure);
    let attributes = WorkflowExecutionFailedEventAttributes {
        failure: Some(failure),
        retry_state: retry_state.into(),
        workflow_task_completed_event_id: completed,
        new_execution_run_id,
    };
    close::close(tx, Status::Failed, Attributes::WorkflowExecutionFailedEventAttributes(attributes));
}

/// Continues the run as a new one.
///
/// # Errors
/// The command can never be executed.
#[allow(deprecated, reason = "workers may still give a failure")]
pub(super) fn continue_as_new(
    tx: &mut Transaction<'_, '_>,
    asked: ContinueAsNewWorkflowExecutionCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let bad = |message: &str| CommandFailure::new(WorkflowTaskFailedCause::BadContinueAsNewAttributes, message);
    let spans = [
        (&asked.workflow_run_timeout, "WorkflowRunTimeout"),
        (&asked.workflow_task_timeout, "WorkflowTaskTimeout"),
        (&asked.backoff_start_interval, "BackoffStartInterval"),
    ];
    for (span, what) in spans {
        let sound = span::validate(span.as_ref());
        sound.map_err(|why| bad(&format!("Invalid {what} on ContinueAsNewWorkflowExecutionCommand: {why}.")))?;
    }
    CronSchedule::validate(&asked.cron_schedule).map_err(bad)?;
    let policy = asked.retry_policy.map(|policy| retry::with_defaults(Some(&policy), tx.context.limits.retry_interval));
    if let Some(Err(message)) = policy.as_ref().map(retry::validate) {
        return Err(bad(&message));
    }
    let state = &tx.run.state;
    let before = &state.started;
    let queue = asked.task_queue.filter(|queue| !queue.name.is_empty()).or_else(|| before.task_queue.clone());
    let queue = queue.map(super::task_event::with_kind);
    let (name, parent) = (queue.as_ref().map_or("", |queue| &queue.name), super::task_event::queue_name(state));
    if let Some(flaw) = flaw_of_work(name, parent, tx.context.limits.id_bytes) {
        return Err(bad(&format!("error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: {flaw}.")));
    }
    let kind = asked.workflow_type.filter(|kind| !kind.name.is_empty()).or_else(|| before.workflow_type.clone());
    let given = |asked: &Option<_>, before| if span::millis(asked.as_ref()) > 0 { *asked } else { before };
    let run_timeout = given(&asked.workflow_run_timeout, before.workflow_run_timeout);
    let run_timeout = span::shorter(run_timeout, before.workflow_execution_timeout);
    let task_timeout = given(&asked.workflow_task_timeout, before.workflow_task_timeout);
    let task_timeout = span::of_task(task_timeout, run_timeout, tx.context.limits);
    let begun = state.start_time.saturating_add(span::millis(before.first_workflow_task_backoff.as_ref()));
    let rest = begun.saturating_add(tx.context.limits.continue_interval).saturating_sub(tx.context.now);
    let early = rest > span::millis(asked.backoff_start_interval.as_ref());
    let backoff = if early { Some(span::duration(rest)) } else { asked.backoff_start_interval };
    let initiator = match asked.initiator {
        0 => Initiator::Workflow.into(),
        initiator => initiator,
    };
    // As the real server has it: a command that gives no memo or attributes starts a run without them. SDKs give them.
    let inherited = || state.started.memo.clone().filter(|_| planted(Bug::MemoInherited));
    let memo = marker::memo(asked.memo.or_else(inherited));
    let search_attributes = marker::attributes(asked.search_attributes);
    let started = WorkflowExecutionStartedEventAttributes {
        workflow_type: kind.clone(),
        task_queue: queue.clone().map(|queue| TaskQueue {
            name: queue.name,
            kind: TaskQueueKind::Normal.into(),
            ..TaskQueue::default()
        }),
        input: asked.input.clone(),
        workflow_run_timeout: Some(run_timeout),
        workflow_task_timeout: Some(task_timeout),
        retry_policy: policy,
        attempt: 1,
        initiator,
        continued_failure: asked.failure.clone(),
        last_completion_result: asked.last_completion_result.clone(),
        first_workflow_task_backoff: backoff,
        cron_schedule: asked.cron_schedule.clone(),
        header: asked.header.clone(),
        memo: memo.clone(),
        search_attributes: search_attributes.clone(),
        ..(**before).clone()
    };
    let new_execution_run_id = follow(tx, started);
    // The event repeats what the command asked for; what became of it stands in the next run's first event.
    let attributes = WorkflowExecutionContinuedAsNewEventAttributes {
        new_execution_run_id,
        workflow_type: kind,
        task_queue: queue,
        input: asked.input,
        workflow_run_timeout: Some(run_timeout),
        workflow_task_timeout: Some(task_timeout),
        workflow_task_completed_event_id: completed,
        backoff_start_interval: asked.backoff_start_interval,
        initiator: asked.initiator,
        failure: asked.failure,
        last_completion_result: asked.last_completion_result,
        header: asked.header,
        memo,
        search_attributes,
        ..Default::default()
    };
    close::close(tx, Status::ContinuedAsNew, Attributes::WorkflowExecutionContinuedAsNewEventAttributes(attributes));
    Ok(())
}

/// Makes the successor; its run id.
fn follow(tx: &mut Transaction<'_, '_>, mut started: WorkflowExecutionStartedEventAttributes) -> String {
    let key = RunKey { run_id: tx.context.run_id(), ..tx.key() };
    let id = key.run_id.clone();
    started.continued_execution_run_id.clone_from(&tx.run.state.run_id);
    let until = tx.context.retention.map(|retention| tx.context.now.saturating_add(retention));
    build_id::hand_over(&mut tx.run.state, until);
    started.prev_auto_reset_points = build_id::points(&tx.run.state.reset_points);
    started.original_execution_run_id.clone_from(&id);
    // Nobody called for this run.
    started.identity.clear();
    if planted(Bug::FirstRunIdLost) {
        started.first_execution_run_id.clone_from(&id);
    }
    let execution_expires = if planted(Bug::ExecutionTimeoutLost) { 0 } else { tx.run.state.execution_expires };
    let created = new_run::create(
        NewRun {
            key,
            started,
            execution_expires,
            awaits_parent: false,
            signal: None,
            request_id: tx.context.ids.uuid(),
            metadata: None,
            links: Vec::new(),
            eager: None,
            watcher: tx.run.state.watcher.clone(),
            system: None,
        },
        tx.context,
    );
    tx.transfers.extend(created.transfers);
    tx.timers.extend(created.timers);
    tx.successor = Some(Box::new((created.run, created.events)));
    tx.run.state.successor.clone_from(&id);
    id
}
