//! Calls about schedules.

use super::claim::{Claim, settle};
use super::input::{Acted, Applied, Input, Reply, RunInput, Which};
use super::schedule_step::{self, NewSchedule, with};
use super::system::System;
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{Context, Workflow, required};
use crate::cluster::Rejection;
use crate::cluster::sizes::BLOB_BYTES;
use prost::Message as _;
use resurgam_api::internal::{
    CreateScheduleRequest, DescribeScheduleRequest, ListScheduleMatchingTimesRequest, PatchScheduleRequest,
    RecordActionClosedRequest, RecordActionClosedResponse, Target, UpdateScheduleRequest,
};
use resurgam_api::temporal::common::v1::{Memo, SearchAttributes, WorkflowType};
use resurgam_api::temporal::enums::v1::{
    IndexedValueType, WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse,
};
use resurgam_api::temporal::schedule::v1::Schedule as Definition;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_schedule::{Clock, End, INFO, PREFIX, Schedule, begin, describe, listed, matching};
use resurgam_state::State;
use resurgam_visibility::value;

/// The type of the workflow that a schedule is.
const TYPE: &str = "temporal-sys-scheduler-workflow";
/// Where its tasks would go, if it had any.
const QUEUE: &str = "temporal-sys-per-ns-tq";
/// The division of the namespace in which schedules are listed.
const DIVISION: (&str, &str) = ("TemporalNamespaceDivision", "TemporalScheduler");
/// Attributes that are not shown of a schedule.
const HIDDEN: [&str; 4] = ["TemporalSchedulePaused", "BinaryChecksums", "BuildIds", DIVISION.0];

impl Input for CreateScheduleRequest {
    type Answer = api::CreateScheduleResponse;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let (target, request) = (required::field(self.target, "Target")?, required::request(self.request)?);
        let id = request.schedule_id.clone();
        let claim = claim(target, request, context);
        let (effects, _) = settle(workflow, claim, context).map_err(|rejection| match rejection {
            Rejection::AlreadyStarted { .. } => Rejection::AlreadyStarted {
                message: format!("schedule {id:?} is already registered"),
                request_id: String::new(),
                run_id: String::new(),
            },
            other => other,
        })?;
        Ok((effects, Reply::now(api::CreateScheduleResponse { conflict_token: token(1) })))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

/// What a new schedule claims: the workflow id that stands for it.
fn claim(target: Target, request: api::CreateScheduleRequest, context: &Context<'_>) -> Claim {
    let Target { namespace_id, workflow_id, .. } = target;
    let (mut stored, definition) = begin(request.schedule.unwrap_or_default(), context.now);
    let shown = with(&mut stored, &definition, (&namespace_id, &workflow_id), context.now, |machine| listed(machine));
    let mut memo: Memo = request.memo.unwrap_or_default();
    memo.fields.insert(INFO.to_owned(), value::bytes(shown.encode_to_vec()));
    let mut attributes: SearchAttributes = request.search_attributes.unwrap_or_default();
    let (name, division) = DIVISION;
    attributes.indexed_fields.insert(name.to_owned(), value::keyword(division, IndexedValueType::Keyword));
    let start = api::StartWorkflowExecutionRequest {
        namespace: request.namespace,
        workflow_id,
        workflow_type: Some(WorkflowType { name: TYPE.to_owned() }),
        task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
        identity: request.identity,
        request_id: request.request_id,
        memo: Some(memo),
        search_attributes: Some(attributes),
        ..api::StartWorkflowExecutionRequest::default()
    };
    Claim {
        namespace_id,
        request: start,
        reuse: Reuse::AllowDuplicate,
        conflict: Conflict::Fail,
        signal: None,
        parent: None,
        root: None,
        watcher: None,
        system: Some(Box::new(System::Schedule(NewSchedule { stored, definition, patch: request.initial_patch }))),
    }
}

/// A conflict token, as clients hold it.
fn token(of: i64) -> Vec<u8> {
    of.to_be_bytes().to_vec()
}

/// An open schedule.
///
/// # Errors
/// `NotFound`: it is none.
fn schedule(state: &State) -> Result<(&Schedule, &Definition), Rejection> {
    let stored = state.schedule.as_ref().filter(|_| state.close_time == 0);
    let found = stored.and_then(|stored| Some((stored, state.definitions.get(&stored.definition)?)));
    found.ok_or_else(|| Rejection::NotFound("schedule not found".to_owned()))
}

impl RunInput for DescribeScheduleRequest {
    type Answer = api::DescribeScheduleResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let state = &tx.run.state;
        let (stored, definition) = schedule(state)?;
        // To look at, and not to keep.
        let mut stored = stored.clone();
        let names = (state.namespace_id.as_str(), state.workflow_id.as_str());
        let conflict_token = token(stored.token);
        let (shown, info) = with(&mut stored, definition, names, tx.context.now, |machine| describe(machine));
        let memo = state.memo.cloned().filter(|(name, _)| name != INFO).collect();
        let attributes = state.search_attributes.cloned().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
        Ok(Reply::now(api::DescribeScheduleResponse {
            schedule: Some(shown),
            info: Some(info),
            memo: Some(Memo { fields: memo }).filter(|memo| !memo.fields.is_empty()),
            search_attributes: Some(SearchAttributes { indexed_fields: attributes.collect() })
                .filter(|it| !it.indexed_fields.is_empty()),
            conflict_token,
        }))
    }

