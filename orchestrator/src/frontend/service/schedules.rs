//! Lists and counts of schedules: those of the list of workflows that stand for schedules.

use super::visibility::size;
use crate::frontend::handler::{Answer, Frontend, open};
use crate::frontend::listing::{Asked, Found};
use prost::Message as _;
use resurgam_api::temporal::common::v1::{Memo, SearchAttributes};
use resurgam_api::temporal::schedule::v1::{ScheduleListEntry, ScheduleListInfo};
use resurgam_api::temporal::workflow::v1::WorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_visibility::Sections;
use resurgam_visibility::attribute::SCHEDULE_PREFIX;
use resurgam_visibility::query::Query;
use tonic::{Request, Response, Status};

/// Under this name the memo says what is shown.
const INFO: &str = "ScheduleInfo";
/// Attributes that are not shown.
const HIDDEN: [&str; 4] = ["TemporalNamespaceDivision", "TemporalSchedulePaused", "BinaryChecksums", "BuildIds"];

pub(super) async fn list(
    frontend: &Frontend,
    request: Request<api::ListSchedulesRequest>,
) -> Answer<api::ListSchedulesResponse> {
    let (until, request) = open(request);
    let query = question(frontend, &request.namespace, &request.query).await?;
    let asked = Asked { until, size: size(request.maximum_page_size), token: &request.next_page_token };
    let Found { executions, next_page_token } =
        frontend.list(&request.namespace, &query, Sections::OPEN, asked).await?;
    let schedules = executions.into_iter().map(entry).collect();
    Ok(Response::new(api::ListSchedulesResponse { schedules, next_page_token }))
}

pub(super) async fn count(
    frontend: &Frontend,
    request: Request<api::CountSchedulesRequest>,
) -> Answer<api::CountSchedulesResponse> {
    let (until, request) = open(request);
    let query = question(frontend, &request.namespace, &request.query).await?;
    let namespace = frontend.current(&request.namespace).await?;
    let query = Query::read(&query, &namespace.search_attributes).map_err(Status::invalid_argument)?;
    let mut count = 0;
    frontend.each(&namespace.id, &query, until, |_| count += 1).await?;
    Ok(Response::new(api::CountSchedulesResponse { count, groups: Vec::new() }))
}

/// The question to the list of workflows that is meant.
///
/// # Errors
/// `INVALID_ARGUMENT`: it asks for what schedules do not have.
async fn question(frontend: &Frontend, namespace: &str, asked: &str) -> Result<String, Status> {
    let schedules = "TemporalNamespaceDivision = 'TemporalScheduler' AND ExecutionStatus = 'Running'";
    if asked.trim().is_empty() {
        return Ok(schedules.to_owned());
    }
    let namespace = frontend.current(namespace).await?;
    let query = Query::read(asked, &namespace.search_attributes).map_err(Status::invalid_argument)?;
    match query.of_the_system() {
        Some(name) => {
            let message = format!("invalid query filter for schedules: cannot filter on {name:?}");
            Err(Status::invalid_argument(message))
        }
        None => Ok(format!("{schedules} AND ({asked})")),
    }
}

/// What is shown of a schedule.
fn entry(found: WorkflowExecutionInfo) -> ScheduleListEntry {
    let id = found.execution.unwrap_or_default().workflow_id;
    let mut memo = found.memo.unwrap_or_default().fields;
    let info = memo.remove(INFO).and_then(|info| ScheduleListInfo::decode(&info.data[..]).ok());
    let info = info.map(|mut info| {
        if let Some(spec) = &mut info.spec {
            resurgam_calendar::fill(spec);
        }
        info
    });
    let mut attributes = found.search_attributes.unwrap_or_default().indexed_fields;
    attributes.retain(|name, _| !HIDDEN.contains(&name.as_str()));
    ScheduleListEntry {
        schedule_id: id.strip_prefix(SCHEDULE_PREFIX).unwrap_or(&id).to_owned(),
        memo: (!memo.is_empty()).then_some(Memo { fields: memo }),
        search_attributes: (!attributes.is_empty()).then_some(SearchAttributes { indexed_fields: attributes }),
        info,
    }
}
