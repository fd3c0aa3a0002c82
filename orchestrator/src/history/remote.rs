//! The rest of the cluster as a shard calls it, by gRPC.

use super::engine::span;
use super::shard::{Added, Dispatcher};
use super::{operation, selection};
use crate::cluster::deadline::Limit;
use crate::cluster::namespaces::Registry;
use crate::cluster::router::Router;
use crate::cluster::status;
use async_trait::async_trait;
use resurgam_api::internal;
use resurgam_api::temporal::workflowservice::v1::StartWorkflowExecutionResponse;
use resurgam_batch::{Call, Selected, Selection};
use resurgam_state::Millis;
use resurgam_visibility::Visibility;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

/// How long one call may take; it is repeated anyway.
const LIMIT: Limit = Limit::Each(Duration::from_secs(10));

/// From reset to reset the end of a child is told so often, as by Temporal.
const RESETS: usize = 100;

/// Calls other shards and task queues wherever they are.
pub(crate) struct Remote {
    router: Arc<Router>,
    registry: Arc<Registry>,
    visibility: Arc<dyn Visibility>,
}

impl Remote {
    /// By `router`; names of namespaces by `registry`, and the list of workflows by `visibility`.
    pub fn new(router: Arc<Router>, registry: Arc<Registry>, visibility: Arc<dyn Visibility>) -> Self {
        Self { router, registry, visibility }
    }
}

#[async_trait]
impl Dispatcher for Remote {
    async fn namespace(&self, namespace_id: &str) -> Result<String, Status> {
        self.registry.name_of(namespace_id).await
    }

    fn retention(&self, namespace_id: &str) -> Option<Millis> {
        self.registry.retention(namespace_id).map(|retention| span::millis(Some(&retention)))
    }

    async fn add_task(&self, request: internal::AddTaskRequest) -> Result<Added, Status> {
        match self.router.matching(request, LIMIT).await {
            Ok(_) => Ok(Added::Taken),
            Err(problem) if status::is_sticky_worker_unavailable(&problem) => Ok(Added::NoStickyWorker),
            Err(problem) => Err(problem),
        }
    }

    async fn start_workflow(
        &self,
        request: internal::StartWorkflowRequest,
    ) -> Result<StartWorkflowExecutionResponse, Status> {
        self.router.history(request, LIMIT).await
    }

    async fn signal(&self, request: internal::SignalRequest) -> Result<(), Status> {
        self.router.history(request, LIMIT).await.map(drop)
    }

    async fn request_cancel(&self, request: internal::RequestCancelRequest) -> Result<(), Status> {
        self.router.history(request, LIMIT).await.map(drop)
    }

    async fn terminate(&self, request: internal::TerminateRequest) -> Result<(), Status> {
        self.router.history(request, LIMIT).await.map(drop)
    }

    async fn schedule_first_workflow_task(
        &self,
        request: internal::ScheduleFirstWorkflowTaskRequest,
    ) -> Result<(), Status> {
        self.router.history(request, LIMIT).await.map(drop)
    }

    async fn record_child_closed(&self, request: internal::RecordChildClosedRequest) -> Result<(), Status> {
        let mut request = request;
        for _ in 0..RESETS {
            let answer = self.router.history(request.clone(), LIMIT).await?;
            match request.target.as_mut().filter(|_| !answer.moved_to.is_empty()) {
                Some(target) => target.run_id = answer.moved_to,
                None => return Ok(()),
            }
        }
        Err(Status::not_found("the parent was reset too often"))
    }

    async fn record_action_closed(&self, request: internal::RecordActionClosedRequest) -> Result<(), Status> {
        self.router.history(request, LIMIT).await.map(drop)
    }

    async fn count(&self, asked: Selection) -> Result<i64, Status> {
        selection::count(&self.registry, self.visibility.as_ref(), &asked).await
    }

    async fn select(&self, asked: Selection) -> Result<Selected, Status> {
        selection::select(&self.registry, self.visibility.as_ref(), &asked).await
    }

    async fn operate(&self, call: Call) -> Result<(), Status> {
        operation::operate(&self.router, LIMIT, call).await
    }
}
