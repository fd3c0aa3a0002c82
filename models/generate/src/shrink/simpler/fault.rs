//! Faults made plainer.

use super::changes::Changes;
use crate::shrink::list::edited;
use resurgam_formats::plan::{Fault, FaultMoment, Plan, Way};

pub(crate) fn fault(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let by = plainer_faults(plan.faults.get(at)?).into_iter().nth(which);
    Some(by.map(|by| edited(plan, |plan| plan.faults[at] = by)))
}

fn plainer_faults(fault: &Fault) -> Vec<Fault> {
    let mut all = Changes::of(fault);
    all.add(|fault| fault.moment = None);
    for sooner in [|nth: u8| nth.min(1), |nth: u8| nth / 2 + nth % 2, |nth: u8| nth.max(2) - 1] {
        all.add(|fault| {
            if let Some(moment) = &mut fault.moment {
                moment.nth = sooner(moment.nth);
            }
        });
    }
    all.add(|fault| {
        if let Some(partition) = fault.moment.as_mut().and_then(FaultMoment::partition_mut) {
            *partition = None;
        }
    });
    all.add(|fault| {
        if let Some(side) = fault.kind.parts_mut().side {
            side.driver &= side.nodes.is_empty();
        }
    });
    let nodes = fault.clone().kind.parts_mut().side.map_or(0, |side| side.nodes.len());
    for gone in 0..nodes {
        all.add(|fault| {
            if let Some(side) = fault.kind.parts_mut().side
                && (side.nodes.len() > 1 || side.driver)
            {
                side.nodes.remove(gone);
            }
        });
    }
    all.add(|fault| {
        if let Some(way) = fault.kind.parts_mut().way {
            *way = Way::Both;
        }
    });
    for fewer in [|calls: u8| calls.min(1), |calls: u8| calls / 2 + calls % 2, |calls: u8| calls.max(2) - 1] {
        all.add(|fault| {
            if let Some(calls) = fault.kind.parts_mut().calls {
                *calls = fewer(*calls);
            }
        });
    }
    all.add(|fault| {
        if let Some(partition) = fault.kind.parts_mut().only_partition {
            *partition = None;
        }
    });
    all.add(|fault| {
        if let Some(node) = fault.kind.parts_mut().only_node {
            *node = None;
        }
    });
    all.all
}
