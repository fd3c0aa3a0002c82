//! The explorer of the public API: it draws a situation of a workflow and a request, does the same on two servers, and compares all
//! that comes back.
//!
//! What a server answers can be kept ([`recording`]): then another one is held against that, or an orchestrator in the simulation.
//!
//! What is drawn is data: situations are steps, a request is a valid one with fields drawn anew by what the protos say of them,
//! so no field can be forgotten. Nothing here knows what an answer should be: one server is held against the other, and a difference is
//! explained by a named freedom or by nothing.

mod bindings;
mod campaign;
mod case;
mod catalogue;
mod course;
mod coverage;
mod difference;
mod found;
mod freedom;
mod known;
#[cfg(test)]
mod known_tests;
mod looks;
mod normal;
mod notation;
mod outcome;
mod pair;
pub mod recording;
mod request;
mod restart;
mod script;
mod server;
mod shrink;
mod side;
mod simulated;
mod values;
mod written;

pub use campaign::Order;
pub use case::Case;
pub use difference::Difference;
pub use found::{Found, Kind};
pub use pair::Pair;
pub use server::Server;
pub use shrink::shrink;
pub use simulated::{Between, Held, TOGETHER, hold_simulated};
