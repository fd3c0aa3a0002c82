//! Shrinks a failing plan by executing candidates in the simulation. What to try is the business of the shrinker in the
//! models.

use crate::case_directory::{CaseDirectory, Error};
use crate::simulated_run::SimulatedRun;
use crate::stop::Stop;
use crate::subject::Subject;
use resurgam_formats::case::Shrunk;
use resurgam_formats::plan::Plan;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::shrinking::Progress;
use resurgam_generate::shrink::Shrinker;
use resurgam_reports::command;
use std::time::{Duration, Instant};

/// How much may be spent.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Candidates that are executed.
    pub candidates: u32,
    /// How long it may take, by the clock on the wall.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { candidates: 2000, time: Duration::from_secs(60) }
    }
}

/// Looks for the smallest plan that still violates `rule`; `watch` hears of every candidate. What it returns violates the
/// rule: at worst it is the plan that was given. Who is asked to stop returns the best so far.
pub fn shrink(
    plan: Plan,
    rule: &RuleId,
    target: &Subject,
    budget: Budget,
    stop: &Stop,
    mut watch: impl FnMut(&Progress),
) -> (Plan, Progress) {
    let began = Instant::now();
    let mut shrinker = Shrinker::new(plan, rule.as_str(), budget.candidates);
    while began.elapsed() < budget.time && stop.requested().is_none() {
        let Some(candidate) = shrinker.propose() else { break };
        let run = SimulatedRun::of(candidate, target);
        let violated = run.violated();
        shrinker.tell(violated.iter().map(RuleId::as_str));
        watch(&shrinker.progress());
    }
    (shrinker.best().clone(), shrinker.progress())
}

/// Makes a kept case smaller, and keeps what comes of it in a directory inside.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn beside(
    kept: &CaseDirectory,
    rule: &RuleId,
    target: &Subject,
    budget: Budget,
    stop: &Stop,
    watch: impl FnMut(&Progress),
) -> Result<(), Error> {
    let plan = kept.plan()?;
    let (small, progress) = shrink(plan, rule, target, budget, stop, watch);
    let run = SimulatedRun::of(&small, target);
    let Some(case) = kept.case()? else { return Ok(()) };
    let again = command::replay(&case.choice, ".");
    let mut case = run.case(&small, target, case.choice, again);
    case.shrunk = Some(told(rule, &progress));
    run.keep(&kept.shrunk(), &small, &case)
}

/// What `case.json` says of a plan that was made smaller.
#[must_use]
pub fn told(rule: &RuleId, progress: &Progress) -> Shrunk {
    let Progress { from, to, proposed, accepted, .. } = *progress;
    Shrunk { rule: rule.clone(), from, to, proposed, accepted }
}
