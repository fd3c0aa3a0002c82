//! Where a target listens, what it is, and how one talks to it.

use super::error::Error;
use resurgam_api::WorkflowServiceClient;
use resurgam_judge::profile::Profile;
use std::time::Duration;
use tonic::transport::Channel;

/// The namespace that targets register unless another one is named.
pub const NAMESPACE: &str = "resurgam";

/// The second namespace that targets register, unless one is named.
pub(crate) const OTHER_NAMESPACE: &str = "resurgam-other";

/// The largest message that is sent or received, in bytes.
pub const MESSAGE_LIMIT: usize = 64 << 20;

/// Where a target listens, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens, such as `http://127.0.0.1:7233`.
    pub uri: String,
    /// A registered and usable namespace.
    pub namespace: String,
    /// A second one, if there is one for us: not where a namespace was named.
    pub other_namespace: Option<String>,
    /// Its name in recordings and reports: `builtin`, `temporal` or `address`.
    pub target: String,
    /// What the server says its version is.
    pub version: String,
    /// By what it is judged beside the contract.
    pub profile: Profile,
}

/// A client of the workflow service with our limits for messages.
#[must_use]
pub fn client(channel: Channel) -> WorkflowServiceClient<Channel> {
    WorkflowServiceClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

/// A channel to where a target listens. Every caller that is to fail alone takes its own.
///
/// # Errors
/// Nothing listens there, or it does not answer within five seconds.
pub async fn connect(uri: &str) -> Result<Channel, Error> {
    way(uri)?.connect().await.map_err(|problem| unreachable(uri, &problem))
}

/// The same, but it connects when it is used first: where nobody may listen just now.
///
/// # Errors
/// This is no address.
pub(crate) fn connect_later(uri: &str) -> Result<Channel, Error> {
    Ok(way(uri)?.connect_lazy())
}

fn way(uri: &str) -> Result<tonic::transport::Endpoint, Error> {
    // Servers refuse pings that come more often than every ten seconds.
    Ok(tonic::transport::Endpoint::from_shared(uri.to_owned())
        .map_err(|problem| unreachable(uri, &problem))?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true))
}

fn unreachable(uri: &str, problem: &tonic::transport::Error) -> Error {
    Error::Unreachable { uri: uri.into(), problem: whole(problem) }
}

/// An error with its causes, in one line.
fn whole(problem: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(problem), |problem| problem.source());
    let mut said: Vec<String> = Vec::new();
    for cause in causes.map(ToString::to_string) {
        if !said.iter().any(|earlier| earlier.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}
