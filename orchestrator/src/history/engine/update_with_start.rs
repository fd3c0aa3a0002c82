//! Update-with-start: a workflow is started, unless it runs already, and an update of it is admitted, in one transaction. Either
//! both are done or none is.

use super::claim::settle;
use super::input::{Applied, Input, Reply};
use super::run::on_run;
use super::start::{self, StartedWorkflow};
use super::update::{self, UpdateInput};
use super::waiter::Waiter;
use super::{Context, Effects, Workflow, required};
use crate::cluster::Rejection;
use resurgam_api::internal::{StartWorkflowRequest, UpdateRequest, UpdateWithStartRequest};
use resurgam_api::temporal::enums::v1::{WorkflowExecutionStatus as Status, WorkflowIdConflictPolicy as Conflict};
use resurgam_api::temporal::workflowservice::v1 as api;
use tokio::sync::oneshot;

/// A start and an update of the same workflow.
#[derive(Clone, Debug)]
pub(crate) struct UpdateWithStartInput(pub(crate) UpdateWithStartRequest);

/// What comes of the update, sooner or later.
pub(crate) type UpdateAnswer = oneshot::Receiver<Result<api::UpdateWorkflowExecutionResponse, Rejection>>;

/// Which of the two was refused; the other one was not tried, or is taken back.
#[derive(Debug)]
pub(crate) enum MultiRefused {
    /// The start was refused.
    Start(Rejection),
    /// The update was refused.
    Update(Rejection),
}

impl Input for UpdateWithStartInput {
    /// The start, as it stands after the commit, and where the answer to the update comes out.
    type Answer = Result<(api::StartWorkflowExecutionResponse, UpdateAnswer), MultiRefused>;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let before = workflow.clone();
        match both(self.0, workflow, context)? {
            Ok((effects, response, answer)) => Ok((effects, Reply::now(Ok((response, answer))))),
            Err(refused) => {
                // Nothing of it is kept.
                *workflow = before;
                Ok((Effects::default(), Reply::now(Err(refused))))
            }
        }
    }
}

type Both = Result<(Effects, api::StartWorkflowExecutionResponse, UpdateAnswer), MultiRefused>;

fn both(
    request: UpdateWithStartRequest,
    workflow: &mut Workflow,
    context: &mut Context<'_>,
) -> Result<Both, Rejection> {
    let UpdateWithStartRequest { target, start, update } = request;
    let (start, update) = (required::field(start, "StartWorkflow")?, required::field(update, "UpdateWorkflow")?);
    let call = StartWorkflowRequest { target: target.clone(), request: Some(start), ..StartWorkflowRequest::default() };
    let claim = match start::start(call) {
        Ok(claim) => claim,
        Err(refused) => return Ok(Err(MultiRefused::Start(refused))),
    };
    let id = update.request.as_ref().and_then(|it| it.meta.as_ref()).map_or("", |meta| &meta.update_id).to_owned();
    let workflow_id = claim.request.workflow_id.clone();
    let current = workflow.current.clone();
    let known = current.as_ref().and_then(|current| Some((current, workflow.runs.get(&current.run_id)?)));
    let found = known.filter(|(current, run)| {
        let ended = run.state.updates.get(&id).is_some_and(|update| update.outcome.is_some());
        let open = current.status == Status::Running as i32;
        let waits = run.state.updates.contains_key(&id) || run.state.admitted.contains_key(&id);
        let pending = waits || run.volatile.updates.iter().any(|it| it.id() == id);
        let same = current.request_ids.contains(&claim.request.request_id);
        ended || open && (same || pending || claim.conflict == Conflict::UseExisting)
    });
    let (mut effects, started) = if let Some((current, _)) = found {
        // As by the pinned server: not with which run its chain began, and where it begins, if it runs.
        let open = current.status == Status::Running as i32;
        let response = api::StartWorkflowExecutionResponse {
            run_id: current.run_id.clone(),
            status: current.status,
            started: false,
            link: open.then(|| start::link("", &workflow_id, &current.run_id)),
            ..Default::default()
        };
        (Effects::default(), response)
    } else {
        match settle(workflow, claim, context) {
            Ok((effects, holder)) => {
                let link = Some(start::link(context.namespace, &workflow_id, &holder.run_id));
                let response = StartedWorkflow::from(holder).response;
                (effects, api::StartWorkflowExecutionResponse { link, ..response })
            }
            Err(refused) => return Ok(Err(MultiRefused::Start(refused))),
        }
    };
    let (waiter, answer) = Waiter::new();
    let call = UpdateRequest { target, request: Some(update) };
    match on_run(workflow, &started.run_id, context, |tx| update::act(UpdateInput::Update(call), tx, &waiter)) {
        Err(refused) => Ok(Err(MultiRefused::Update(refused))),
        Ok((more, reply)) => {
            effects.runs.extend(more.runs);
            effects.transfers.extend(more.transfers);
            effects.timers.extend(more.timers);
            effects.answers.extend(more.answers);
            if let Reply::Now(known) = reply {
                effects.answers.push(waiter.deliver(known));
            }
            Ok(Ok((effects, started, answer)))
        }
    }
}
