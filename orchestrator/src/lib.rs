//! An orchestrator for durable execution that speaks the Temporal API: frontend, history and matching services over a narrow
//! store.
//!
//! Data flows one way: a request reaches the frontend, which routes it to the owner of a shard (`history`) or of a task
//! queue partition (`matching`); a pure engine turns it into a transition; the fenced log (`log`) commits that; then, and
//! not before, it is answered. Safety rests on the log alone: membership, ownership and clocks may be wrong at any time.
//!
//! The folders have an order, `node > frontend | history | matching > cluster > log > store`: each uses those to its right, none to
//! its left or beside it. `cluster` is what the services share. A server that is made of nodes is the crate in `server/`. What needs
//! nothing of what is here is in crates of its own: what is stored of a run in `state/`, what a schedule does in `schedule/`, the list
//! of workflows in `visibility/`.

#![allow(unreachable_pub, reason = "in a private module, `pub` means: for the rest of the crate")]

pub mod alone;
pub mod cluster;
mod frontend;
mod history;
pub mod invariant;
mod log;
mod matching;
pub mod node;
pub mod planted;
pub mod stored;
pub use resurgam_node::store;
#[cfg(test)]
mod testing;
