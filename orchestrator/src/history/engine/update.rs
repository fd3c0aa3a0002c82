//! Updates as their callers see them: who waits for which stage of which update, and what they are told. What goes to
//! workers and comes from them is in `message`.
//!
//! An update that is not accepted is known to the owner's memory only; once accepted it is part of the state, and every
//! later call with its id gets its outcome.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter;
use super::{PendingUpdate, required, signal};
use crate::cluster::Rejection;
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::internal::{PollUpdateRequest, UpdateRequest};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{
    ResourceExhaustedCause, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowExecutionStatus,
};
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure};
use resurgam_api::temporal::update::v1::{Outcome, UpdateRef, outcome};
use resurgam_api::temporal::workflowservice::v1::UpdateWorkflowExecutionResponse;
use resurgam_state::State;

type Waiter = waiter::Waiter<UpdateWorkflowExecutionResponse>;

/// A workflow task that failed so often is not expected to succeed soon.
const FAILING: i32 = 3;

/// Somebody waits for an update.
#[derive(Clone, Debug)]
pub enum UpdateInput {
    /// One that is made now, or repeated.
    Update(UpdateRequest),
    /// One that was made before.
    Poll(PollUpdateRequest),
}

impl RunInput for UpdateInput {
    type Answer = UpdateWorkflowExecutionResponse;

    fn run(&self) -> Which<'_> {
        match self {
            Self::Update(it) => {
                let first = it.request.as_ref().map_or("", |it| &it.first_execution_run_id);
                Which::target(it.target.as_ref()).of_chain(first)
            }
            Self::Poll(it) => Which::target(it.target.as_ref()),
        }
    }

    fn act(self, tx: &mut Transaction<'_, '_>, caller: &Waiter) -> Acted<Self::Answer> {
        act(self, tx, caller)
    }
}

/// Does it on the run.
///
/// # Errors
/// See [`admit`] and [`poll`].
pub(super) fn act(
    input: UpdateInput,
    tx: &mut Transaction<'_, '_>,
    caller: &Waiter,
) -> Acted<UpdateWorkflowExecutionResponse> {
    match input {
        UpdateInput::Update(request) => admit(tx, request, caller),
        UpdateInput::Poll(request) => poll(tx, request, caller),
    }
}

/// Somebody updates the run, or repeats that with the same update id. The answer may come later.
///
/// # Errors
/// `NotFound` if the run is closed, `FailedPrecondition` and `ResourceExhausted` if it cannot take the update now.
pub(super) fn admit(
    tx: &mut Transaction<'_, '_>,
    request: UpdateRequest,
    caller: &Waiter,
) -> Result<Reply<UpdateWorkflowExecutionResponse>, Rejection> {
    let request = required::request(request.request)?;
    // Nobody is told that what only memory knows will last.
    let stage = request.wait_policy.unwrap_or_default().lifecycle_stage().max(Stage::Accepted);
    let mut update = request.request.unwrap_or_default();
    if update.input.as_ref().is_none_or(|input| input.name.is_empty()) {
        return Err(Rejection::InvalidArgument("update name is not set on request".to_owned()));
    }
    let meta = update.meta.get_or_insert_default();
    if meta.update_id.is_empty() {
        meta.update_id = tx.context.ids.uuid();
    } else if meta.update_id.len() > tx.context.limits.id_bytes {
        return Err(Rejection::InvalidArgument("update id is too long".to_owned()));
    }
    let id = meta.update_id.clone();
    if reached(tx, &id).is_none() {
        room(tx)?;
        tx.run.volatile.updates.push(PendingUpdate {
            request: update.into(),
            sent: 0,
            accepted: false,
            waiters: Vec::new(),
        });
    }
    Ok(wait(tx, &id, stage, caller))
}

/// Somebody waits for an update that was made before. The answer may come later.
///
/// # Errors
/// `NotFound` if the run knows no such update.
pub(super) fn poll(
    tx: &mut Transaction<'_, '_>,
    request: PollUpdateRequest,
    caller: &Waiter,
) -> Result<Reply<UpdateWorkflowExecutionResponse>, Rejection> {
    let request = required::request(request.request)?;
    let stage = match request.wait_policy.unwrap_or_default().lifecycle_stage() {
        _ if planted(Bug::OutcomeNotAwaited) => Stage::Unspecified,
        stage => stage,
    };
    let id = required::field(request.update_ref, "UpdateRef")?.update_id;
    if reached(tx, &id).is_none() {
        return Err(Rejection::NotFound(format!("update {id:?} not found")));
    }
    Ok(wait(tx, &id, stage, caller))
}

