//! The history service of one node, by gRPC.

use super::calls::ServedCall;
use super::shards::{Dependencies, Shards};
use crate::cluster::deadline;
use resurgam_api::serve_history;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// How long callers wait who say nothing else.
const LIMIT: Duration = Duration::from_secs(30);

/// The history service.
pub struct HistoryService(Shards);

impl HistoryService {
    /// Begins to work on the shards that are this node's, until `stop` is cancelled.
    pub fn start(dependencies: Dependencies, stop: CancellationToken) -> Self {
        Self(Shards::start(dependencies, stop))
    }

    /// Serves one call, whatever it is.
    async fn serve<C: ServedCall>(&self, request: Request<C>) -> Result<Response<C::Answer>, Status> {
        let limit = deadline::limit(request.metadata()).unwrap_or(LIMIT);
        request.into_inner().serve(&self.0, limit).await.map(Response::new)
    }
}

serve_history!(HistoryService);
