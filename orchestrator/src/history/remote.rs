//! The rest of the cluster as a shard calls it, by gRPC.

use super::shard::{Added, Dispatcher};
use crate::cluster::deadline::within;
use crate::cluster::namespaces::Registry;
use crate::cluster::router::Router;
use crate::cluster::status;
use crate::invariant::broken;
use async_trait::async_trait;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1::StartWorkflowExecutionResponse;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

/// How long one call may take; it is repeated anyway.
const LIMIT: Duration = Duration::from_secs(10);

/// Calls other shards and task queues wherever they are.
pub struct Remote {
    router: Arc<Router>,
    registry: Arc<Registry>,
}

impl Remote {
    /// By `router`; names of namespaces by `registry`.
    pub fn new(router: Arc<Router>, registry: Arc<Registry>) -> Self {
        Self { router, registry }
    }
}

/// Calls the shard of a workflow; the request may be sent more than once.
macro_rules! shard {
    ($self:ident, $workflow:expr, $method:ident, $request:ident) => {{
        let workflow: String = $workflow;
        let answer = $self.router.history(&$request.namespace_id, &workflow, |mut client| {
            let request = within(LIMIT, $request.clone());
            async move { client.$method(request).await }
        });
        answer.await
    }};
}

fn id(execution: Option<&WorkflowExecution>) -> String {
    let Some(execution) = execution else { broken!("a call is about no workflow") };
    execution.workflow_id.clone()
}

#[async_trait]
impl Dispatcher for Remote {
    fn namespace(&self, namespace_id: &str) -> String {
        self.registry.name(namespace_id).unwrap_or_else(|| namespace_id.to_owned())
    }

    async fn add_task(&self, request: internal::AddTaskRequest) -> Result<Added, Status> {
        let Some(queue) = request.task_queue.clone() else { broken!("a task is for no queue") };
        let added = self.router.matching(&queue, |mut client| {
            let request = within(LIMIT, request.clone());
            async move { client.add_task(request).await }
        });
        match added.await {
            Ok(_) => Ok(Added::Taken),
            Err(problem) if status::is_sticky_worker_unavailable(&problem) => Ok(Added::NoStickyWorker),
            Err(problem) => Err(problem),
        }
    }

    async fn start_workflow(
        &self,
        request: internal::StartWorkflowRequest,
    ) -> Result<StartWorkflowExecutionResponse, Status> {
        let Some(workflow) = request.request.as_ref().map(|request| request.workflow_id.clone()) else {
            broken!("a child is to be started without a request")
        };
        shard!(self, workflow, start_workflow, request)
    }

    async fn signal(&self, request: internal::SignalRequest) -> Result<(), Status> {
        let workflow = id(request.request.as_ref().and_then(|request| request.workflow_execution.as_ref()));
        shard!(self, workflow, signal, request).map(drop)
    }

    async fn request_cancel(&self, request: internal::RequestCancelRequest) -> Result<(), Status> {
        let workflow = id(request.request.as_ref().and_then(|request| request.workflow_execution.as_ref()));
        shard!(self, workflow, request_cancel, request).map(drop)
    }

    async fn terminate(&self, request: internal::TerminateRequest) -> Result<(), Status> {
        let workflow = id(request.request.as_ref().and_then(|request| request.workflow_execution.as_ref()));
        shard!(self, workflow, terminate, request).map(drop)
    }

    async fn schedule_first_workflow_task(
        &self,
        request: internal::ScheduleFirstWorkflowTaskRequest,
    ) -> Result<(), Status> {
        let workflow = id(request.execution.as_ref());
        shard!(self, workflow, schedule_first_workflow_task, request).map(drop)
    }

    async fn record_child_closed(&self, request: internal::RecordChildClosedRequest) -> Result<(), Status> {
        let workflow = id(request.parent.as_ref());
        shard!(self, workflow, record_child_closed, request).map(drop)
    }
}
