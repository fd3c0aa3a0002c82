//! The history service: owner of shards, and with them of workflows.
//!
//! A workflow id belongs to one shard, a shard to one partition of the store and one fenced log. Whoever holds the log's
//! tenure works on the shard; the engine says what an input does, the log makes it true, and only then anybody hears.

pub mod attached;
pub(crate) mod bounds;
mod calls;
pub mod engine;
pub mod entity;
pub mod indexed;
mod multi_operation;
pub mod parts;
pub mod remote;
mod reset;
pub mod schedule;
pub mod service;
pub mod shard;
pub mod shards;
pub mod state;
pub mod task;
