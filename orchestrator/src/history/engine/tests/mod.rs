//! The engine at work, through its inputs only: each test says what goes in and what the history is then.

mod batches;
mod chain;
mod closing;
mod entities;
mod lifecycle;
mod queries;
mod random;
mod required;
mod reset;
mod retention;
mod schedules;
mod shape;
mod shard;
mod start;
mod updates;
