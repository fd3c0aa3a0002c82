//! The data of Resurgam: programs, plans, commands, events, recordings, evidence and verdicts, and how they are read from
//! files that anyone may have written.
//!
//! Everything else in this repository speaks in these types. Nothing here executes, generates or judges; nothing does
//! I/O, awaits, reads a clock or knows protobuf.

pub mod audit;
pub mod case;
pub mod command;
pub mod cost;
pub mod event;
pub mod evidence;
pub mod failure;
pub mod kept;
pub mod label;
pub mod listed;
pub mod listing;
pub mod marker;
pub mod notes;
pub mod objects;
pub mod plan;
pub mod profile;
pub mod program;
pub mod recording;
pub mod rule;
pub mod rule_id;
pub mod scenario;
pub mod shrinking;
pub mod store;
pub mod target;
pub mod tenure;
pub mod time;
pub mod verdict;
pub mod wire;
