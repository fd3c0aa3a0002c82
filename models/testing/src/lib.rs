//! Support for tests: evidence in a short notation, a fake server that writes histories, evidence with one thing made
//! wrong in it, and small programs in which much happens at once.
//!
//! Only dev-dependencies reach this crate, so nothing of it is in a released program.

pub mod corrupt;
pub mod dense;
pub mod fake_server;
pub mod leaf;
pub mod notation;
mod other;
