//! One node: all services of the orchestrator in one process, and what ties nodes together. Every node serves every call;
//! which one does the work is a matter of [`membership`](crate::cluster::membership), which may be wrong at any time without harm.

pub mod bounds;
mod calls;
mod connections;
mod message_size;
#[allow(clippy::module_inception, reason = "the node itself")]
mod node;
pub mod reflection;
mod refusal_size;
pub mod served;

pub use node::{Error, Node, run};
