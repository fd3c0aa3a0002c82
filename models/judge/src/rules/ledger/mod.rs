//! The ledgers: acknowledged ≤ effects ≤ attempted, on logical operations. What clients and workers were told, and what
//! they asked for, is held against what the histories say, in both directions. Only whole recordings are judged: what
//! is not in them did not happen.

mod answer;
mod carried;
mod heartbeats;
mod l10_misuse;
mod l11_calm;
mod l12_refused;
mod l13_available;
mod l14_handed;
mod l15_described;
mod l16_backoff;
mod l17_listed;
mod l18_pending;
mod l19_awaited;
mod l1_starts;
mod l20_taken_over;
mod l21_prompt;
mod l22_asked;
mod l23_registered;
mod l2_signals;
mod l3_updates;
mod l4_activities;
mod l5_timers;
mod l6_queries;
mod l7_sticky;
mod l8_shown;
mod l9_unheard;
mod pending;
mod update_calls;
mod ways;
mod wrong;

use super::Rule;

/// Every rule of the family.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(l1_starts::Starts),
        Box::new(l2_signals::Signals),
        Box::new(l3_updates::Updates),
        Box::new(l4_activities::Activities),
        Box::new(l5_timers::Timers),
        Box::new(l6_queries::Queries),
        Box::new(l7_sticky::Sticky),
        Box::new(l8_shown::Shown),
        Box::new(l9_unheard::Unheard),
        Box::new(l10_misuse::Misused),
        Box::new(l11_calm::Calm),
        Box::new(l12_refused::Refused),
        Box::new(l13_available::Available),
        Box::new(l14_handed::Tasks),
        Box::new(l15_described::Descriptions),
        Box::new(l16_backoff::Backoff),
        Box::new(l17_listed::Listed),
        Box::new(l18_pending::Progress),
        Box::new(l19_awaited::Awaited),
        Box::new(l20_taken_over::TakenOver),
        Box::new(l21_prompt::Prompt),
        Box::new(l22_asked::Cancels),
        Box::new(l23_registered::Namespaces),
    ]
}

#[cfg(test)]
mod tests;
