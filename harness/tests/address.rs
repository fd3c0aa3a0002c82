//! A server at an address is judged by what it says it is, and not by a name or a version that somebody recognises.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::target::Address;
use resurgam_judge::profile::Profile;
use resurgam_node::prelude::*;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A server that answers the questions of the suite and nothing else. It always claims a version of Temporal's.
struct Server {
    /// What it says it is, if it serves that call.
    cluster: Option<api::GetClusterInfoResponse>,
}

const VERSION: &str = "1.31.2";

#[async_trait]
impl WorkflowService for Server {
    async fn get_system_info(
        &self,
        _: Request<api::GetSystemInfoRequest>,
    ) -> Result<Response<api::GetSystemInfoResponse>, Status> {
        Ok(Response::new(api::GetSystemInfoResponse { server_version: VERSION.into(), ..Default::default() }))
    }

    async fn get_cluster_info(
        &self,
        _: Request<api::GetClusterInfoRequest>,
    ) -> Result<Response<api::GetClusterInfoResponse>, Status> {
        self.cluster.clone().map(Response::new).ok_or_else(|| Status::unimplemented("not here"))
    }

    async fn describe_namespace(
        &self,
        _: Request<api::DescribeNamespaceRequest>,
    ) -> Result<Response<api::DescribeNamespaceResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn describe_workflow_execution(
        &self,
        _: Request<api::DescribeWorkflowExecutionRequest>,
    ) -> Result<Response<api::DescribeWorkflowExecutionResponse>, Status> {
        Err(Status::not_found("there is none"))
    }

    async fn describe_task_queue(
        &self,
        _: Request<api::DescribeTaskQueueRequest>,
    ) -> Result<Response<api::DescribeTaskQueueResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}

/// By what a server is judged that says this of itself.
async fn judged(cluster: Option<api::GetClusterInfoResponse>) -> Profile {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let service = WorkflowServiceServer::new(Server { cluster });
    let serving =
        tonic::transport::Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener));
    let serving = tokio::spawn(serving);
    let opened = Address::open(&address, None).await.unwrap();
    assert_eq!((opened.endpoint().target.as_str(), opened.endpoint().version.as_str()), ("address", VERSION));
    serving.abort();
    opened.endpoint().profile.clone()
}

#[tokio::test]
async fn the_profile_is_what_the_server_says_it_is() {
    let named = |cluster: &str| api::GetClusterInfoResponse { cluster_name: cluster.into(), ..Default::default() };
    let clients = [("temporal-server".to_owned(), ">=1.0.0,<2.0.0".to_owned())].into();
    let temporal = api::GetClusterInfoResponse { supported_clients: clients, ..named("active") };
    assert_eq!(judged(Some(temporal)).await, Profile::temporal(VERSION));
    assert_eq!(judged(Some(named("resurgam"))).await, Profile::resurgam());
    // The version alone makes it nothing.
    assert_eq!(judged(Some(named("active"))).await, Profile::default());
    assert_eq!(judged(None).await, Profile::default());
    assert_ne!(Profile::temporal(VERSION), Profile::default(), "the test tells nothing apart");
    assert_ne!(Profile::resurgam(), Profile::default(), "the test tells nothing apart");
}
