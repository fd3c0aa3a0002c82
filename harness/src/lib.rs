//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges: judging is calling
//! `resurgam-judge` on what was recorded.

pub mod answer;
pub mod case;
mod check;
mod client;
mod convert;
pub mod doctor;
mod history;
pub mod real;
pub mod recorder;
pub mod run;
mod session;
pub mod setup;
pub mod shrink;
pub mod simulated;
mod simulated_run;
mod subject;
pub mod target;
mod wire;
mod worker;

pub use check::{Check, Checked, Failed, check};
pub use resurgam_formats::plan::Family;
pub use resurgam_generate::Feature;
pub use simulated_run::SimulatedRun;
pub use subject::{Auditor, Partitions, Subject};
