//! Runs cases: targets, clients, workers, recorder and runner. It records, and never judges: judging is calling
//! `resurgam-judge` on what was recorded.

pub mod answer;
mod asked;
pub mod case;
pub mod case_directory;
mod check;
mod client;
mod convert;
mod cql;
pub mod doctor;
pub mod engine;
mod history;
pub mod image;
mod links;
mod listed;
mod misuse;
pub mod order;
pub mod outputs;
mod port;
mod processes;
mod reading;
pub mod real;
pub mod recorder;
pub mod run;
pub mod run_directory;
mod session;
pub mod setup;
pub mod shrink;
pub mod simulated;
mod stage;
pub mod stop;
mod store_faults;
mod subject;
pub mod target;
mod tokens;
mod trial;
mod wire;
mod worker;

pub use case_directory::CaseDirectory;
pub use check::{Check, Checked, Failed, check};
pub use resurgam_formats::plan::Family;
pub use resurgam_generate::Feature;
pub use stop::Stop;
pub use subject::{Auditor, Partitions, Subject};
pub use trial::{PREFIX, Trial, prefix};
