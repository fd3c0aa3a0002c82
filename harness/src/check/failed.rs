//! A case that does not hold: its plan, the rules that it breaks, and what is said of it.

use crate::simulated_run::SimulatedRun;
use crate::subject::Subject;
use resurgam_formats::plan::Plan;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::Outcome;

/// A case that does not hold.
#[derive(Debug)]
pub struct Failed {
    /// The seed that gives the case again.
    pub seed: u64,
    /// The plan that was executed, as it was drawn or made smaller.
    pub plan: Plan,
    /// The rules that were violated; empty if the case could not be judged, or a rule could not be decided.
    pub rules: Vec<RuleId>,
    /// Rules, reasons and evidence, for a person.
    pub report: String,
}

impl Failed {
    /// Executes and judges a plan; `None` if it holds. What could not be decided does not, nor does what no rule had anything to say of.
    pub(super) fn of(plan: Plan, subject: &Subject) -> Option<Self> {
        let seed = plan.seed;
        let run = SimulatedRun::of(&plan, subject);
        if matches!(&run.judged, Ok((_, verdict)) if verdict.worst() == Outcome::Ok) {
            return None;
        }
        Some(Self { seed, plan, rules: run.violated(), report: run.report(seed, true) })
    }
}