    fn reads_only(&self) -> bool {
        true
    }
}

impl RunInput for ListScheduleMatchingTimesRequest {
    type Answer = api::ListScheduleMatchingTimesResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let request = required::request(self.request)?;
        let state = &tx.run.state;
        let (_, definition) = schedule(state)?;
        let Some((from, until)) = request.start_time.zip(request.end_time) else {
            return Err(Rejection::QueryFailed { message: "missing or invalid query".to_owned(), failure: None });
        };
        let id = state.workflow_id.strip_prefix(PREFIX).unwrap_or(&state.workflow_id);
        let clock = Clock::new(definition, &state.namespace_id, id);
        Ok(Reply::now(api::ListScheduleMatchingTimesResponse { start_time: matching(&clock, &from, &until) }))
    }

    fn reads_only(&self) -> bool {
        true
    }
}

/// A change of a schedule that is open, unless its request was here before.
fn change(
    tx: &mut Transaction<'_, '_>,
    request_id: &str,
    act: impl FnOnce(&mut Transaction<'_, '_>),
) -> Result<(), Rejection> {
    tx.require_open()?;
    schedule(&tx.run.state)?;
    let known = tx.run.state.schedule.as_mut().is_some_and(|schedule| schedule.knows(request_id));
    if !known {
        act(tx);
    }
    Ok(())
}

impl RunInput for PatchScheduleRequest {
    type Answer = api::PatchScheduleResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let request = required::request(self.request)?;
        let patch = required::field(request.patch, "Patch")?;
        change(tx, &request.request_id, |tx| schedule_step::patch(tx, &patch))?;
        Ok(Reply::now(api::PatchScheduleResponse::default()))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

impl RunInput for UpdateScheduleRequest {
    type Answer = api::UpdateScheduleResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let request = required::request(self.request)?;
        let expected = request.conflict_token.first_chunk().map_or(0, |token| i64::from_be_bytes(*token));
        change(tx, &request.request_id, |tx| {
            let token = tx.run.state.schedule.as_ref().map_or(0, |schedule| schedule.token);
            // Who comes too late is not told, as by Temporal.
            if expected == 0 || expected == token {
                schedule_step::update(tx, request.schedule.unwrap_or_default(), request.search_attributes);
            }
        })?;
        Ok(Reply::now(api::UpdateScheduleResponse::default()))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

impl RunInput for RecordActionClosedRequest {
    type Answer = RecordActionClosedResponse;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, _: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        let execution = required::field(self.execution, "Execution")?;
        let end = self.close.and_then(|event| event.attributes).and_then(|event| End::of(event, BLOB_BYTES));
        let end = end.ok_or_else(|| Rejection::InvalidArgument("that is not the end of a chain of runs".to_owned()))?;
        schedule_step::ended(tx, self.number, execution, end)?;
        Ok(Reply::now(RecordActionClosedResponse {}))
    }
}
