//! What workers say of themselves, and who asks for it. All of a namespace tell it one node, which is found like the owner of a
//! task queue.

use crate::frontend::handler::{Answer, Frontend, open};
use resurgam_api::internal::{self, TaskKind};
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::{Request, Response, Status};

/// The queue that stands for the workers of a namespace. Clients cannot name one so.
const WORKERS: &str = "/_sys/workers";

async fn workers(frontend: &Frontend, namespace: &str) -> Result<Option<internal::TaskQueue>, Status> {
    let (namespace_id, name) = (frontend.namespace(namespace).await?, WORKERS.to_owned());
    Ok(Some(internal::TaskQueue { namespace_id, name, kind: TaskKind::Workflow.into(), sticky: false }))
}

pub(super) async fn heartbeat(
    frontend: &Frontend,
    request: Request<api::RecordWorkerHeartbeatRequest>,
) -> Answer<api::RecordWorkerHeartbeatResponse> {
    let (until, request) = open(request);
    let task_queue = workers(frontend, &request.namespace).await?;
    frontend.matching(until, internal::RecordWorkerHeartbeatRequest { task_queue, request: Some(request) }).await
}

pub(super) async fn list(
    frontend: &Frontend,
    request: Request<api::ListWorkersRequest>,
) -> Answer<api::ListWorkersResponse> {
    let (until, request) = open(request);
    let task_queue = workers(frontend, &request.namespace).await?;
    frontend.matching(until, internal::ListWorkersRequest { task_queue, request: Some(request) }).await
}

pub(super) async fn describe(
    frontend: &Frontend,
    request: Request<api::DescribeWorkerRequest>,
) -> Answer<api::DescribeWorkerResponse> {
    let (until, request) = open(request);
    let task_queue = workers(frontend, &request.namespace).await?;
    frontend.matching(until, internal::DescribeWorkerRequest { task_queue, request: Some(request) }).await
}

pub(super) async fn shutdown(
    frontend: &Frontend,
    request: Request<api::ShutdownWorkerRequest>,
) -> Answer<api::ShutdownWorkerResponse> {
    let (until, request) = open(request);
    let namespace_id = frontend.namespace(&request.namespace).await?;
    if let Some(heartbeat) = request.worker_heartbeat {
        let task_queue = workers(frontend, &request.namespace).await?;
        let request = api::RecordWorkerHeartbeatRequest { worker_heartbeat: vec![heartbeat], ..Default::default() };
        let last = internal::RecordWorkerHeartbeatRequest { task_queue, request: Some(request) };
        // It is forgotten anyway, only later.
        drop(frontend.matching(until, last).await);
    }
    if !request.sticky_task_queue.is_empty() {
        let queue = internal::TaskQueue {
            namespace_id,
            name: request.sticky_task_queue,
            kind: TaskKind::Workflow.into(),
            sticky: true,
        };
        frontend.matching(until, internal::CloseTaskQueueRequest { task_queue: Some(queue) }).await?;
    }
    Ok(Response::new(api::ShutdownWorkerResponse {}))
}
