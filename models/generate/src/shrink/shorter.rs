//! Durations made shorter, one after another: as short as can be, half as long, or at least rounder.
//!
//! Timeouts of activities and runs are not among them: a shorter one is another program, not a simpler one.

use super::list::edited;
use super::tree;
use resurgam_formats::plan::{Plan, WorkerFaultKind};
use resurgam_formats::program::Statement;
use resurgam_formats::time::Millis;

/// A duration. Place 0 is the beginning of everything.
pub(super) fn duration(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let Some(at) = at.checked_sub(1) else { return Some(if which == 0 { begun_at_once(plan) } else { None }) };
    let (mut number, mut found) = (0, None);
    let changed = edited(plan, |plan| {
        each(plan, &mut |value, least| {
            let here = number == at;
            number += 1;
            if !here {
                return value;
            }
            let shorter = shorter(value, least).into_iter().nth(which);
            found = Some(shorter.is_some());
            shorter.unwrap_or(value)
        });
    });
    found.map(|there| there.then_some(changed))
}

/// Everything earlier, so that the first happens at once.
fn begun_at_once(plan: &Plan) -> Option<Plan> {
    let times = plan.operations.iter().map(|one| one.at_ms).chain(plan.faults.iter().map(|one| one.at_ms));
    let times = times.chain(plan.misuses.iter().map(|one| one.at_ms));
    let first = times.min().filter(|first| *first > 0)?;
    Some(edited(plan, |plan| {
        plan.operations.iter_mut().for_each(|one| one.at_ms -= first);
        plan.faults.iter_mut().for_each(|one| one.at_ms -= first);
        plan.misuses.iter_mut().for_each(|one| one.at_ms -= first);
    }))
}

/// What to try instead.
fn shorter(value: Millis, least: Millis) -> Vec<Millis> {
    let half = least + value.saturating_sub(least) / 2;
    let round = value - value % 10u32.pow(value.checked_ilog10().unwrap_or(0));
    let mut all = vec![least, half];
    all.extend((round > half).then_some(round));
    all.retain(|other| *other < value);
    all.dedup();
    all
}

/// Gives every duration, with the least that makes sense, to a function that says what it shall be.
fn each(plan: &mut Plan, f: &mut dyn FnMut(Millis, Millis) -> Millis) {
    for operation in &mut plan.operations {
        operation.at_ms = f(operation.at_ms, 0);
        operation.again_ms.iter_mut().for_each(|ms| *ms = f(*ms, 0));
    }
    for misuse in &mut plan.misuses {
        misuse.at_ms = f(misuse.at_ms, 0);
    }
    for fault in &mut plan.faults {
        fault.at_ms = f(fault.at_ms, 0);
        // Nothing for no time is no fault, and lying in wait for no time is to do so for ever.
        fault.for_ms = f(fault.for_ms, 1);
        let parts = fault.kind.parts_mut();
        if let Some(ms) = parts.delay_ms {
            *ms = f(*ms, 1);
        }
        if let Some(by_ms) = parts.clock_by_ms {
            let size = i32::try_from(f(by_ms.unsigned_abs(), 1)).unwrap_or(i32::MAX);
            *by_ms = if *by_ms < 0 { -size } else { size };
        }
    }
    for worker_faults in &mut plan.worker_faults {
        if let WorkerFaultKind::Late(ms) | WorkerFaultKind::Twice(ms) = &mut worker_faults.what {
            *ms = f(*ms, 0);
        }
    }
    tree::rewrite(plan, &mut |_, mut statement| {
        match &mut statement {
            Statement::Timer { ms } => *ms = f(*ms, 1),
            Statement::AwaitSignal { timeout_ms, .. } | Statement::Condition { timeout_ms, .. } => {
                timeout_ms.iter_mut().for_each(|ms| *ms = f(*ms, 1));
            }
            Statement::Scope { cancel_after_ms, .. } => cancel_after_ms.iter_mut().for_each(|ms| *ms = f(*ms, 0)),
            Statement::Activity(call) => {
                call.script.attempts.iter_mut().for_each(|act| act.work_ms = f(act.work_ms, 0));
            }
            Statement::Set { .. }
            | Statement::LocalActivity { .. }
            | Statement::Child(_)
            | Statement::Parallel { .. }
            | Statement::Try { .. }
            | Statement::Fail { .. } => {}
        }
        vec![statement]
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_is_least_half_or_rounder() {
        assert_eq!(shorter(487, 1), [1, 244, 400]);
        assert_eq!(shorter(400, 0), [0, 200]);
        assert_eq!(shorter(2, 1), [1]);
        assert!(shorter(1, 1).is_empty());
        assert!(shorter(0, 1).is_empty());
        assert!(shorter(0, 0).is_empty());
    }
}
