//! The runtime of one shard: one task owns the shard's log and a cache of workflows; everybody else talks to it through a
//! [`Shard`]. Requests that wait at the same time are committed together; an answer leaves only after the commit of what it
//! was computed from, answers that change nothing included. How the engine decides is not known here.

mod action;
mod actor;
mod cache;
mod chain;
mod config;
mod deletion;
mod dispatch;
mod expiries;
mod handle;
mod history;
mod job;
mod keys;
mod line;
mod listing;
mod node;
mod operation;
mod part;
mod place;
mod queue;
mod recorded;
mod refill;
mod request;
mod reverse;
mod route;
pub mod rows;
mod sending;
mod stored;
#[cfg(test)]
mod tests;
mod timers;
mod transfer;
mod transfers;
mod turn;
mod watches;

pub(crate) use actor::TRANSFERS;
pub(crate) use cache::{BYTES as CACHED, CAPACITY};
pub(crate) use chain::BYTES;
pub(crate) use config::PAGE;
pub use config::ShardConfig;
pub use dispatch::{Added, Dispatcher};
pub(crate) use expiries::MOST as DELETIONS;
pub(crate) use handle::INBOX;
pub use handle::Shard;
#[cfg(test)]
pub(crate) use job::unasked;
pub(crate) use line::{LINE, LINES};
pub(crate) use listing::CHUNK;
pub(crate) use listing::Listing;
pub(crate) use timers::TIMERS;
pub(crate) use transfers::WAITING;
