//! Invariants of histories, H1 to H32. Source: docs/temporal-semantics.md, and what the real server was seen to do.

mod begun;
mod child_end;
mod commanded;
mod h01_order;
mod h02_first;
mod h03_close;
mod h04_prefix;
mod h05_description;
mod h06_single;
mod h07_task;
mod h08_buffering;
mod h09_attempt;
mod h12_commands;
mod h13_command_order;
mod h14_closing;
mod h15_activity;
mod h16_limits;
mod h17_timer;
mod h18_child;
mod h19_external;
mod h20_flush;
mod h21_update;
mod h22_signal;
mod h23_start;
mod h24_chain;
mod h25_completions;
mod h26_determinism;
mod h27_rows;
mod h28_complete;
mod h29_provenance;
mod h30_begin;
mod h31_retry_state;
mod h32_early;
mod identities;
mod labels;
mod r1_reference;

use super::{PerRun, Rule};

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(PerRun::<h01_order::Order>::new()),
        Box::new(PerRun::<h02_first::First>::new()),
        Box::new(PerRun::<h03_close::Close>::new()),
        Box::new(h04_prefix::PrefixStability),
        Box::new(h05_description::DescriptionAgrees),
        Box::new(PerRun::<h06_single::Single>::new()),
        Box::new(PerRun::<h07_task::Task>::new()),
        Box::new(PerRun::<h08_buffering::Buffering>::new()),
        Box::new(PerRun::<h09_attempt::Attempt>::new()),
        Box::new(PerRun::<h12_commands::Commands>::new()),
        Box::new(h13_command_order::CommandOrder),
        Box::new(PerRun::<h14_closing::Closing>::new()),
        Box::new(PerRun::<h15_activity::Activities>::new()),
        Box::new(h16_limits::Limits),
        Box::new(PerRun::<h17_timer::Timers>::new()),
        Box::new(h18_child::Children),
        Box::new(h19_external::Externals),
        Box::new(PerRun::<h20_flush::Flush>::new()),
        Box::new(PerRun::<h21_update::Updates>::new()),
        Box::new(h22_signal::Signals),
        Box::new(h23_start::Starts),
        Box::new(h24_chain::Chain),
        Box::new(h25_completions::Completions),
        Box::new(h26_determinism::Determinism),
        Box::new(h27_rows::Rows),
        Box::new(h28_complete::Complete),
        Box::new(h29_provenance::Provenance),
        Box::new(h30_begin::Begin),
        Box::new(PerRun::<h31_retry_state::Retries>::new()),
        Box::new(h32_early::Early),
        Box::new(PerRun::<r1_reference::References>::new()),
    ]
}

#[cfg(test)]
mod tests;
