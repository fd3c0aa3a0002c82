//! The shard's runtime with a small stand-in for the engine, a fake cluster, and stores that are honest or not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod basic;
mod chain;
mod fixture;
mod ledger;
mod reading;
mod retention;
mod standin;
mod transfers;
