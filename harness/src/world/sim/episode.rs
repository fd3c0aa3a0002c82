//! What became of a fault: when it began and ended, and what it hit.

use resurgam_formats::plan::Harm;
use std::time::Duration;

/// One fault, as it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// What was done.
    pub harm: Harm,
    /// When it began, in simulated time.
    pub from: Duration,
    /// When it ended; not at all if it lasted to the end of the simulation or has no end, as a step of a clock.
    pub until: Option<Duration>,
    /// How often it made a difference: messages lost, held or slowed, processes killed, readings of a wrong clock. It is
    /// final when the fault has ended.
    pub hits: u64,
}

/// Does the faults that are not the simulation's own: those of the store and of calls. It also hears of all others, to
/// record them.
pub trait Accomplice {
    /// Begins a fault; false if it cannot do this kind. `number` names it until it ends.
    fn begin(&mut self, number: usize, harm: &Harm) -> bool;

    /// Ends a fault that it began; returns how often it made a difference.
    fn end(&mut self, number: usize) -> u64;

    /// A fault, of whatever kind, has begun or ended (`episode.until`).
    fn happened(&mut self, episode: &Episode);
}

/// Can do nothing and records nothing.
pub(super) struct Nobody;

impl Accomplice for Nobody {
    fn begin(&mut self, _: usize, _: &Harm) -> bool {
        false
    }

    fn end(&mut self, _: usize) -> u64 {
        0
    }

    fn happened(&mut self, _: &Episode) {}
}
