//! Calls about one schedule. Behind them it is a run of a workflow whose id begins with a prefix.

use crate::cluster::sizes::ID_BYTES;
use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::unsupported;
use crate::frontend::validate::{self, Checked, wrong};
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{self, Target};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{TaskQueueKind, WorkflowIdReusePolicy};
use resurgam_api::temporal::schedule::v1::Schedule;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_visibility::attribute::SCHEDULE_PREFIX;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

/// Bytes of a note.
const NOTE: usize = 1000;
/// What is added to the ids of workflows that a schedule starts.
const ADDED: &str = "-2009-11-10T23:00:00Z";
/// The queue of the system, which is nobody else's.
const QUEUE: &str = "temporal-sys-per-ns-tq";

/// An id or name that is not too long.
fn within(what: &str, bytes: usize) -> Checked {
    if bytes > ID_BYTES { wrong(format!("{what} length exceeds limit.")) } else { Ok(()) }
}

/// Calls the owner of a schedule, and says of one that was never there what it is called.
async fn called<C: HistoryCall>(frontend: &Frontend, until: Instant, id: &str, call: C) -> Answer<C::Answer> {
    frontend.history(until, call).await.map_err(|status| match status.code() {
        Code::NotFound if status.message() == "workflow execution not found" => {
            let message = format!("workflow not found for ID: {SCHEDULE_PREFIX}{id}");
            Status::with_details(Code::NotFound, message, status.details().to_vec().into())
        }
        _ => status,
    })
}

async fn target(frontend: &Frontend, namespace: &str, schedule_id: &str) -> Result<Option<Target>, Status> {
    let named = WorkflowExecution { workflow_id: format!("{SCHEDULE_PREFIX}{schedule_id}"), run_id: String::new() };
    frontend.target(namespace, Some(&named)).await.map(Some)
}

pub(super) async fn create(
    frontend: &Frontend,
    request: Request<api::CreateScheduleRequest>,
) -> Answer<api::CreateScheduleResponse> {
    let (until, mut request) = open(request);
    check(&[
        within("WorkflowId", SCHEDULE_PREFIX.len() + request.schedule_id.len()),
        validate::given("RequestId", &request.request_id),
        within("RequestId", request.request_id.len()),
    ])?;
    frontend.takes_workflows(&request.namespace).await?;
    let schedule = request.schedule.get_or_insert_default();
    canonical(schedule)?;
    action(frontend, &request.namespace, schedule).await?;
    check(&[validate::blob("Input", request.schedule.as_ref()), validate::blob("Memo", request.memo.as_ref())])?;
    frontend.started_with(&request.namespace, request.search_attributes.as_mut()).await?;
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    frontend.history(until, internal::CreateScheduleRequest { target, request: Some(request) }).await
}

pub(super) async fn describe(
    frontend: &Frontend,
    request: Request<api::DescribeScheduleRequest>,
) -> Answer<api::DescribeScheduleResponse> {
    let (until, request) = open(request);
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    let id = request.schedule_id.clone();
    called(frontend, until, &id, internal::DescribeScheduleRequest { target, request: Some(request) }).await
}

pub(super) async fn update(
    frontend: &Frontend,
    request: Request<api::UpdateScheduleRequest>,
) -> Answer<api::UpdateScheduleResponse> {
    let (until, mut request) = open(request);
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    let schedule = request.schedule.get_or_insert_default();
    action(frontend, &request.namespace, schedule).await?;
    canonical(schedule)?;
    frontend.started_with(&request.namespace, request.search_attributes.as_mut()).await?;
    if request.memo.is_some() {
        let message = "memo updates are not supported on workflow-backed schedules";
        return Err(Status::failed_precondition(message));
    }
    let size = validate::blob("UpdateSchedule", request.schedule.as_ref());
    check(&[within("RequestId", request.request_id.len()), size])?;
    frontend.request_id(&mut request.request_id);
    let id = request.schedule_id.clone();
    called(frontend, until, &id, internal::UpdateScheduleRequest { target, request: Some(request) }).await
}

