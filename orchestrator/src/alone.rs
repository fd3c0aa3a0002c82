//! One shard by itself, without a node around it, for whoever measures what a step costs.

pub use crate::cluster::Rejection;
pub use crate::history::shard::{Added, Dispatcher, Shard, ShardConfig};
