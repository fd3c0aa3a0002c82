//! Who gets a workflow id: the claim of a request to start a workflow against the run that is there.
//!
//! A repeated request is recognised by its id before any policy is asked. If the id is in use, the conflict policy says
//! what to do; if it was used, the reuse policy does.

#![allow(deprecated, reason = "clients may still use TERMINATE_IF_RUNNING")]

use super::new_run::{self, NewRun};
use super::run::{on_run, record};
use super::signal::{self, Arrival};
use super::start_check::validate;
use super::system::System;
use super::{Context, Effects, Handout, IDENTITY, Workflow, close, handout, marker, retry, span, task, task_event};
use crate::cluster::Rejection;
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::Source;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{
    ContinueAsNewInitiator as Initiator, WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy as Conflict,
    WorkflowIdReusePolicy as Reuse,
};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    WorkflowExecutionOptionsUpdatedEventAttributes, WorkflowExecutionStartedEventAttributes,
};
use resurgam_api::temporal::workflowservice::v1::StartWorkflowExecutionRequest;
use resurgam_calendar::CronSchedule;
use resurgam_schedule::Watcher;
use resurgam_state::Current;
use resurgam_state::attached::attach;
use resurgam_state::task::RunKey;

/// What decides about a start, whether or not a signal comes with it.
pub(super) struct Claim {
    pub(super) namespace_id: String,
    pub(super) request: StartWorkflowExecutionRequest,
    pub(super) reuse: Reuse,
    pub(super) conflict: Conflict,
    pub(super) signal: Option<Arrival>,
    pub(super) parent: Option<Source>,
    pub(super) root: Option<WorkflowExecution>,
    /// The schedule that starts it.
    pub(super) watcher: Option<Watcher>,
    /// No worker is to decide for it.
    pub(super) system: Option<Box<System>>,
}

/// The run that has the workflow id now.
pub(super) struct Holder {
    pub(super) run_id: String,
    /// The run with which its chain began.
    pub(super) first_run_id: String,
    pub(super) status: i32,
    /// It is there because of this request.
    pub(super) started: bool,
    /// Its first workflow task, for whoever asked for it with the start.
    pub(super) eager: Option<Box<Handout>>,
}

/// Settles who has the workflow id.
///
/// # Errors
/// `InvalidArgument`; `AlreadyStarted` if the workflow id is taken, or must not be used again.
pub(super) fn settle(
    workflow: &mut Workflow,
    claim: Claim,
    context: &mut Context<'_>,
) -> Result<(Effects, Holder), Rejection> {
    validate(&claim.request, context)?;
    let Some(current) = workflow.current.clone() else {
        return Ok(begin(workflow, claim, context, Effects::default()));
    };
    let request_id = &claim.request.request_id;
    let existing = |started: bool, current: &Current| Holder {
        run_id: current.run_id.clone(),
        first_run_id: first_run(workflow, &current.run_id),
        status: current.status,
        started,
        eager: None,
    };
    let running = current.status == Status::Running as i32;
    let signalled = |run_id: &str| {
        let run = workflow.runs.get(run_id);
        run.is_some_and(|run| run.state.signal_requests.contains_key(request_id))
    };
    // Who signals a run that is there is told that none was started, whoever started it.
    if claim.signal.is_some() && running && claim.conflict == Conflict::UseExisting {
        let holder = existing(false, &current);
        if signalled(&current.run_id) && !planted(Bug::SignalDedupLost) {
            return Ok((Effects::default(), holder));
        }
        return Ok((join(workflow, claim, &current, context)?, holder));
    }
    let created = current.request_ids.first() == Some(request_id);
    // A signal that has joined a run that is closed by now starts another one.
    let known = created || claim.signal.is_none() && current.request_ids.contains(request_id);
    if known && !planted(Bug::StartDedupLost) {
        let holder = existing(created, &current);
        return if created && claim.request.request_eager_execution {
            again(workflow, holder, context)
        } else {
            Ok((Effects::default(), holder))
        };
    }
    if claim.signal.is_some() && running && signalled(&current.run_id) && !planted(Bug::SignalDedupLost) {
        return Ok((Effects::default(), existing(false, &current)));
    }
    let taken = |message: String| Rejection::AlreadyStarted {
        message,
        request_id: creator(&current).to_owned(),
        run_id: current.run_id.clone(),
    };
    let name = format!("WorkflowId: {}, RunId: {}.", claim.request.workflow_id, current.run_id);
    let cleanly = current.status == Status::Completed as i32 || current.status == Status::ContinuedAsNew as i32;
    if running {
        match claim.conflict {
            Conflict::UseExisting => {
                let holder = existing(false, &current);
                Ok((join(workflow, claim, &current, context)?, holder))
            }
            Conflict::TerminateExisting => {
                let effects = displace(workflow, &claim, &current, context)?;
                Ok(begin(workflow, claim, context, effects))
            }
            _ => Err(taken(format!("Workflow execution is already running. {name}"))),
        }
    } else if claim.reuse == Reuse::RejectDuplicate {
        Err(taken(format!(
            "Workflow execution already finished. {name} Workflow Id reuse policy: reject duplicate workflow Id."
        )))
    } else if claim.reuse == Reuse::AllowDuplicateFailedOnly && cleanly {
        Err(taken(format!(
            "Workflow execution already finished successfully. {name} Workflow Id reuse policy: allow duplicate workflow Id if last run failed."
        )))
    } else {
        Ok(begin(workflow, claim, context, Effects::default()))
    }
}

