//! All that an orchestrator needs to be tested by Resurgam, and nothing else: what a node is given ([`NodeContext`]), what
//! it has to serve ([`calls`]), what it may ask of a database ([`store`]), and the trait that ties them together
//! ([`Orchestrator`]).
//!
//! An orchestrator depends on this crate alone; its tests depend on `resurgam-harness` as well. Nothing here knows the
//! simulation, the rules, or the orchestrator of this repository, which is written against the same trait.
//!
//! ```
//! use resurgam_node::prelude::*;
//!
//! struct Mine;
//!
//! #[async_trait]
//! impl Orchestrator for Mine {
//!     fn name(&self) -> &str {
//!         "mine"
//!     }
//!
//!     async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
//!         let service = WorkflowServiceServer::new(Service);
//!         let connections = node.environment.listen(&NodeContext::frontend_address()).await?;
//!         tonic::transport::Server::builder().add_service(service).serve_with_incoming(connections).await?;
//!         Ok(())
//!     }
//! }
//!
//! /// Every call that is not written here answers UNIMPLEMENTED, and the report says so.
//! struct Service;
//!
//! impl WorkflowService for Service {}
//! ```

pub mod calls;
mod context;
mod orchestrator;
pub mod prelude;
pub mod store;

pub use context::{FRONTEND_PORT, NodeContext, host};
pub use orchestrator::{Failure, HandOver, Orchestrator, Promises};
pub use resurgam_api::environment::{self, Environment};
