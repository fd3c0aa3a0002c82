//! The kernel of the deterministic simulation: nodes, network, clocks and chance, all from one seed.
//!
//! Nodes are hosts of turmoil with real tonic servers on them, so HTTP/2, flow control, keep-alive and resets are those
//! of production. [`Simulation`] runs one simulation on one fresh thread; [`Node`] is the
//! [`Environment`](resurgam_api::environment::Environment) that a node gets; [`Nemesis`] takes the orders for faults. The
//! same seed gives the same bytes at the same times on every link, and [`Ended::trace`] is their hash.
//!
//! Nothing here knows workflows, orchestrators or databases, and nothing may ask the machine: not for time, randomness,
//! threads or files.

mod clock;
mod fabric;
mod failure;
mod fault;
mod frames;
mod gate;
mod injector;
mod jitter;
mod kernel;
mod links;
mod nemesis;
mod network;
mod node;
mod panics;
mod record;
mod seed;

pub use fabric::Traffic;
pub use failure::{Failure, Why};
pub use fault::{Fault, Side, Way};
pub use injector::Unfaithful;
pub use jitter::Jitter;
pub use kernel::{Cluster, EPOCH, Ended, Simulation, TICK};
pub use nemesis::Nemesis;
pub use network::server;
pub use node::Node;
pub use record::{ExternalFaults, FaultRecord};
pub use seed::derive;
