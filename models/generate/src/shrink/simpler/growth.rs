//! Growths made smaller: what grows with a crowd mostly shows beside half of it, too, though not beside a handful.

use super::changes::Changes;
use crate::shrink::list::edited;
use resurgam_formats::plan::Plan;

/// A crowd is not made smaller than this.
const LEAST: u16 = 100;

pub(crate) fn growth(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let growth = plan.growths.get(at)?;
    let mut all = Changes::of(growth);
    all.add(|growth| growth.to = (growth.to / 2).max(LEAST).min(growth.to));
    all.add(|growth| growth.faults = false);
    let by = all.all.into_iter().nth(which);
    Some(by.map(|by| edited(plan, |plan| plan.growths[at] = by)))
}
