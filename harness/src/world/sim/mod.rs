//! The deterministic simulation: nodes, network, clocks and chance, all from one seed.
//!
//! Nodes are hosts of turmoil with real tonic servers on them, so HTTP/2, flow control, keep-alive and resets are those
//! of production. [`Simulation`] runs one simulation on one fresh thread; [`Node`] is the
//! [`Environment`](resurgam_api::environment::Environment) that a node gets; [`Nemesis`] does what is done to them. The
//! same seed gives the same bytes at the same times on every link, and [`Outcome::trace`] is their hash.
//!
//! Nothing here knows workflows, and nothing may ask the machine: not for time, randomness, threads or files.

#[cfg(not(tokio_unstable))]
compile_error!(
    "Resurgam's simulation needs tokio built with `--cfg tokio_unstable`: without it, panics of tasks pass unseen and \
     `select!` does not repeat. Put `[build] rustflags = [\"--cfg\", \"tokio_unstable\"]` into .cargo/config.toml of your \
     workspace, and unset the environment variable RUSTFLAGS or add `--cfg tokio_unstable` to it."
);

mod audit;
mod builtin;
mod case;
mod clock;
mod database;
mod episode;
mod fabric;
mod frames;
mod hand;
mod jitter;
mod kernel;
mod ledger;
mod links;
mod nemesis;
mod network;
mod node;
mod panics;
mod seat;
mod seed;
mod view;

pub use builtin::Builtin;
pub use case::{Simulated, execute};
pub use episode::{Accomplice, Episode};
pub use hand::Unfaithful;
pub use jitter::Jitter;
pub use kernel::{Cluster, DRIVER_NAME, EPOCH, Failure, Outcome, Simulation, TICK, Why};
pub use nemesis::Nemesis;
pub use network::server;
pub use node::Node;
pub use seat::{FRONTEND_PORT, INTERNAL_PORT, Orchestrator, Partitions, Seat, host};
pub use seed::derive;