/// The first workflow task once more, for a client who asked for it with the start and may not have heard of it.
fn again(workflow: &mut Workflow, holder: Holder, context: &mut Context<'_>) -> Result<(Effects, Holder), Rejection> {
    let (effects, eager) = on_run(workflow, &holder.run_id, context, |tx| {
        let first = tx.run.state.completed_tasks == 0;
        let pending = tx.run.state.workflow_task.as_ref();
        let known = first && pending.is_some_and(|task| task.started_event_id != 0 && task.attempt == 1);
        Ok(known.then(|| Box::new(handout::task(tx))))
    })?;
    Ok((effects, Holder { eager, ..holder }))
}

fn first_run(workflow: &Workflow, run_id: &str) -> String {
    let Some(run) = workflow.runs.get(run_id) else { broken!("the current run {run_id} is not there") };
    run.state.started.first_execution_run_id.clone()
}

/// The request that started the current run.
fn creator(current: &Current) -> &str {
    let Some(first) = current.request_ids.first() else { broken!("nobody asked for the run {}", current.run_id) };
    first
}

/// Uses the run that is there: it gets the signal, and the request id if that is wanted.
fn join(
    workflow: &mut Workflow,
    claim: Claim,
    current: &Current,
    context: &mut Context<'_>,
) -> Result<Effects, Rejection> {
    let options = claim.request.on_conflict_options.filter(|options| options.attach_request_id);
    let attached = options.is_some().then(|| claim.request.request_id.clone());
    let links = options.filter(|options| options.attach_links).map(|_| claim.request.links).unwrap_or_default();
    let (signal, identity) = (claim.signal, claim.request.identity);
    let (mut effects, ()) = on_run(workflow, &current.run_id, context, |tx| {
        if let Some(request_id) = &attached {
            let mut event = tx.event(Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(
                WorkflowExecutionOptionsUpdatedEventAttributes {
                    attached_request_id: request_id.clone(),
                    identity: identity.clone(),
                    ..Default::default()
                },
            ));
            event.links = links;
            let event_type = event.event_type();
            let event_id = tx.place(event);
            attach(&mut tx.run.state.requests, request_id, event_type, event_id);
        }
        if let Some(signal) = signal {
            signal::accept(tx, signal)?;
            if tx.woken {
                task::hurry(tx);
            }
        }
        Ok(())
    })?;
    if let (Some(request_id), Some(current)) = (attached, &mut workflow.current) {
        current.request_ids.push(request_id);
        effects.current = Some(current.clone());
    }
    Ok(effects)
}

