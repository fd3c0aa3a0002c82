//! What everything in one case shares: the connection, the names, the recorder.

use crate::recorder::Recorder;
use resurgam_api::WorkflowServiceClient;
use resurgam_models::plan::Plan;
use std::time::Duration;
use tonic::Request;
use tonic::transport::Channel;

/// One case in execution.
#[derive(Debug)]
pub(crate) struct Session {
    /// A clone of it makes calls.
    pub(crate) service: WorkflowServiceClient<Channel>,
    /// The namespace.
    pub(crate) namespace: String,
    /// Prefix of all ids of the case.
    pub(crate) prefix: String,
    /// What is executed.
    pub(crate) plan: Plan,
    /// What is recorded.
    pub(crate) recorder: Recorder,
}

impl Session {
    /// The workflow id of a slot.
    pub(crate) fn workflow_id(&self, slot: u8) -> String {
        format!("{}-w{slot}", self.prefix)
    }
    /// The task queue of the case.
    pub(crate) fn queue(&self) -> String {
        format!("{}-queue", self.prefix)
    }
}

/// A request with a deadline, which travels to the server as `grpc-timeout` and is kept by the channel.
pub(crate) fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}
