//! To which event a workflow is reset, by what its history and its description say. As in temporalio/temporal,
//! `service/worker/batcher/activities.go`.

use crate::cluster::deadline::Limit;
use crate::cluster::router::Router;
use resurgam_api::internal::{DescribeRequest, GetHistoryRequest, GetHistoryReverseRequest, Target};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_batch::ResetPoint;
use resurgam_state::EventId;
use tonic::Status;

/// Events of a page.
const PAGE: i32 = 256;

/// The run that is to be reset, and the way to it.
pub(super) struct Base<'a> {
    pub(super) router: &'a Router,
    pub(super) limit: Limit,
    pub(super) target: Target,
}

/// Where it is reset to.
pub(super) struct Found {
    /// The event that is the first to be left out.
    pub(super) event_id: EventId,
    /// In which run; empty: in the one that was named.
    pub(super) run_id: String,
}

impl Base<'_> {
    fn execution(&self) -> Option<WorkflowExecution> {
        let Target { workflow_id, run_id, .. } = self.target.clone();
        Some(WorkflowExecution { workflow_id, run_id })
    }

    async fn described(&self) -> Result<api::DescribeWorkflowExecutionResponse, Status> {
        let request = api::DescribeWorkflowExecutionRequest { execution: self.execution(), ..Default::default() };
        let call = DescribeRequest { target: Some(self.target.clone()), request: Some(request) };
        self.router.history(call, self.limit).await
    }

    /// It was reset before.
    ///
    /// # Errors
    /// What the owner has answered.
    pub(super) async fn is_reset(&self) -> Result<bool, Status> {
        let described = self.described().await?;
        Ok(described.workflow_extended_info.is_some_and(|info| !info.reset_run_id.is_empty()))
    }

    async fn page(&self, next_page_token: Vec<u8>) -> Result<(Vec<HistoryEvent>, Vec<u8>), Status> {
        let request = api::GetWorkflowExecutionHistoryRequest {
            execution: self.execution(),
            maximum_page_size: PAGE,
            next_page_token,
            ..Default::default()
        };
        let call =
            GetHistoryRequest { target: Some(self.target.clone()), request: Some(request), with_unwritten: false };
        let answer = self.router.history(call, self.limit).await?;
        Ok((answer.history.unwrap_or_default().events, answer.next_page_token))
    }

    async fn page_from_its_end(&self, next_page_token: Vec<u8>) -> Result<(Vec<HistoryEvent>, Vec<u8>), Status> {
        let request = api::GetWorkflowExecutionHistoryReverseRequest {
            execution: self.execution(),
            maximum_page_size: PAGE,
            next_page_token,
            ..Default::default()
        };
        let call = GetHistoryReverseRequest { target: Some(self.target.clone()), request: Some(request) };
        let answer = self.router.history(call, self.limit).await?;
        Ok((answer.history.unwrap_or_default().events, answer.next_page_token))
    }
}

/// Looks for it.
///
/// # Errors
/// FAILED_PRECONDITION: there is none; or what the owner has answered.
pub(super) async fn find(base: &Base<'_>, point: &ResetPoint) -> Result<Found, Status> {
    let here = |event_id| Found { event_id, run_id: String::new() };
    match point {
        ResetPoint::Event(event_id) => Ok(here(*event_id)),
        ResetPoint::First => task(base, true).await.map(here),
        ResetPoint::Last => task(base, false).await.map(here),
        ResetPoint::Build { id, current_run_only } => build(base, id, *current_run_only).await,
    }
}

/// The end of the first workflow task that was completed, or of the last one; if none was, the event behind the first one that was scheduled.
async fn task(base: &Base<'_>, first: bool) -> Result<EventId, Status> {
    let (mut scheduled, mut token) = (None, Vec::new());
    loop {
        let read = if first { base.page(token).await? } else { base.page_from_its_end(token).await? };
        for event in &read.0 {
            match event.attributes {
                Some(Attributes::WorkflowTaskCompletedEventAttributes(_)) => return Ok(event.event_id),
                Some(Attributes::WorkflowTaskScheduledEventAttributes(_)) if !first || scheduled.is_none() => {
                    scheduled = Some(event.event_id + 1);
                }
                _ => {}
            }
        }
        token = read.1;
        if token.is_empty() {
            let none = || Status::failed_precondition("unable to find any scheduled or completed task");
            return scheduled.ok_or_else(none);
        }
    }
}

/// The first workflow task that a build has completed.
async fn build(base: &Base<'_>, id: &str, current_run_only: bool) -> Result<Found, Status> {
    let described = base.described().await?.workflow_execution_info.unwrap_or_default();
    let run_id = described.execution.unwrap_or_default().run_id;
    let points = described.auto_reset_points.unwrap_or_default().points;
    let refused = |why: &str| Err(Status::failed_precondition(format!("{why} for {id}")));
    match points.into_iter().find(|point| point.build_id == id) {
        None => refused("there is no reset point"),
        Some(point) if !point.resettable => refused("it cannot be reset to the point"),
        Some(point) if current_run_only && point.run_id != run_id => refused("another run has the point"),
        Some(point) => Ok(Found { event_id: point.first_workflow_task_completed_id, run_id: point.run_id }),
    }
}
