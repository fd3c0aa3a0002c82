//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges.

pub mod doctor;
pub mod real;
pub mod setup;
pub mod target;
