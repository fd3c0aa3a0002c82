//! The truth of Resurgam: the data of plans, recordings and verdicts; programs and the semantics of a reentrant
//! process; the rules.
//!
//! Nothing here does I/O, awaits, reads a clock or draws randomness except from a given generator. Nothing here knows
//! protobuf or an orchestrator: the judge shares no code with what it judges.

pub mod audit;
pub mod case;
pub mod cassandra;
pub mod command;
pub mod compare;
pub mod corrupt;
pub mod coverage;
pub mod deadline;
pub mod event;
pub mod evidence;
pub mod failure;
pub mod generate;
pub mod judge;
pub mod listing;
pub mod marker;
pub mod milestone;
pub mod notation;
pub mod plan;
pub mod profile;
pub mod program;
pub mod recording;
pub mod results;
pub mod rule_id;
pub mod rules;
pub mod semantics;
pub mod shrink;
pub mod simulation;
pub mod summary;
pub mod target;
pub mod tenure;
pub mod verdict;
pub mod wgl;
pub mod wire;
