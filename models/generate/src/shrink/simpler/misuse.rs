//! Misuses made plainer.

use super::changes::Changes;
use crate::shrink::list::edited;
use resurgam_formats::plan::Plan;

pub(crate) fn misuse(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let misuse = plan.misuses.get(at)?;
    let mut all = Changes::of(misuse);
    all.add(|misuse| misuse.damage = None);
    if misuse.crosses_namespaces() {
        all.add(|misuse| misuse.user.workflow = misuse.owner.workflow);
    }
    let by = all.all.into_iter().nth(which);
    Some(by.map(|by| edited(plan, |plan| plan.misuses[at] = by)))
}
