//! What everything in one case shares: the connection, the names, the recorder.

use crate::recorder::Recorder;
use crate::target::MESSAGE_LIMIT;
use crate::tokens::TaskTokens;
use crate::wire::{Calls, Client, RpcFaults, Wire};
use resurgam_formats::plan::{Caller, Namespace, Plan};
use resurgam_formats::recording::Registered;
use resurgam_formats::time::Millis;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::Request;
use tonic::transport::Channel;

/// One case in execution.
#[derive(Debug)]
pub(crate) struct Session {
    /// One to each node, at least one.
    pub(crate) channels: Arc<Vec<Channel>>,
    pub(crate) rpc_faults: Arc<RpcFaults>,
    pub(crate) namespace: String,
    /// A second one, if the target has it.
    pub(crate) other_namespace: Option<String>,
    /// What the nodes said of the namespaces of the case, if they were asked.
    pub(crate) registered: Vec<Registered>,
    /// Prefix of all ids of the case.
    pub(crate) prefix: String,
    /// What is executed.
    pub(crate) plan: Plan,
    /// Attempts of a client's call as long as its outcome is unknown, at least 1.
    pub(crate) patience: u32,
    /// The calls that were made.
    pub(crate) calls: Arc<Calls>,
    /// What is recorded.
    pub(crate) recorder: Recorder,
    /// What workers were handed, for clients that misuse it.
    pub(crate) tokens: TaskTokens,
    /// The slots of which a workflow may have been started in the second namespace.
    pub(crate) lookalikes: Mutex<BTreeSet<u8>>,
}

impl Session {
    /// The workflow id of a slot.
    pub(crate) fn workflow_id(&self, slot: u8) -> String {
        format!("{}-w{slot}", self.prefix)
    }

    /// The request id of an operation of the plan, by its index.
    pub(crate) fn request_id(&self, index: usize) -> String {
        format!("{}-o{index}", self.prefix)
    }

    /// The name of one of the namespaces; of the only one, if there are not two.
    pub(crate) fn namespace(&self, which: Namespace) -> &str {
        match which {
            Namespace::Own => &self.namespace,
            Namespace::Other => self.other_namespace.as_deref().unwrap_or(&self.namespace),
        }
    }

    /// Waits until a time of the plan.
    pub(crate) async fn sleep_until(&self, at_ms: Millis) {
        let at = self.recorder.began() + Duration::from_millis(at_ms.into());
        tokio::time::sleep_until(at.into()).await;
    }

    /// A client for a caller; the callers of a kind are spread over the nodes by their numbers.
    pub(crate) fn client(&self, caller: Caller, number: usize) -> Client {
        let wire = Wire::new(
            Arc::clone(&self.channels),
            number,
            caller,
            Arc::clone(&self.rpc_faults),
            Arc::clone(&self.calls),
        );
        Client::new(wire).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)
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
