//! The history service: owner of shards, and with them of workflows.
//!
//! A workflow id belongs to one shard, a shard to one partition of the store and one fenced log. Whoever holds the log's
//! tenure works on the shard; the engine says what an input does, the log makes it true, and only then anybody hears.

pub(crate) mod bounds;
mod calls;
pub mod engine;
mod multi_operation;
mod operation;
pub mod remote;
mod reset;
mod reset_point;
mod selection;
pub mod service;
pub mod shard;
pub mod shards;
