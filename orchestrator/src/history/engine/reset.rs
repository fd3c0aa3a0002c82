//! Reset: a new run begins with the first events of another one, up to a workflow task that is repeated. The current run, if it
//! is open, is terminated, and what came from outside after that point comes to the new run.
//!
//! The engine reads nothing, so whoever asks reads histories, and asks again until they are whole. As in temporalio/temporal,
//! `service/history/ndc/workflow_resetter.go`.

use super::input::{Applied, Input, Reply, Which};
use super::reapply::{self, Excluded};
use super::rebuild::{Rebuilding, rebuild};
use super::run::{find, on_run, record, unknown};
use super::transaction::{Transaction, writer};
use super::waiter::Waiter;
use super::{Context, Effects, IDENTITY, Workflow, activity, close, required, task, task_event};
use crate::cluster::Rejection;
use crate::invariant::broken;
use prost::Message as _;
use resurgam_api::internal::{RecordChildClosedResponse, ResetRequest};
use resurgam_api::temporal::enums::v1::{
    TimeoutType, WorkflowExecutionStatus as Status, WorkflowTaskFailedCause as Cause,
};
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{Failure, ResetWorkflowFailureInfo};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{HistoryEvent, WorkflowTaskFailedEventAttributes};
use resurgam_api::temporal::workflowservice::v1::{ResetWorkflowExecutionRequest, ResetWorkflowExecutionResponse};
use resurgam_state::task::{RunKey, TimerKind, TransferKind};
use resurgam_state::{Current, EventId};
use std::sync::Arc;

/// As what the real server starts a workflow task that no worker has asked for.
const NO_REQUEST: &str = "emptyUuid";

/// A client resets a workflow.
#[derive(Clone, Debug)]
pub(crate) struct ResetInput {
    /// What the client asks for.
    pub(crate) request: ResetRequest,
    /// What was read so far.
    pub(crate) read: Arc<Vec<ReadRun>>,
}

/// The first events of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadRun {
    /// The id of the run.
    pub(crate) run_id: String,
    /// Its events, from the first one.
    pub(crate) events: Vec<HistoryEvent>,
}

/// What becomes of a reset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resetting {
    /// It is done.
    Done(ResetWorkflowExecutionResponse),
    /// Nothing is done: the history of this run has to be read, as it is now.
    Unread(String),
}

impl Input for ResetInput {
    type Answer = Resetting;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let base = find(workflow, Which::target(self.request.target.as_ref()))?;
        let request = required::request(self.request.request)?;
        let finish = request.workflow_task_finish_event_id;
        if finish <= 1 || finish >= workflow.runs[&base].state.next_event_id {
            let message = "Workflow task finish ID must be > 1 && <= workflow last event ID.";
            return Err(Rejection::InvalidArgument(message.to_owned()));
        }
        let current = workflow.current.clone().ok_or_else(unknown)?;
        let done = |run_id| Reply::now(Resetting::Done(ResetWorkflowExecutionResponse { run_id }));
        // Who resets what came of that reset means another one, as with the real server.
        let created = current.request_ids.first() == Some(&request.request_id);
        if created || base != current.run_id && current.request_ids.contains(&request.request_id) {
            return Ok((Effects::default(), done(current.run_id)));
        }
        let chain = match chain(workflow, &base, &self.read, Excluded::of(&request)) {
            Ok(chain) => chain,
            Err(unread) => return Ok((Effects::default(), Reply::now(Resetting::Unread(unread)))),
        };
        let mut reset = Reset { base, current, request, run_id: context.ids.uuid(), effects: Effects::default() };
        reset.make(workflow, context, &chain)?;
        Ok((reset.effects, done(reset.run_id)))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.request.as_mut().map(|request| &mut request.request_id)
    }
}

