//! A service without meaning, to see whether calls arrive.

use resurgam_api::environment::Environment;
use resurgam_simulation::{Node, server};
use std::error::Error;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

pub(crate) type Client = HealthClient<Channel>;

struct Echo;

#[tonic::async_trait]
impl Health for Echo {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let status = i32::try_from(request.into_inner().service.len()).unwrap_or(0) % 2;
        Ok(Response::new(HealthCheckResponse { status }))
    }

    type WatchStream = futures_util::stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("watch"))
    }
}

/// Serves on port 7000.
pub(crate) async fn echo(node: Node) -> Result<(), Box<dyn Error>> {
    let incoming = node.listen("0.0.0.0:7000").await?;
    Ok(server().add_service(HealthServer::new(Echo)).serve_with_incoming(incoming).await?)
}

pub(crate) fn client(node: &Node, address: &str) -> Client {
    HealthClient::new(node.channel(address).unwrap())
}

pub(crate) async fn call(client: &mut Client, service: &str) -> Result<i32, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    client.check(request).await.map(|response| response.into_inner().status)
}
