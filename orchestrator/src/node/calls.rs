//! What the log says of the calls of clients: nothing of those that succeed. What a client gets wrong, or has to try again, is
//! its own affair and said at debug; what no answer of a sound server is, at error.

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use tonic::service::Routes;
use tonic::{Code, Status};
use tracing::Level;

/// The same calls, those that fail logged.
pub(super) fn logged(routes: Routes) -> Routes {
    Routes::from(routes.into_axum_router().layer(middleware::from_fn(call)))
}

async fn call(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    // Whoever fails before the first message says so in the headers.
    if let Some(status) = Status::from_header_map(response.headers()) {
        let (call, code, message) = (uri.path(), status.code(), status.message());
        match level(code) {
            Some(Level::ERROR) => tracing::error!(call, ?code, message, "a call failed"),
            Some(_) => tracing::debug!(call, ?code, message, "a call was refused"),
            None => {}
        }
    }
    response
}

/// How grave it is to answer with this code.
fn level(code: Code) -> Option<Level> {
    match code {
        Code::Ok => None,
        Code::Internal | Code::Unknown | Code::DataLoss => Some(Level::ERROR),
        Code::Cancelled
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unavailable
        | Code::Unauthenticated => Some(Level::DEBUG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::health_server::{Health, HealthServer};
    use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

    /// Answers with the code that the caller names.
    struct Failing;

    #[tonic::async_trait]
    impl Health for Failing {
        type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

        async fn check(
            &self,
            request: tonic::Request<HealthCheckRequest>,
        ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
            match request.into_inner().service.parse().map(Code::from_i32) {
                Ok(Code::Ok) | Err(_) => Ok(tonic::Response::new(HealthCheckResponse::default())),
                Ok(code) => Err(Status::new(code, "why")),
            }
        }

        async fn watch(
            &self,
            _: tonic::Request<HealthCheckRequest>,
        ) -> Result<tonic::Response<Self::WatchStream>, Status> {
            Err(Status::unimplemented(""))
        }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_a_client_gets_wrong_is_no_error_of_the_server() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_max_level(Level::DEBUG).without_time().with_ansi(false);
        let _logging = tracing::subscriber::set_default(log.with_writer(move || writer.clone()).finish());
        let mut client = HealthClient::new(logged(Routes::new(HealthServer::new(Failing))));
        for (code, said) in
            [(Code::Ok, ""), (Code::NotFound, "DEBUG"), (Code::Unavailable, "DEBUG"), (Code::Internal, "ERROR")]
        {
            lines.0.lock().unwrap().clear();
            let request = HealthCheckRequest { service: (code as i32).to_string() };
            assert_eq!(client.check(request).await.map_or_else(|status| status.code(), |_| Code::Ok), code);
            let line = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert_eq!(line.split_whitespace().next().unwrap_or_default(), said, "{line}");
            assert!(said.is_empty() || line.contains("grpc.health.v1.Health/Check") && line.contains("why"), "{line}");
        }
    }
}
