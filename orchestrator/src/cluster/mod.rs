//! What the services share, and what ties the nodes of a cluster together: who is a member and who owns what, the way to an
//! owner, namespaces, and how calls, refusals, deadlines and task tokens look on the wire.
//!
//! It decides nothing about workflows or tasks, and knows none of the services.

pub mod config;
pub mod deadline;
pub mod membership;
pub mod namespaces;
pub mod rejection;
pub mod router;
pub mod status;
pub mod task_token;

pub use config::{Config, Member};
pub use rejection::Rejection;
