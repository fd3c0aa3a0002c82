//! What is asked of a run, what it says while it lasts, and which of its cases are kept.

use crate::outputs;
use crate::shrink::Budget;
use resurgam_campaign::origin::Origin;
use resurgam_campaign::results::{CaseResult, Said, Shortfall, milliseconds};
use resurgam_formats::scenario::Scenario;
use resurgam_formats::verdict::Outcome;
use std::sync::Arc;
use std::time::Duration;

/// Which cases keep their directory. One that could not be judged always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those that were violated or could not be decided, and the first few for the report.
    Failing,
    /// Every case, whatever it came to.
    All,
    /// None; so the report shows none in full, and none is shrunk.
    None,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// Target, seed, number of cases and whatever else the command that repeats the run has to say.
    pub origin: Origin,
    /// Cases at the same time.
    pub jobs: usize,
    /// What to keep.
    pub keep: Keep,
    /// What is played, if cases are not random.
    pub scenario: Option<Arc<Scenario>>,
    /// What may be spent on shrinking the first case that violates a rule. Only in the simulation.
    pub shrink: Option<Budget>,
}

/// What happens in the course of a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A case ended.
    Case(&'a CaseResult),
    /// The run ends early.
    Short(&'a Shortfall),
    /// So many cases are being made smaller.
    Shrinking(usize),
}

/// Whether a case is kept that was judged.
pub(super) fn is_kept(request: &Request, seed: u64, worst: Outcome) -> bool {
    let first = seed.wrapping_sub(request.origin.seed) < outputs::PASSING as u64;
    match request.keep {
        Keep::All => true,
        Keep::Failing => worst > Outcome::Ok || first,
        Keep::None => false,
    }
}

/// A case of which nothing is known but that it could not be judged.
pub(super) fn not_judged(seed: u64, executing: Duration, why: String) -> CaseResult {
    let executing_ms = milliseconds(executing);
    CaseResult { seed, directory: None, executing_ms, judging_ms: 0.0, said: Said::NotJudged(why) }
}
