//! What is asked about many workflows at a time: lists and counts of those that a question finds.

use crate::frontend::handler::{Answer, Frontend, open};
use crate::frontend::listing::{Asked, Found};
use crate::invariant::broken;
use prost_wkt_types::Timestamp;
use resurgam_api::temporal::enums::v1::{IndexedValueType, WorkflowExecutionStatus};
use resurgam_api::temporal::filter::v1::StartTimeFilter;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_visibility::attribute::{PREDEFINED, SYSTEM};
use resurgam_visibility::query::{Query, status_name};
use resurgam_visibility::{Sections, value};
use std::collections::BTreeMap;
use tonic::{Request, Response, Status};

/// Workflows of a page.
pub(in crate::frontend) const MOST: usize = 1000;
/// Workflows of a page of an archive.
const ARCHIVED: i32 = 10_000;

/// So many are asked for; without a sensible number, as many as there may be.
pub(super) fn size(asked: i32) -> usize {
    usize::try_from(asked).ok().filter(|size| (1..=MOST).contains(size)).unwrap_or(MOST)
}

pub(super) async fn list(
    frontend: &Frontend,
    request: Request<api::ListWorkflowExecutionsRequest>,
) -> Answer<api::ListWorkflowExecutionsResponse> {
    let (until, request) = open(request);
    let asked = Asked { until, size: size(request.page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &request.query, Sections::ALL, asked).await?;
    Ok(Response::new(api::ListWorkflowExecutionsResponse { executions, next_page_token }))
}

pub(super) async fn scan(
    frontend: &Frontend,
    request: Request<api::ScanWorkflowExecutionsRequest>,
) -> Answer<api::ScanWorkflowExecutionsResponse> {
    let (until, request) = open(request);
    let asked = Asked { until, size: size(request.page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &request.query, Sections::ALL, asked).await?;
    Ok(Response::new(api::ScanWorkflowExecutionsResponse { executions, next_page_token }))
}

pub(super) async fn list_open(
    frontend: &Frontend,
    request: Request<api::ListOpenWorkflowExecutionsRequest>,
) -> Answer<api::ListOpenWorkflowExecutionsResponse> {
    use api::list_open_workflow_executions_request::Filters;
    let (until, request) = open(request);
    let mut query = vec!["ExecutionStatus = 'Running'".to_owned()];
    query.extend(between("StartTime", request.start_time_filter.as_ref())?);
    query.extend(request.filters.as_ref().map(|filters| match filters {
        Filters::ExecutionFilter(filter) => equal("WorkflowId", &filter.workflow_id),
        Filters::TypeFilter(filter) => equal("WorkflowType", &filter.name),
    }));
    let asked = Asked { until, size: size(request.maximum_page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &query.join(" AND "), Sections::OPEN, asked).await?;
    Ok(Response::new(api::ListOpenWorkflowExecutionsResponse { executions, next_page_token }))
}

pub(super) async fn list_closed(
    frontend: &Frontend,
    request: Request<api::ListClosedWorkflowExecutionsRequest>,
) -> Answer<api::ListClosedWorkflowExecutionsResponse> {
    use api::list_closed_workflow_executions_request::Filters;
    let (until, request) = open(request);
    let mut query = vec!["ExecutionStatus != 'Running'".to_owned()];
    query.extend(between("CloseTime", request.start_time_filter.as_ref())?);
    if let Some(Filters::StatusFilter(filter)) = &request.filters
        && matches!(filter.status(), WorkflowExecutionStatus::Unspecified | WorkflowExecutionStatus::Running)
    {
        return Err(Status::invalid_argument("StatusFilter must be specified and must be not Running."));
    }
    query.extend(request.filters.as_ref().map(|filters| match filters {
        Filters::ExecutionFilter(filter) => equal("WorkflowId", &filter.workflow_id),
        Filters::TypeFilter(filter) => equal("WorkflowType", &filter.name),
        Filters::StatusFilter(filter) => format!("ExecutionStatus = {}", filter.status),
    }));
    let asked = Asked { until, size: size(request.maximum_page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &query.join(" AND "), Sections::CLOSED, asked).await?;
    Ok(Response::new(api::ListClosedWorkflowExecutionsResponse { executions, next_page_token }))
}

/// There is no archive, as on a server that was not told of one.
pub(super) async fn list_archived(
    _: &Frontend,
    request: Request<api::ListArchivedWorkflowExecutionsRequest>,
) -> Answer<api::ListArchivedWorkflowExecutionsResponse> {
    if request.get_ref().page_size > ARCHIVED {
        return Err(Status::invalid_argument(format!("PageSize is larger than allowed {ARCHIVED}.")));
    }
    Err(Status::invalid_argument("Cluster is not configured for visibility archival."))
}

pub(super) async fn count(
    frontend: &Frontend,
    request: Request<api::CountWorkflowExecutionsRequest>,
) -> Answer<api::CountWorkflowExecutionsResponse> {
    let (until, request) = open(request);
    let namespace = frontend.current(&request.namespace).await?;
    let query = Query::read(&request.query, &namespace.search_attributes).map_err(Status::invalid_argument)?;
    let mut counts = BTreeMap::<i32, i64>::new();
    frontend.each(&namespace.id, &query, until, |record| *counts.entry(record.status).or_default() += 1).await?;
    let count = counts.values().sum();
    let groups = counts.into_iter().filter(|_| query.by_status).map(|(status, count)| {
        let Ok(status) = WorkflowExecutionStatus::try_from(status) else { broken!("a record has the status {status}") };
        let name = value::keyword(&status_name(status), IndexedValueType::Keyword);
        api::count_workflow_executions_response::AggregationGroup { group_values: vec![name], count }
    });
    Ok(Response::new(api::CountWorkflowExecutionsResponse { count, groups: groups.collect() }))
}

/// Those that every namespace has.
pub(super) async fn attributes(
    _: &Frontend,
    _: Request<api::GetSearchAttributesRequest>,
) -> Answer<api::GetSearchAttributesResponse> {
    let predefined = PREDEFINED.iter().map(|(name, kind, _)| (*name, *kind));
    let keys = SYSTEM.iter().copied().chain(predefined).map(|(name, kind)| (name.to_owned(), kind.into()));
    Ok(Response::new(api::GetSearchAttributesResponse { keys: keys.collect() }))
}

fn equal(name: &str, text: &str) -> String {
    format!("{name} = '{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// That a time is in a span whose ends may be left open.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn between(name: &str, filter: Option<&StartTimeFilter>) -> Result<Vec<String>, Status> {
    let nanos = |time: &Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let end = |time: Option<&Timestamp>| {
        let nanos = time.map(nanos)?;
        Some(nanos.clamp(i64::MIN.into(), i64::MAX.into()))
    };
    let filter = filter.copied().unwrap_or_default();
    let (earliest, latest) = (end(filter.earliest_time.as_ref()), end(filter.latest_time.as_ref()));
    if earliest.zip(latest).is_some_and(|(earliest, latest)| earliest > latest) {
        let message = "EarliestTime in StartTimeFilter should not be larger than LatestTime.";
        return Err(Status::invalid_argument(message));
    }
    let from = earliest.map(|nanos| format!("{name} >= {nanos}"));
    let up_to = latest.map(|nanos| format!("{name} <= {nanos}"));
    Ok(from.into_iter().chain(up_to).collect())
}
