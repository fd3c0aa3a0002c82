//! The judge: rules, the search for linearizability, the naive replay of programs, what targets are known to do
//! differently, and the verdict.
//!
//! It reads evidence and nothing else. It shares no code with what it judges, nor with the worker's brain
//! (`resurgam-machine`), so that a misread contract shows up as a difference between the two.

pub mod differences;
mod judge;
pub mod objects;
pub mod provenance;
pub mod replay;
pub mod rules;
mod wgl;

pub use judge::judge;
pub use resurgam_formats::profile;
