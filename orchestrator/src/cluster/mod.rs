//! What the services share, and what ties the nodes of a cluster together: who is a member and who owns what, the way to an
//! owner, namespaces, and how calls, refusals, deadlines and task tokens look on the wire, and the keys of tokens.
//!
//! It decides nothing about workflows or tasks, and knows none of the services.

pub(crate) mod bound;
pub mod config;
pub(crate) mod deadline;
pub(crate) mod membership;
pub mod namespace;
pub mod namespaces;
pub(crate) mod peer;
pub(crate) mod queue_name;
mod registrar;
mod rejection;
pub(crate) mod router;
pub(crate) mod sizes;
pub(crate) mod status;
pub(crate) mod task_token;
pub(crate) mod time;
pub mod token_keys;

pub use config::{BATCHES, Config, Member};
pub use rejection::Rejection;
pub use token_keys::TokenKeys;
