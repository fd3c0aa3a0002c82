//! What our own services are asked, with types: a request knows what it is routed by, what answers it, and how it is sent.
//!
//! The implementations are made from `internal.proto` by the build script, one for every call.

use crate::internal::{self, TaskToken};
use crate::temporal;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::StdError;
use tonic::{Request, Response, Status};

/// What can carry a call: a channel, or something that knows a shorter way.
pub trait Transport:
    GrpcService<Body, ResponseBody = Body, Error: Into<StdError>, Future: Send> + Send + 'static
{
}

impl<T> Transport for T where
    T: GrpcService<Body, ResponseBody = Body, Error: Into<StdError>, Future: Send> + Send + 'static
{
}

/// A call of the history service: of the owner of a workflow's shard.
pub trait HistoryCall: Clone + Send + Sync + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// The workflow that it is about; none if the sender forgot to say.
    fn target(&self) -> Option<internal::Target>;

    /// Sends it, once.
    fn send(
        request: Request<Self>,
        client: internal::history_client::HistoryClient<impl Transport>,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;
}

/// A call of the matching service: of the owner of a task queue.
pub trait MatchingCall: Clone + Send + Sync + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// The task queue that it is about; none if the sender forgot to say.
    fn queue(&self) -> Option<internal::TaskQueue>;

    /// Sends it, once.
    fn send(
        request: Request<Self>,
        client: internal::matching_client::MatchingClient<impl Transport>,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;
}

impl internal::Target {
    /// The run that a task belongs to.
    #[must_use]
    pub fn of(task: &TaskToken) -> Self {
        Self {
            namespace_id: task.namespace_id.clone(),
            workflow_id: task.workflow_id.clone(),
            run_id: task.run_id.clone(),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/calls.rs"));
