//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges: judging is calling
//! `resurgam-models` on what was recorded.

pub mod answer;
pub mod case;
mod client;
mod convert;
pub mod doctor;
mod history;
pub mod real;
pub mod recorder;
pub mod run;
mod session;
pub mod setup;
pub mod target;
mod wire;
mod worker;
pub mod world;
