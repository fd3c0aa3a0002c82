//! What many cases add up to: coverage, milestones, the traffic of simulations, the summary of a run, the sum of comparisons.
//!
//! Nothing here judges: it counts what recordings show and what the judge said.

pub mod comparison;
pub mod coverage;
pub mod milestone;
pub mod origin;
pub mod results;
pub mod rule_summary;
pub mod simulation;
pub mod summary;
