//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges: judging is calling
//! `resurgam-judge` on what was recorded.

pub mod answer;
pub mod case;
pub mod case_directory;
mod check;
mod client;
mod convert;
pub mod doctor;
mod history;
mod hunt;
pub mod outputs;
pub mod real;
pub mod recorder;
pub mod run;
pub mod run_directory;
mod session;
pub mod setup;
pub mod shrink;
pub mod stop;
pub mod target;
mod trial;
mod wire;
mod worker;
pub mod world;

pub use case_directory::CaseDirectory;
pub use check::{Check, Checked, Failed, check};
pub use hunt::{Hunt, hunt};
pub use resurgam_orchestrator::planted::Bug;
pub use stop::Stop;
pub use trial::{PREFIX, Trial, prefix};
pub use world::sim::{Builtin, Orchestrator, Partitions, Seat};
