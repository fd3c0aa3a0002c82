//! Requests to start a workflow, alone or with a signal: what each claims, and what it is told of the run that has the
//! workflow id then.

use super::claim::{Claim, Holder, settle};
use super::input::{Applied, Input, Reply};
use super::signal::Arrival;
use super::start_check::policies;
use super::waiter::Waiter;
use super::{Context, Handout, Workflow, required};
use crate::cluster::Rejection;
use resurgam_api::internal::{Action, SignalWithStartRequest, StartWorkflowRequest, Target};
use resurgam_api::temporal::common::v1::link::workflow_event::{EventReference, Reference};
use resurgam_api::temporal::common::v1::link::{Variant, WorkflowEvent};
use resurgam_api::temporal::common::v1::{Link, WorkflowExecution};
use resurgam_api::temporal::enums::v1::{EventType, WorkflowIdConflictPolicy as Conflict};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_schedule::Watcher;

/// What a client hears who has started a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedWorkflow {
    /// The response, but for the workflow task.
    pub response: api::StartWorkflowExecutionResponse,
    /// The first workflow task, if the client asked for it and the run begins with one.
    pub eager: Option<Handout>,
}

impl From<Holder> for StartedWorkflow {
    fn from(holder: Holder) -> Self {
        let Holder { run_id, first_run_id, status, started, eager } = holder;
        let response = api::StartWorkflowExecutionResponse {
            run_id,
            first_execution_run_id: first_run_id,
            started,
            status,
            ..Default::default()
        };
        Self { response, eager: eager.map(|eager| *eager) }
    }
}

/// Where a run begins.
pub(super) fn link(namespace: &str, workflow_id: &str, run_id: &str) -> Link {
    let reference =
        Reference::EventRef(EventReference { event_id: 1, event_type: EventType::WorkflowExecutionStarted.into() });
    let event = WorkflowEvent {
        namespace: namespace.to_owned(),
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
        reference: Some(reference),
    };
    Link { variant: Some(Variant::WorkflowEvent(event)) }
}

impl Input for StartWorkflowRequest {
    type Answer = StartedWorkflow;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let claim = start(self)?;
        let workflow_id = claim.request.workflow_id.clone();
        let (effects, holder) = settle(workflow, claim, context)?;
        // Who found it running is not told.
        let link = holder.started.then(|| link(context.namespace, &workflow_id, &holder.run_id));
        let mut answer = StartedWorkflow::from(holder);
        answer.response.link = link;
        Ok((effects, Reply::now(answer)))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

impl Input for SignalWithStartRequest {
    type Answer = api::SignalWithStartWorkflowExecutionResponse;

    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        _: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer> {
        let claim = signal_with_start(self)?;
        let (effects, Holder { run_id, first_run_id, started, .. }) = settle(workflow, claim, context)?;
        let answer = api::SignalWithStartWorkflowExecutionResponse {
            run_id,
            first_execution_run_id: first_run_id,
            started,
            ..Default::default()
        };
        Ok((effects, Reply::now(answer)))
    }

    fn request_id(&mut self) -> Option<&mut String> {
        self.request.as_mut().map(|request| &mut request.request_id)
    }
}

/// What a start claims.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn start(request: StartWorkflowRequest) -> Result<Claim, Rejection> {
    let StartWorkflowRequest { target, request, parent, root, action } = request;
    let (target, request) = (required::field(target, "Target")?, required::request(request)?);
    let (reuse, conflict) =
        policies(request.workflow_id_reuse_policy(), request.workflow_id_conflict_policy(), Conflict::Fail)?;
    let watcher = action.map(watcher).transpose()?;
    let namespace_id = target.namespace_id;
    Ok(Claim { namespace_id, request, reuse, conflict, signal: None, parent, root, watcher, system: None })
}

/// The schedule that waits for the end of what it starts.
///
/// # Errors
/// `InvalidArgument`: it is not named.
fn watcher(action: Action) -> Result<Watcher, Rejection> {
    let Target { namespace_id, workflow_id, run_id } = required::field(action.schedule, "Schedule")?;
    Ok(Watcher { namespace_id, schedule: WorkflowExecution { workflow_id, run_id }, number: action.number })
}

/// What a signal claims, for which a workflow is started if none runs.
///
/// # Errors
/// `InvalidArgument`.
fn signal_with_start(request: SignalWithStartRequest) -> Result<Claim, Rejection> {
    let SignalWithStartRequest { target, request } = request;
    let (target, request) = (required::field(target, "Target")?, required::request(request)?);
    if request.workflow_id_conflict_policy() == Conflict::Fail {
        return Err(Rejection::InvalidArgument(
            "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this operation."
                .to_owned(),
        ));
    }
    let (reuse, conflict) =
        policies(request.workflow_id_reuse_policy(), request.workflow_id_conflict_policy(), Conflict::UseExisting)?;
    let signal = Arrival {
        name: request.signal_name,
        input: request.signal_input,
        identity: request.identity.clone(),
        header: request.header.clone(),
        request_id: request.request_id.clone(),
        links: request.links.clone(),
        source: None,
    };
    let request = api::StartWorkflowExecutionRequest {
        namespace: request.namespace,
        workflow_id: request.workflow_id,
        workflow_type: request.workflow_type,
        task_queue: request.task_queue,
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: request.workflow_run_timeout,
        workflow_task_timeout: request.workflow_task_timeout,
        identity: request.identity,
        request_id: request.request_id,
        retry_policy: request.retry_policy,
        cron_schedule: request.cron_schedule,
        memo: request.memo,
        search_attributes: request.search_attributes,
        header: request.header,
        workflow_start_delay: request.workflow_start_delay,
        user_metadata: request.user_metadata,
        links: request.links,
        priority: request.priority,
        ..Default::default()
    };
    let namespace_id = target.namespace_id;
    Ok(Claim {
        namespace_id,
        request,
        reuse,
        conflict,
        signal: Some(signal),
        parent: None,
        root: None,
        watcher: None,
        system: None,
    })
}