/// How far an update has come; `None`: it is not known.
fn reached(tx: &Transaction<'_, '_>, id: &str) -> Option<Stage> {
    match tx.run.state.updates.get(id) {
        Some(update) if update.outcome.is_some() => Some(Stage::Completed),
        Some(_) => Some(Stage::Accepted),
        None if tx.run.state.admitted.contains_key(id) => Some(Stage::Admitted),
        None => tx.run.volatile.updates.iter().any(|it| it.id() == id).then_some(Stage::Admitted),
    }
}

/// Whether a further update may come in.
fn room(tx: &Transaction<'_, '_>) -> Result<(), Rejection> {
    tx.require_open()?;
    signal::require_not_closing(tx)?;
    let (state, limits) = (&tx.run.state, tx.context.limits);
    let unadmitted = |it: &&PendingUpdate| !it.accepted && !state.admitted.contains_key(it.id());
    let unaccepted = tx.run.volatile.updates.iter().filter(unadmitted).count() + state.admitted.len();
    let ended = usize::try_from(state.completed_updates).ok();
    let Some(unfinished) = ended.and_then(|ended| state.updates.len().checked_sub(ended)) else {
        broken!("{} of {} updates have ended", state.completed_updates, state.updates.len())
    };
    if state.workflow_task.as_ref().is_some_and(|task| task.attempt >= FAILING) {
        let message = "Unable to perform workflow execution update due to Workflow Task in failed state.";
        Err(Rejection::FailedPrecondition(message.to_owned()))
    } else if unaccepted + unfinished >= limits.updates_in_flight {
        let most = limits.updates_in_flight;
        Err(Rejection::ResourceExhausted {
            message: format!("limit on number of concurrent in-flight updates has been reached ({most})"),
            cause: ResourceExhaustedCause::ConcurrentLimit.into(),
        })
    } else if unaccepted + state.updates.len() >= limits.updates {
        let most = limits.updates;
        Err(Rejection::FailedPrecondition(format!("limit on number of total updates has been reached ({most})")))
    } else {
        Ok(())
    }
}

/// Answers the caller if the stage is reached; else the caller waits.
fn wait(
    tx: &mut Transaction<'_, '_>,
    id: &str,
    stage: Stage,
    caller: &Waiter,
) -> Reply<UpdateWorkflowExecutionResponse> {
    let Some(now) = reached(tx, id) else { broken!("somebody waits for update {id}, which is not known") };
    let open = tx.require_open().is_ok();
    if now >= stage || stage <= Stage::Admitted || !open {
        let known = tx.run.state.updates.get(id).and_then(|update| update.outcome.clone());
        // What a closed run accepted and did not complete, it never will.
        let outcome = known.or_else(|| (!open && now == Stage::Accepted).then(unfinished));
        return Reply::Now(Ok(reply(&tx.run.state, id, now, outcome)));
    }
    let waiter = (caller.clone(), stage.into());
    let pending = &mut tx.run.volatile.updates;
    match pending.iter_mut().find(|it| it.id() == id) {
        Some(update) => update.waiters.push(waiter),
        // It was accepted under an earlier owner, or stands in the history.
        None => {
            let accepted = tx.run.state.updates.get(id);
            let admitted = tx.run.state.admitted.get(id).and_then(|it| it.request.clone());
            let (accepted, request) = (accepted.is_some(), accepted.map_or(admitted, |it| it.request.clone()));
            let Some(mut request) = request else { broken!("update {id} goes on, and nobody knows what was asked") };
            request.meta.get_or_insert_default().update_id = id.to_owned();
            pending.push(PendingUpdate { request: request.into(), sent: 0, accepted, waiters: vec![waiter] });
        }
    }
    Reply::Later
}

impl PendingUpdate {
    /// The update id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.request.meta.as_ref().map_or("", |meta| &meta.update_id)
    }
}

