//! The smallest orchestrator that the suite can test: one node, everything in memory, nothing repaired. It is written
//! against `resurgam-node` alone, to show what that takes; the README says what it breaks, and `tests/naive.rs` holds it
//! to that.
//!
//! `run` is a workflow run: its events, and what it waits for (`arrival`); `command` is what workers want of it. `runs` is all of
//! them, `service` answers the calls, with tasks named by a `token`.

mod arrival;
mod command;
mod run;
mod runs;
mod service;
mod token;

use resurgam_node::prelude::*;

/// The orchestrator; by default without the mistake.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naive {
    /// A mistake that is easily made: what arrives while a worker decides is forgotten, instead of being kept until it
    /// has decided.
    pub forgets: bool,
}

#[async_trait]
impl Orchestrator for Naive {
    fn name(&self) -> &str {
        if self.forgets { "naive-forgetful" } else { "naive" }
    }

    async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
        let connections = node.environment.listen(&NodeContext::frontend_address()).await?;
        let service = WorkflowServiceServer::new(service::Service::new(node.environment, self.forgets));
        tonic::transport::Server::builder().add_service(service).serve_with_incoming(connections).await?;
        Ok(())
    }
}
