//! A proxy between a node of a server and Cassandra, which ends calls in the ways in which Cassandra may end them: answers that are
//! lost, requests that come late, errors that say nothing of what was done.
//!
//! It knows CQL's frames (version 4 of the protocol, without compression), which statement a request is of, by the tables of our
//! orchestrator and of Temporal's server, and nothing else of who sends it. Nothing is made up but errors: what is applied is applied by Cassandra, and what it answers is passed on or not.
//! It never changes a request, and where one is sent twice the copies are equal.

mod connection;
mod error;
mod frame;
mod proxy;
mod shared;
mod statement;

pub(crate) use proxy::Proxy;