/// The histories of a run and of those that it was continued as, as far as they count; or the run of which some is missing.
fn chain<'a>(
    workflow: &Workflow,
    base: &str,
    read: &'a [ReadRun],
    excluded: Excluded,
) -> Result<Vec<&'a ReadRun>, String> {
    let mut chain = Vec::new();
    let mut next = base;
    loop {
        let of_run = read.iter().find(|read| read.run_id == next);
        // Those that are not here are closed, and were read to their ends.
        let whole = |read: &&ReadRun| {
            let last = workflow.runs.get(next).map(|run| run.state.next_event_id - 1);
            last.is_none_or(|last| read.events.len() as EventId == last)
        };
        let run = of_run.filter(whole).ok_or_else(|| next.to_owned())?;
        chain.push(run);
        let last = run.events.last().and_then(|event| event.attributes.as_ref());
        match last {
            Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(it)) if !excluded.everything => {
                next = &it.new_execution_run_id;
            }
            _ => return Ok(chain),
        }
    }
}

/// A reset that is done.
struct Reset {
    base: String,
    current: Current,
    request: ResetWorkflowExecutionRequest,
    run_id: String,
    effects: Effects,
}

impl Reset {
    /// Ends what is open, and makes the new run.
    fn make(
        &mut self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        chain: &[&ReadRun],
    ) -> Result<(), Rejection> {
        let excluded = Excluded::of(&self.request);
        let finish = self.request.workflow_task_finish_event_id;
        let events = &chain[0].events;
        let Some((kept, rest)) = usize::try_from(finish - 1).ok().and_then(|before| events.split_at_checked(before))
        else {
            broken!("a reset to event {finish} was let through, of {} events", events.len())
        };
        if kept.last().map(writer) == rest.first().map(writer) {
            // What was written together stays together.
            return Err(Rejection::InvalidArgument(format!(
                "StateRebuilder unable to Rebuild mutable state to event ID: {}, version: 0, this event must be at the \
                 boundary",
                finish - 1
            )));
        }
        let base = &workflow.runs[&self.base].state;
        let key = RunKey {
            namespace_id: base.namespace_id.clone(),
            workflow_id: base.workflow_id.clone(),
            run_id: self.run_id.clone(),
        };
        let mut run = rebuild(Rebuilding { key, events: kept, base, now: context.now }, context.ids);
        let ended = self.end(workflow, context)?;
        let mut tx = Transaction::new(&mut run, context);
        let size = kept.iter().map(|event| event.encoded_len() as i64).sum();
        self.fail_task(&mut tx, size)?;
        if !excluded.everything {
            let later = chain[1..].iter().flat_map(|run| &run.events);
            let visited = chain.last().is_some_and(|run| run.run_id == self.current.run_id);
            let ended = ended.iter().filter(|_| visited);
            rest.iter().chain(later).chain(ended).for_each(|event| reapply::event(&mut tx, event, excluded));
        }
        order(&mut tx);
        let Transaction { events: written, transfers, timers, .. } = tx;
        self.effects.transfers.extend(transfers);
        self.effects.timers.extend(timers);
        let mut request_ids = if self.base == self.current.run_id { self.current.request_ids.clone() } else { vec![] };
        request_ids.push(self.request.request_id.clone());
        let current = Current {
            run_id: self.run_id.clone(),
            status: run.state.status,
            request_ids,
            start_time: run.state.start_time,
        };
        let events = kept.iter().cloned().chain(written).collect();
        record(workflow, &mut self.effects, current, run, events, context);
        Ok(())
    }

    /// The current run is terminated if it is open, and the base run knows what it was reset to. The events of that.
    fn end(&mut self, workflow: &mut Workflow, context: &mut Context<'_>) -> Result<Vec<HistoryEvent>, Rejection> {
        let mut written = Vec::new();
        let open = self.current.status == Status::Running as i32;
        let other = self.base != self.current.run_id;
        if other || !open {
            let run_id = self.run_id.clone();
            let (effects, ()) = on_run(workflow, &self.base, context, |tx| {
                tx.run.state.reset_run = run_id;
                Ok(())
            })?;
            self.effects.runs.extend(effects.runs);
        }
        if open {
            let (reset, finish) = (self.run_id.clone(), self.request.workflow_task_finish_event_id);
            let reason = self.request.reason.clone();
            let (effects, ()) = on_run(workflow, &self.current.run_id, context, |tx| {
                if !other {
                    // Its children are the new run's, if that knows of them.
                    let state = &mut tx.run.state;
                    let known: Vec<_> = state.children.keys().copied().filter(|id| *id < finish).collect();
                    known.iter().for_each(|id| drop(state.children.remove(id)));
                    state.reset_run = reset;
                }
                close::terminate(tx, reason, None, close::RESETTER.to_owned());
                Ok(())
            })?;
            written.extend(effects.runs.iter().flat_map(|(_, events)| events.clone()));
            self.effects.runs.extend(effects.runs);
            self.effects.transfers.extend(effects.transfers);
            self.effects.timers.extend(effects.timers);
            self.effects.answers.extend(effects.answers);
        }
        Ok(written)
    }

