//! The way to the internal services of a node: a connection to another node, a plain call to those of its own.
//!
//! What a node asks itself must not depend on its network: a connection to oneself can break under load like any other,
//! and then calls fail together although nobody is gone.

use super::deadline;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codegen::{Service, StdError, http};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Status, TimeoutExpired};

/// A way to the services of a node.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// Another node, over the network.
    Other(Channel),
    /// This node, without the network.
    Own(Own),
}

/// The services of this node, while it serves.
#[derive(Clone, Debug, Default)]
pub struct Own(Arc<Mutex<Option<Routes>>>);

/// As long as it lives the node's own services can be called.
#[derive(Debug)]
pub struct Serving(Own);

impl Own {
    /// From now on these are called. They may hold on to this: it lets go of them when it is over.
    #[must_use]
    pub fn serve(&self, services: Routes) -> Serving {
        *self.lock() = Some(services);
        Serving(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Routes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let services = self.0.lock().take();
        // They are dropped when nothing is locked any more.
        drop(services);
    }
}

impl Service<http::Request<Body>> for Peer {
    type Response = http::Response<Body>;
    type Error = StdError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Other(channel) => channel.poll_ready(cx).map_err(Into::into),
            Self::Own(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let own = match self {
            Self::Other(channel) => {
                let answer = channel.call(request);
                return Box::pin(async move { Ok(answer.await?) });
            }
            Self::Own(own) => own.lock().clone(),
        };
        let limit = deadline::limit(&MetadataMap::from_headers(request.headers().clone()));
        Box::pin(async move {
            let Some(mut services) = own else { return Ok(Status::unavailable("the node does not serve").into_http()) };
            let answer = services.call(request);
            match limit {
                None => Ok(answer.await?),
                // Told as a connection tells it.
                Some(limit) => Ok(tokio::time::timeout(limit, answer).await.map_err(|_| TimeoutExpired(()))??),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tonic::{Code, Request, Response};
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::health_server::{Health, HealthServer};
    use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

    /// Answers `now` at once, and anything else never.
    struct Slow;

    #[tonic::async_trait]
    impl Health for Slow {
        type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

        async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
            if request.into_inner().service != "now" {
                std::future::pending::<()>().await;
            }
            Ok(Response::new(HealthCheckResponse::default()))
        }

        async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
            Err(Status::unimplemented(""))
        }
    }

    async fn ask(own: &Own, service: &str) -> Option<Code> {
        let mut request = Request::new(HealthCheckRequest { service: service.to_owned() });
        request.set_timeout(Duration::from_millis(20));
        HealthClient::new(Peer::Own(own.clone())).check(request).await.err().map(|status| status.code())
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_calls_its_own_services_while_it_serves() {
        let own = Own::default();
        assert_eq!(ask(&own, "now").await, Some(Code::Unavailable));
        let serving = own.serve(Routes::new(HealthServer::new(Slow)));
        assert_eq!(ask(&own, "now").await, None);
        assert_eq!(ask(&own, "later").await, Some(Code::Cancelled), "as tonic's channels say that the time is over");
        drop(serving);
        assert_eq!(ask(&own, "now").await, Some(Code::Unavailable));
    }
}
