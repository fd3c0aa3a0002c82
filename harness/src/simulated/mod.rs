//! A case in the simulation: a cluster of the orchestrator, its database, clients and workers, and the faults of the plan.
//!
//! `case` ties them together; `injection` says what the plan's faults are to the simulation, `faults` does those that it cannot
//! do, `schedule` says when they begin; `database` is the model of Cassandra, `store` one node's way to it, `ledger` the book of who was told what,
//! `audits` what its rows mean from time to time, `expiry` how runs are deleted in the end, `growth`
//! what calls cost beside many of something, `crowd` how those are made. `visit` is a cluster without a case.

mod audits;
mod case;
mod crowd;
mod database;
mod expiry;
mod faults;
mod growth;
mod idle;
mod injection;
mod ledger;
mod nodes;
mod paused_store;
mod registration;
mod schedule;
mod store;
mod visit;

pub use case::{Executed, execute};
pub use visit::{Visited, visit};
