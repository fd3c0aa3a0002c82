//! Refusals that are too large. A status travels in headers, and whoever gets too many bytes of them closes the connection, with all
//! other calls on it: clients, and nodes among themselves. So what a refusal repeats of its request is cut here, whichever service
//! refuses. No code is changed.

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use bytes::Bytes;
use tonic::Status;
use tonic::service::Routes;

/// So many characters of a message are sent.
pub(super) const LONGEST: usize = 4000;
/// Larger details are not sent, in bytes. The failure that a query ended with is one.
pub(super) const MOST_DETAILS: usize = 1 << 20;

/// The same calls, with refusals that fit into headers.
pub(super) fn bounded(routes: Routes) -> Routes {
    Routes::from(routes.into_axum_router().layer(middleware::from_fn(call)))
}

async fn call(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match Status::from_header_map(response.headers()).and_then(|status| cut(&status)) {
        Some(status) => status.into_http(),
        None => response,
    }
}

/// What is sent in place of this status, if that is too large.
fn cut(status: &Status) -> Option<Status> {
    let (message, details) = (status.message(), status.details());
    let short = message.char_indices().nth(LONGEST).map_or(message, |(end, _)| &message[..end]);
    if details.len() > MOST_DETAILS {
        Some(Status::new(status.code(), short))
    } else if short.len() < message.len() {
        Some(Status::with_details(status.code(), short, Bytes::copy_from_slice(details)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::health_server::{Health, HealthServer};

    /// Refuses in the words of the request.
    struct Refusing;

    #[tonic::async_trait]
    impl Health for Refusing {
        type WatchStream = tokio_stream::Empty<Result<tonic_health::pb::HealthCheckResponse, Status>>;

        async fn check(
            &self,
            request: tonic::Request<HealthCheckRequest>,
        ) -> Result<tonic::Response<tonic_health::pb::HealthCheckResponse>, Status> {
            let words = request.into_inner().service;
            let details = Bytes::from(words.clone());
            Err(Status::with_details(Code::NotFound, words, details))
        }

        async fn watch(
            &self,
            _: tonic::Request<HealthCheckRequest>,
        ) -> Result<tonic::Response<Self::WatchStream>, Status> {
            Err(Status::unimplemented(""))
        }
    }

    #[tokio::test]
    async fn a_refusal_repeats_only_so_much() {
        let mut client = HealthClient::new(bounded(Routes::new(HealthServer::new(Refusing))));
        for (words, told, details) in [
            ("as it is".to_owned(), "as it is".to_owned(), 8),
            ("\u{fc}".repeat(LONGEST + 1), "\u{fc}".repeat(LONGEST), 2 * LONGEST + 2),
            ("x".repeat(MOST_DETAILS + 1), "x".repeat(LONGEST), 0),
        ] {
            let refused = client.check(HealthCheckRequest { service: words }).await.unwrap_err();
            assert_eq!(
                (refused.code(), refused.message(), refused.details().len()),
                (Code::NotFound, told.as_str(), details)
            );
        }
    }
}
