//! Calls about batch operations. Behind them each is a run of a workflow whose id is that of the job.

use super::visibility::size;
use crate::cluster::sizes::{BLOB_BYTES, ID_BYTES};
use crate::cluster::{Rejection, status};
use crate::frontend::handler::{Answer, Frontend, check, open};
use crate::frontend::listing::{Asked, Found};
use crate::frontend::unsupported;
use crate::frontend::validate::{self, Checked, wrong};
use prost::Message as _;
use resurgam_api::calls::HistoryCall;
use resurgam_api::internal::{self, Target};
use resurgam_api::temporal::batch::v1::BatchOperationInfo;
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use resurgam_batch::{DIVISION, identity, state};
use resurgam_visibility::Sections;
use resurgam_visibility::query::{self, Query};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

pub(super) async fn start(
    frontend: &Frontend,
    request: Request<api::StartBatchOperationRequest>,
) -> Answer<api::StartBatchOperationResponse> {
    let (until, request) = open(request);
    check(&[validate::namespace(&request.namespace)])?;
    let namespace = frontend.current(&request.namespace).await?;
    check(&[resurgam_batch::check(&request), question(&request.visibility_query)])?;
    let query = batches("AND ExecutionStatus = 'Running'");
    let query = Query::read(&query, &namespace.search_attributes).map_err(Status::invalid_argument)?;
    let mut others = 0;
    frontend.each(&namespace.id, &query, until, |_| others += 1).await?;
    if others >= frontend.batches {
        return Err(status::of(&Rejection::ResourceExhausted {
            message: "Max concurrent batch operations is reached".to_owned(),
            cause: ResourceExhaustedCause::ConcurrentLimit.into(),
        }));
    }
    check(&[served(&request), within(&request)])?;
    let target =
        Some(Target { namespace_id: namespace.id, workflow_id: request.job_id.clone(), run_id: String::new() });
    let mut request_id = String::new();
    frontend.request_id(&mut request_id);
    frontend.history(until, internal::StartBatchRequest { target, request: Some(request), request_id }).await
}

/// The question to the list of workflows that finds batch operations.
fn batches(more: &str) -> String {
    format!("TemporalNamespaceDivision = '{DIVISION}' {more}")
}

/// A question that may turn out to ask for what there is not, but is one.
fn question(asked: &str) -> Checked {
    match query::flaw(asked).filter(|_| !asked.is_empty()) {
        Some(flaw) => wrong(format!("invalid visibility query: {flaw}")),
        None => Ok(()),
    }
}

/// What each workflow would refuse is refused at once.
fn served(request: &api::StartBatchOperationRequest) -> Checked {
    match &request.operation {
        Some(Operation::SignalOperation(it)) => validate::optional_id("SignalName", &it.signal),
        Some(Operation::UpdateWorkflowOptionsOperation(it)) => {
            it.update_mask.as_ref().map_or(Ok(()), validate::options_mask)?;
            let Some(options) = &it.workflow_execution_options else { return Ok(()) };
            validate::priority(options.priority.as_ref())?;
            unsupported::workflow_options(options)
        }
        Some(Operation::ResetOperation(it)) => unsupported::reset(&api::ResetWorkflowExecutionRequest {
            post_reset_operations: it.post_reset_operations.clone(),
            ..Default::default()
        }),
        _ => Ok(()),
    }
}

fn within(request: &api::StartBatchOperationRequest) -> Checked {
    if request.job_id.len() > ID_BYTES {
        return wrong("WorkflowId exceeds length limit.");
    }
    validate::identity(identity(request))?;
    if request.encoded_len() > BLOB_BYTES { wrong("Blob data size exceeds limit.") } else { Ok(()) }
}

/// The run behind a job.
async fn target(frontend: &Frontend, namespace: &str, job_id: &str) -> Result<Option<Target>, Status> {
    check(&[validate::given("JobId", job_id)])?;
    let namespace_id = frontend.namespace(namespace).await?;
    Ok(Some(Target { namespace_id, workflow_id: job_id.to_owned(), run_id: String::new() }))
}

/// Calls the owner of a batch operation, and says of one that was never there what it is called.
async fn called<C: HistoryCall>(frontend: &Frontend, until: Instant, job_id: &str, call: C) -> Answer<C::Answer> {
    frontend.history(until, call).await.map_err(|status| match status.code() {
        Code::NotFound if status.message() == "workflow execution not found" => {
            let message = format!("workflow not found for ID: {job_id}");
            Status::with_details(Code::NotFound, message, status.details().to_vec().into())
        }
        _ => status,
    })
}

pub(super) async fn stop(
    frontend: &Frontend,
    request: Request<api::StopBatchOperationRequest>,
) -> Answer<api::StopBatchOperationResponse> {
    let (until, request) = open(request);
    let target = target(frontend, &request.namespace, &request.job_id).await?;
    check(&[validate::given("Reason", &request.reason)])?;
    let job_id = request.job_id.clone();
    called(frontend, until, &job_id, internal::StopBatchRequest { target, request: Some(request) }).await
}

pub(super) async fn describe(
    frontend: &Frontend,
    request: Request<api::DescribeBatchOperationRequest>,
) -> Answer<api::DescribeBatchOperationResponse> {
    let (until, request) = open(request);
    let target = target(frontend, &request.namespace, &request.job_id).await?;
    let job_id = request.job_id.clone();
    called(frontend, until, &job_id, internal::DescribeBatchRequest { target, request: Some(request) }).await
}

pub(super) async fn list(
    frontend: &Frontend,
    request: Request<api::ListBatchOperationsRequest>,
) -> Answer<api::ListBatchOperationsResponse> {
    let (until, request) = open(request);
    let asked = Asked { until, size: size(request.page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &batches(""), Sections::ALL, asked).await?;
    let shown = executions.into_iter().map(|found| BatchOperationInfo {
        state: state(found.status()).into(),
        job_id: found.execution.unwrap_or_default().workflow_id,
        start_time: found.start_time,
        close_time: found.close_time,
        ..BatchOperationInfo::default()
    });
    Ok(Response::new(api::ListBatchOperationsResponse { operation_info: shown.collect(), next_page_token }))
}