    /// The workflow task to which it is reset fails, and says why. `size`: how many bytes the history has until then.
    fn fail_task(&self, tx: &mut Transaction<'_, '_>, size: i64) -> Result<(), Rejection> {
        // The task that follows is a first attempt.
        let attempt = std::mem::replace(&mut tx.run.state.next_attempt, 1);
        let Some(mut pending) = tx.run.state.workflow_task.take() else {
            if attempt > 1 {
                // It failed already, and the attempt that would follow has no events.
                return Ok(());
            }
            return Err(Rejection::InvalidArgument(format!(
                "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: {}",
                self.request.workflow_task_finish_event_id
            )));
        };
        if pending.started_event_id == 0 {
            IDENTITY.clone_into(&mut pending.identity);
            NO_REQUEST.clone_into(&mut pending.request_id);
            pending.history_size = size;
            pending.started_time = tx.context.now;
            pending.started_event_id = tx.write(task_event::started(tx.context.limits, &pending));
        }
        let info = ResetWorkflowFailureInfo { last_heartbeat_details: None };
        tx.command_event(Attributes::WorkflowTaskFailedEventAttributes(WorkflowTaskFailedEventAttributes {
            scheduled_event_id: pending.scheduled_event_id,
            started_event_id: pending.started_event_id,
            cause: Cause::ResetWorkflow.into(),
            failure: Some(Failure {
                message: self.request.reason.clone(),
                failure_info: Some(FailureInfo::ResetWorkflowFailureInfo(info)),
                ..Failure::default()
            }),
            identity: IDENTITY.to_owned(),
            base_run_id: self.base.clone(),
            new_run_id: self.run_id.clone(),
            ..Default::default()
        }));
        Ok(())
    }
}

/// Where the end of a child has to be told instead, if this run was reset.
pub(super) fn moved(tx: &Transaction<'_, '_>) -> Option<RecordChildClosedResponse> {
    let moved_to = tx.run.state.reset_run.clone();
    (tx.require_open().is_err() && !moved_to.is_empty()).then_some(RecordChildClosedResponse { moved_to })
}

/// What is pending is ordered again: nobody was told of it in the name of this run.
fn order(tx: &mut Transaction<'_, '_>) {
    let state = &tx.run.state;
    let (run_expires, execution_expires) = (state.run_expires, state.execution_expires);
    let activities: Vec<_> = state.activities.values().cloned().collect();
    let timers: Vec<_> = state.timers.values().cloned().collect();
    let children = state.children.iter().filter(|(_, child)| child.run_id.is_empty());
    let children: Vec<_> = children.map(|(id, _)| TransferKind::StartChild(*id)).collect();
    let signals: Vec<_> = state.signals.keys().map(|id| TransferKind::SignalExternal(*id)).collect();
    let cancels: Vec<_> = state.cancels.keys().map(|id| TransferKind::CancelExternal(*id)).collect();
    for activity in activities {
        activity::arm(tx, &activity, TimeoutType::ScheduleToClose);
        activity::offer(tx, &activity);
    }
    timers.iter().for_each(|timer| tx.timer(timer.due, TimerKind::UserTimer(timer.started_event_id)));
    children.into_iter().chain(signals).chain(cancels).for_each(|transfer| tx.transfer(transfer));
    task::schedule(tx, task::Dispatch::Matching);
    if execution_expires > 0 {
        tx.timer(execution_expires, TimerKind::ExecutionTimeout(true));
    }
    if run_expires > 0 && run_expires != execution_expires {
        tx.timer(run_expires, TimerKind::RunTimeout(true));
    }
}
