//! Shrinks a failing plan by executing candidates in the simulation. What to try is the business of `models::shrink`.

use crate::simulated_run::SimulatedRun;
use crate::subject::Subject;
use resurgam_formats::plan::Plan;
use resurgam_formats::shrinking::Progress;
use resurgam_generate::shrink::Shrinker;
use std::time::{Duration, Instant};

/// How much may be spent.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Candidates that are executed.
    pub candidates: u32,
    /// Real time.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { candidates: 2000, time: Duration::from_secs(60) }
    }
}

/// Looks for the smallest plan that still violates `rule`; `watch` hears of every candidate. What it returns violates the
/// rule: at worst it is the plan that was given.
pub fn shrink(
    plan: Plan,
    rule: &str,
    target: &Subject,
    prefix: &str,
    budget: Budget,
    mut watch: impl FnMut(&Progress),
) -> (Plan, Progress) {
    let began = Instant::now();
    let mut shrinker = Shrinker::new(plan, rule, budget.candidates);
    while began.elapsed() < budget.time {
        let Some(candidate) = shrinker.propose() else { break };
        let simulated = SimulatedRun::of(candidate, target, prefix);
        let violated = simulated.violated();
        shrinker.tell(violated.iter().map(String::as_str));
        watch(&shrinker.progress());
    }
    (shrinker.best().clone(), shrinker.progress())
}
