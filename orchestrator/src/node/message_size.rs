//! Messages of clients that are too large. Libraries for gRPC refuse them in words of their own, and official SDKs know those of
//! the real server's: a worker that hears them says that its answer cannot be sent, one that does not sends it again for ever.
//! So refusals are said in the real server's words here. Nothing is measured here.

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use tonic::service::Routes;
use tonic::{Code, Status};

/// The largest message of a client, in bytes.
pub(super) const LARGEST: usize = 4 << 20;

/// The same calls, which refuse messages that are too large in words that SDKs know.
pub(super) fn in_known_words(routes: Routes) -> Routes {
    Routes::from(routes.into_axum_router().layer(middleware::from_fn(call)))
}

async fn call(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match Status::from_header_map(response.headers()).and_then(|status| known(&status)) {
        Some(status) => status.into_http(),
        None => response,
    }
}

/// What the real server says in place of this refusal, if it is one of a message that is too large.
fn known(status: &Status) -> Option<Status> {
    let said = status.message();
    let message = match status.code() {
        Code::OutOfRange => {
            let sizes = said.strip_prefix("Error, decoded message length too large: found ")?;
            let (found, limit) = sizes.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")?;
            format!("grpc: received message larger than max ({found} vs. {limit})")
        }
        Code::ResourceExhausted => {
            let limit = said.strip_prefix("Error decompressing: size limit, of ")?;
            let limit = limit.strip_suffix(" bytes, exceeded while decompressing message")?;
            format!("grpc: received message after decompression larger than max {limit}")
        }
        _ => return None,
    };
    Some(Status::resource_exhausted(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::codec::CompressionEncoding::Gzip;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;

    #[tokio::test]
    async fn what_is_too_large_is_refused_as_by_the_real_server() {
        let (_health, checks) = tonic_health::server::health_reporter();
        let checks = checks.max_decoding_message_size(1000).accept_compressed(Gzip);
        let routes = in_known_words(Routes::new(checks));
        let plain = HealthClient::new(routes.clone());
        let packed = HealthClient::new(routes).send_compressed(Gzip);
        for (mut client, says) in [
            (plain, "grpc: received message larger than max (2003 vs. 1000)"),
            (packed, "grpc: received message after decompression larger than max 1000"),
        ] {
            let refused = client.check(HealthCheckRequest { service: "x".repeat(2000) }).await.unwrap_err();
            assert_eq!((refused.code(), refused.message()), (Code::ResourceExhausted, says));
            let other = client.check(HealthCheckRequest { service: "x".repeat(200) }).await.unwrap_err();
            assert_eq!(other.code(), Code::NotFound, "{other}");
        }
    }
}
