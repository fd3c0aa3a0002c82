//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges: judging is calling
//! `resurgam-judge` on what was recorded.

pub mod answer;
pub mod case;
mod check;
mod client;
mod convert;
pub mod doctor;
mod history;
mod hunt;
pub mod real;
pub mod recorder;
pub mod run;
mod session;
pub mod setup;
pub mod shrink;
pub mod target;
mod trial;
mod wire;
mod worker;
pub mod world;

pub use check::{Check, Checked, Failed, check};
pub use hunt::{Hunt, hunt};
pub use resurgam_orchestrator::planted::Bug;
pub use trial::Trial;
pub use world::sim::{Builtin, Orchestrator, Partitions, Seat};