/// Terminates the run that is there.
fn displace(
    workflow: &mut Workflow,
    claim: &Claim,
    current: &Current,
    context: &mut Context<'_>,
) -> Result<Effects, Rejection> {
    let reason = match claim.request.workflow_id_reuse_policy() {
        Reuse::TerminateIfRunning => "TerminateIfRunning WorkflowIdReusePolicy",
        _ => "TerminateExisting WorkflowIdConflictPolicy",
    };
    let (effects, ()) = on_run(workflow, &current.run_id, context, |tx| {
        close::terminate(tx, reason.to_owned(), None, IDENTITY.to_owned());
        Ok(())
    })?;
    Ok(effects)
}

/// A new run takes the workflow id.
fn begin(workflow: &mut Workflow, claim: Claim, context: &mut Context<'_>, mut effects: Effects) -> (Effects, Holder) {
    let run_id = context.run_id();
    let request = claim.request;
    let parent = claim.parent.unwrap_or_default();
    let awaits_parent = parent.execution.is_some();
    let execution_timeout = span::millis(request.workflow_execution_timeout.as_ref());
    let limits = context.limits;
    let (backoff, initiator) = match CronSchedule::parse(&request.cron_schedule) {
        Ok(schedule) => {
            let wait = schedule.wait(context.now, context.now).unwrap_or_default();
            (span::duration(wait), Initiator::CronSchedule.into())
        }
        // What is no schedule was refused, unless there is none.
        Err(_) => (request.workflow_start_delay.unwrap_or_default(), 0),
    };
    let started = WorkflowExecutionStartedEventAttributes {
        workflow_type: request.workflow_type,
        parent_workflow_namespace: parent.namespace,
        parent_workflow_namespace_id: parent.namespace_id,
        parent_workflow_execution: parent.execution,
        parent_initiated_event_id: parent.initiated_event_id,
        task_queue: request.task_queue.map(task_event::with_kind),
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: request.workflow_run_timeout,
        workflow_task_timeout: request.workflow_task_timeout,
        continued_failure: request.continued_failure,
        last_completion_result: request.last_completion_result,
        identity: request.identity.clone(),
        retry_policy: request.retry_policy.map(|policy| retry::with_defaults(Some(&policy), limits.retry_interval)),
        // Who has to wait for its first task does not get it with the answer.
        eager_execution_accepted: request.request_eager_execution && span::millis(Some(&backoff)) == 0,
        first_workflow_task_backoff: Some(backoff),
        initiator,
        cron_schedule: request.cron_schedule,
        memo: marker::memo(request.memo),
        search_attributes: marker::attributes(request.search_attributes),
        header: request.header,
        root_workflow_execution: claim.root,
        priority: request.priority,
        ..Default::default()
    };
    let request_id = if request.request_id.is_empty() { context.ids.uuid() } else { request.request_id };
    let created = new_run::create(
        NewRun {
            key: RunKey { namespace_id: claim.namespace_id, workflow_id: request.workflow_id, run_id: run_id.clone() },
            started,
            execution_expires: if execution_timeout > 0 { context.now.saturating_add(execution_timeout) } else { 0 },
            awaits_parent,
            signal: claim.signal,
            request_id: request_id.clone(),
            metadata: request.user_metadata,
            links: request.links,
            eager: request.request_eager_execution.then_some((request_id.clone(), request.identity)),
            watcher: claim.watcher,
            system: claim.system,
        },
        context,
    );
    let current = Current {
        run_id: run_id.clone(),
        status: Status::Running.into(),
        request_ids: vec![request_id],
        start_time: context.now,
    };
    effects.transfers.extend(created.transfers);
    effects.timers.extend(created.timers);
    record(workflow, &mut effects, current, created.run, created.events, context);
    let (first_run_id, eager) = (run_id.clone(), created.eager.map(Box::new));
    (effects, Holder { run_id, first_run_id, status: Status::Running.into(), started: true, eager })
}
