//! What is stored, for whoever looks at it from outside, such as an audit.

pub use crate::cluster::namespace::names as namespace_names;
pub use crate::history::engine::Limits;
pub use crate::history::shard::rows;
pub use crate::matching::QueueRows;
