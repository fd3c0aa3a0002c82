//! Questions to a server: does it answer, which version is it, is the namespace usable.

use super::endpoint::{Endpoint, client, connect};
use super::error::Error;
use prost_wkt_types::Duration as Span;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::TaskQueueType;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    CountWorkflowExecutionsRequest, DescribeNamespaceRequest, DescribeTaskQueueRequest,
    DescribeWorkflowExecutionRequest, GetClusterInfoRequest, GetClusterInfoResponse, GetSystemInfoRequest,
    RegisterNamespaceRequest,
};
use resurgam_judge::profile::Profile;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// How long closed workflows are kept: the shortest that every server accepts.
const RETENTION: Span = Span { seconds: 24 * 60 * 60, nanos: 0 };

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that has answered once.
pub(super) struct Probe {
    client: WorkflowServiceClient<Channel>,
    uri: String,
    version: String,
    server: Server,
}

/// Which server answers, by what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Temporal's own: it lists itself among the clients that it supports.
    Temporal,
    /// The one of this repository, by the name of its cluster.
    Resurgam,
    /// Another one, or one that does not say.
    Other,
}

impl Server {
    fn of(info: &GetClusterInfoResponse) -> Self {
        if info.supported_clients.contains_key("temporal-server") {
            Self::Temporal
        } else if info.cluster_name == "resurgam" {
            Self::Resurgam
        } else {
            Self::Other
        }
    }
}

impl Probe {
    /// Connects and asks for the version.
    pub(super) async fn open(uri: &str) -> Result<Probe, Error> {
        let mut client = client(connect(uri).await?);
        let info = client
            .get_system_info(asking(GetSystemInfoRequest {}))
            .await
            .map_err(|status| Error::Unusable { uri: uri.into(), problem: line(&status) })?;
        let version = info.into_inner().server_version;
        // A server that does not serve this call does not say which it is.
        let cluster = client.get_cluster_info(asking(GetClusterInfoRequest {})).await;
        let server = cluster.map_or(Server::Other, |cluster| Server::of(cluster.get_ref()));
        Ok(Probe { client, uri: uri.into(), version, server })
    }

    /// By what the server is judged if nobody chooses: by what it says it is.
    pub(super) fn profile(&self) -> Profile {
        match self.server {
            Server::Temporal => Profile::temporal(&self.version),
            Server::Resurgam => Profile::resurgam(),
            Server::Other => Profile::default(),
        }
    }

    /// The endpoint of a namespace, or of two; says nothing about whether they are usable.
    pub(super) fn endpoint(&self, namespace: &str, other_namespace: Option<&str>, target: &str) -> Endpoint {
        Endpoint {
            uri: self.uri.clone(),
            namespace: namespace.into(),
            other_namespace: other_namespace.map(str::to_owned),
            target: target.into(),
            version: self.version.clone(),
            profile: self.profile(),
        }
    }

    /// Whether the namespace is registered.
    pub(super) async fn registered(&mut self, namespace: &str) -> Result<bool, Status> {
        let request = DescribeNamespaceRequest { namespace: namespace.into(), ..Default::default() };
        match self.client.describe_namespace(asking(request)).await {
            Ok(_) => Ok(true),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(status),
        }
    }

    /// Registers the namespace; that it exists already is no error.
    pub(super) async fn register(&mut self, namespace: &str) -> Result<(), Status> {
        let request = RegisterNamespaceRequest {
            namespace: namespace.into(),
            description: "Cases of Resurgam".into(),
            workflow_execution_retention_period: Some(RETENTION),
            ..Default::default()
        };
        match self.client.register_namespace(asking(request)).await {
            Err(status) if status.code() != Code::AlreadyExists => Err(status),
            _ => Ok(()),
        }
    }

    /// Whether every service knows the namespace: visibility counts in it, history looks for a workflow in it, and
    /// matching has a task queue in it. Servers learn of a new namespace some time after it is registered.
    pub(super) async fn usable(&mut self, namespace: &str) -> Result<(), Status> {
        let count = CountWorkflowExecutionsRequest { namespace: namespace.into(), ..Default::default() };
        match self.client.count_workflow_executions(asking(count)).await {
            // A server without visibility has nothing to learn there.
            Err(status) if status.code() != Code::Unimplemented => return Err(status),
            _ => {}
        }
        let execution = WorkflowExecution { workflow_id: "resurgam-readiness".into(), ..Default::default() };
        let describe = DescribeWorkflowExecutionRequest { namespace: namespace.into(), execution: Some(execution) };
        match self.client.describe_workflow_execution(asking(describe)).await {
            Err(status) if status.code() == Code::NotFound && !names_namespace(&status) => {}
            Err(status) => return Err(status),
            Ok(_) => {}
        }
        let queue = DescribeTaskQueueRequest {
            namespace: namespace.into(),
            task_queue: Some(TaskQueue { name: "resurgam-readiness".into(), ..Default::default() }),
            task_queue_type: TaskQueueType::Workflow.into(),
            ..Default::default()
        };
        self.client.describe_task_queue(asking(queue)).await.map(drop)
    }
}

/// A request that does not wait for ever.
pub(super) fn asking<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// A status in one line.
pub(crate) fn line(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message()).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether it is the namespace that was not found: the details of the status then name that failure as their type.
fn names_namespace(status: &Status) -> bool {
    const TYPE: &[u8] = b"temporal.api.errordetails.v1.NamespaceNotFoundFailure";
    status.details().windows(TYPE.len()).any(|window| window == TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_what_it_says() {
        let named = |cluster: &str| GetClusterInfoResponse { cluster_name: cluster.into(), ..Default::default() };
        let clients = [("temporal-server".to_owned(), ">=1.0.0,<2.0.0".to_owned())].into();
        let temporal = GetClusterInfoResponse { supported_clients: clients, ..named("active") };
        assert_eq!(Server::of(&temporal), Server::Temporal);
        assert_eq!(Server::of(&named("resurgam")), Server::Resurgam);
        assert_eq!(Server::of(&named("active")), Server::Other);
    }

    #[test]
    fn a_missing_namespace_is_told_from_a_missing_workflow() {
        let status = |details: &str| Status::with_details(Code::NotFound, "x", details.as_bytes().to_vec().into());
        let any = |name: &str| format!("\x12\x40type.googleapis.com/temporal.api.errordetails.v1.{name}\x12\x00");
        assert!(names_namespace(&status(&any("NamespaceNotFoundFailure"))));
        assert!(!names_namespace(&status(&any("NotFoundFailure"))));
        assert_eq!(line(&Status::unavailable("a\n  b")), "Unavailable: a b");
    }
}
