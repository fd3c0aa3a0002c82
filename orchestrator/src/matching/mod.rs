//! The matching service: task queues, where tasks of workflows meet workers that poll.
//!
//! A task queue is one partition with a fenced log of its own. It promises history that a task it took over is not lost,
//! and nothing else: whether a task is still meant is asked of history before a worker gets it.

pub(crate) mod bounds;
mod configuration;
mod crowd;
mod description;
mod exchange;
mod in_flight;
mod journal;
mod message;
mod pace;
mod partition;
mod polls;
mod query;
pub mod queue;
mod queues;
pub mod service;
mod start;
mod stored;
mod tally;
mod workers;

pub use stored::QueueRows;