pub(super) async fn patch(
    frontend: &Frontend,
    request: Request<api::PatchScheduleRequest>,
) -> Answer<api::PatchScheduleResponse> {
    let (until, mut request) = open(request);
    check(&[within("RequestId", request.request_id.len())])?;
    let patch = validate::part("Patch", request.patch.as_ref()).map_err(|status| *status)?;
    if patch.pause.len() > NOTE || patch.unpause.len() > NOTE {
        return Err(Status::invalid_argument("Schedule notes exceeds limit."));
    }
    check(&[validate::blob("PatchSchedule", Some(patch))])?;
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    frontend.request_id(&mut request.request_id);
    let id = request.schedule_id.clone();
    called(frontend, until, &id, internal::PatchScheduleRequest { target, request: Some(request) }).await
}

pub(super) async fn matching_times(
    frontend: &Frontend,
    request: Request<api::ListScheduleMatchingTimesRequest>,
) -> Answer<api::ListScheduleMatchingTimesResponse> {
    let (until, request) = open(request);
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    let id = request.schedule_id.clone();
    called(frontend, until, &id, internal::ListScheduleMatchingTimesRequest { target, request: Some(request) }).await
}

pub(super) async fn delete(
    frontend: &Frontend,
    request: Request<api::DeleteScheduleRequest>,
) -> Answer<api::DeleteScheduleResponse> {
    let (until, request) = open(request);
    let target = target(frontend, &request.namespace, &request.schedule_id).await?;
    let workflow_id = format!("{SCHEDULE_PREFIX}{}", request.schedule_id);
    let terminate = api::TerminateWorkflowExecutionRequest {
        namespace: request.namespace,
        workflow_execution: Some(WorkflowExecution { workflow_id, run_id: String::new() }),
        reason: "terminated by DeleteSchedule".to_owned(),
        identity: request.identity,
        ..api::TerminateWorkflowExecutionRequest::default()
    };
    let call = internal::TerminateRequest { target, request: Some(terminate), ..internal::TerminateRequest::default() };
    called(frontend, until, &request.schedule_id, call).await?;
    Ok(Response::new(api::DeleteScheduleResponse {}))
}

/// Makes the specification what is kept and shown.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn canonical(schedule: &mut Schedule) -> Result<(), Status> {
    let spec = resurgam_calendar::canonical(schedule.spec.take().unwrap_or_default());
    let spec = spec.map_err(|why| Status::invalid_argument(format!("Invalid schedule spec: {why}")))?;
    schedule.spec = Some(spec);
    Ok(())
}

/// What has to hold of the workflow that a schedule starts.
async fn action(frontend: &Frontend, namespace: &str, schedule: &mut Schedule) -> Result<(), Status> {
    let Some(Action::StartWorkflow(action)) = schedule.action.as_mut().and_then(|action| action.action.as_mut()) else {
        return Ok(());
    };
    let kind = action.workflow_type.as_ref().map_or("", |kind| &kind.name);
    check(&[
        within("WorkflowId", action.workflow_id.len() + ADDED.len()),
        validate::given("WorkflowType", kind),
        within("WorkflowType", kind.len()),
        queue(action),
        rest(action),
        unsupported::scheduled(action),
    ])?;
    // What is shown later is what was meant, as everywhere.
    if let Some(queue) = action.task_queue.as_mut().filter(|queue| queue.kind == 0) {
        queue.kind = TaskQueueKind::Normal.into();
    }
    frontend.started_with(namespace, action.search_attributes.as_mut()).await
}

fn queue(action: &NewWorkflowExecutionInfo) -> Checked {
    let Some(queue) = &action.task_queue else { return wrong("taskQueue is not set") };
    match queue.name.as_str() {
        "" => wrong("missing task queue name"),
        QUEUE => wrong(format!("cannot use internal per-namespace task queue:{QUEUE}")),
        _ => validate::task_queue(Some(queue)),
    }
}

fn rest(action: &NewWorkflowExecutionInfo) -> Checked {
    let spans = [
        ("WorkflowExecutionTimeoutSeconds", &action.workflow_execution_timeout),
        ("WorkflowRunTimeoutSeconds", &action.workflow_run_timeout),
        ("WorkflowTaskTimeoutSeconds", &action.workflow_task_timeout),
    ];
    for (name, span) in spans {
        validate::span(name, span.as_ref())?;
    }
    match action.workflow_id_reuse_policy() {
        _ if !action.cron_schedule.is_empty() => wrong("Scheduled workflow must not contain CronSchedule"),
        WorkflowIdReusePolicy::Unspecified | WorkflowIdReusePolicy::AllowDuplicate => Ok(()),
        _ => wrong("Scheduled workflow must not contain WorkflowIDReusePolicy"),
    }
}