fn reply(state: &State, id: &str, stage: Stage, outcome: Option<Outcome>) -> UpdateWorkflowExecutionResponse {
    let execution = WorkflowExecution { workflow_id: state.workflow_id.clone(), run_id: state.run_id.clone() };
    let stage = if outcome.is_some() { Stage::Completed } else { stage };
    UpdateWorkflowExecutionResponse {
        update_ref: Some(UpdateRef { workflow_execution: Some(execution), update_id: id.to_owned() }),
        outcome,
        stage: stage.into(),
        ..Default::default()
    }
}

/// Tells everybody who waits for this update its outcome, and forgets it.
pub(super) fn resolve(tx: &mut Transaction<'_, '_>, id: &str, outcome: &Outcome) {
    let Some(place) = tx.run.volatile.updates.iter().position(|it| it.id() == id) else { return };
    let told = if planted(Bug::SecondWaiterLost) { 1 } else { usize::MAX };
    for (waiter, _) in tx.run.volatile.updates.remove(place).waiters.into_iter().take(told) {
        let answer = reply(&tx.run.state, id, Stage::Completed, Some(outcome.clone()));
        tx.answer(&waiter, Ok(answer));
    }
}

/// At the end of each step: whoever waited for what is reached now is told. True if updates wait for a worker, so that a
/// workflow task is needed, if only a speculative one.
#[must_use]
pub fn settle(tx: &mut Transaction<'_, '_>) -> bool {
    if tx.require_open().is_err() {
        close(tx);
        return false;
    }
    let mut told: Vec<(String, Waiter)> = Vec::new();
    for update in tx.run.volatile.updates.iter_mut().filter(|update| update.accepted) {
        let id = update.id().to_owned();
        let (now, later) = update.waiters.drain(..).partition(|(_, stage)| *stage <= Stage::Accepted as i32);
        update.waiters = later;
        told.extend(Vec::into_iter(now).map(|(waiter, _)| (id.clone(), waiter)));
    }
    for (id, waiter) in told {
        let answer = reply(&tx.run.state, &id, Stage::Accepted, None);
        tx.answer(&waiter, Ok(answer));
    }
    tx.run.volatile.updates.retain(|update| !update.accepted || !update.waiters.is_empty());
    unsent(tx)
}

/// An update waits that no worker has been given.
pub(crate) fn unsent(tx: &Transaction<'_, '_>) -> bool {
    let admitted = &tx.run.state.admitted;
    tx.run.volatile.updates.iter().any(|it| it.sent == 0 && !it.accepted && !admitted.contains_key(it.id()))
}

/// The run is closed: nothing happens to its updates any more.
fn close(tx: &mut Transaction<'_, '_>) {
    let goes_on =
        tx.run.state.status == WorkflowExecutionStatus::ContinuedAsNew as i32 || !tx.run.state.successor.is_empty();
    for update in std::mem::take(&mut tx.run.volatile.updates) {
        let id = update.id().to_owned();
        for (waiter, _) in update.waiters {
            let answer = if update.accepted {
                Ok(reply(&tx.run.state, &id, Stage::Completed, Some(unfinished())))
            } else if goes_on {
                // The next run can take it.
                Err(signal::closing())
            } else {
                Err(Rejection::NotFound("workflow update was aborted by closing workflow".to_owned()))
            };
            tx.answer(&waiter, answer);
        }
    }
}

/// The outcome of an update that its run accepted, but closed before it was completed.
fn unfinished() -> Outcome {
    failed(
        "AcceptedUpdateCompletedWorkflow",
        "Workflow Update failed because the Workflow completed before the Update completed.",
    )
}

/// An outcome that the server decides on.
pub(super) fn failed(kind: &str, message: &str) -> Outcome {
    let info = ApplicationFailureInfo { r#type: kind.to_owned(), non_retryable: true, ..Default::default() };
    let failure = Failure {
        message: message.to_owned(),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Failure::default()
    };
    Outcome { value: Some(outcome::Value::Failure(failure)) }
}

/// A speculative workflow task is dropped. What came in meanwhile stays.
pub(super) fn dropped(tx: &mut Transaction<'_, '_>) {
    tx.run.state.workflow_task = None;
}
