//! Two executions of one plan, side by side: are they equal, and if not, does a freedom of the contract explain it?
//!
//! A server may let things arrive in another order, at another moment and in other workflow tasks than another one, and
//! all that a program does follows from what arrives. So histories of one plan differ even between two executions on one
//! server. What must not differ is everything else. Each difference is therefore either named by a [`Freedom`](resurgam_campaign::comparison::Freedom), decided by
//! a predicate on the two recordings, or it is *unexplained*; there is no freedom called "anything else".
//!
//! The unit is the workflow slot of the plan with all runs of its id and their children. [`normal`] writes a history
//! without what carries no meaning, [`side`] finds the run that is the same in the other execution, [`slot`] and
//! [`subject`] look for differences and their freedoms, [`order`] at the order, [`lone`] at runs without a counterpart,
//! [`call`] at what clients were answered, [`calm`] names the slots that leave nothing to chance.
//!
//! This never says that one of the two is right: that is the rules' business. It does not look at times, except to say
//! which of two timers was due first.

mod call;
mod called;
mod calm;
mod ending;
mod explained;
mod life;
mod lone;
mod normal;
mod order;
mod pair;
mod side;
mod slot;
mod subject;
#[cfg(test)]
mod tests;

use resurgam_campaign::comparison::{Compared, Difference};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::Plan;
use side::Side;
use std::collections::BTreeSet;

/// Why two recordings cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// One is not the recording of a whole case.
    #[error("recording {0} is not that of a whole case")]
    Cut(usize),
    /// They are of different plans.
    #[error("the recordings are of different plans")]
    Plans,
}

/// Compares two executions of one plan.
///
/// # Errors
/// [`Unfit`]. Faults and the cluster of a plan do not count: they are what may differ.
pub fn compare(a: &Evidence, b: &Evidence) -> Result<Compared, Unfit> {
    let [one, two] = [(a, 1), (b, 2)]
        .map(|(evidence, number)| evidence.header.as_ref().filter(|_| evidence.is_whole()).ok_or(Unfit::Cut(number)));
    let (one, two) = (one?, two?);
    let asked = |plan: &Plan| (plan.programs.clone(), plan.operations.clone(), plan.worker_faults.clone());
    if asked(&one.plan) != asked(&two.plan) {
        return Err(Unfit::Plans);
    }
    let plan = &one.plan;
    let sides = [Side::of(a, one), Side::of(b, two)];
    let mut compared = Compared::default();
    let slots: BTreeSet<u8> = plan.operations.iter().map(|operation| operation.workflow).collect();
    for number in slots {
        let mut found = slot::compare(plan, [&sides[0], &sides[1]], number);
        found.calm = calm::calm(plan, number);
        if found.calm && found.unexplained.is_empty() && !found.is_drawn() {
            let why = "nothing in the plan leaves this slot to chance, yet it went another way".to_owned();
            let lines = [String::new(), String::new()];
            found.unexplained.push(Difference { place: format!("w{number}"), why, lines });
        }
        compared.slots.insert(number, found);
    }
    call::compare(plan, [&sides[0], &sides[1]], &mut compared);
    Ok(compared)
}
