//! What explains that a run is there in one execution and not in the other.

use super::call::indefinite;
use super::normal::Subject;
use super::side::{Origin, Side};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Plan, Start};
use resurgam_formats::recording::{Answer, Reply};
use std::collections::BTreeSet;

/// The freedom by which the run of this name is missing on the side `absent`.
///
/// # Errors
/// Why there is none.
pub(super) fn explain(
    plan: &Plan,
    sides: [&Side<'_>; 2],
    slot: u8,
    name: &str,
    absent: usize,
    equal: &BTreeSet<String>,
) -> Result<Freedom, String> {
    let (here, there) = (sides[1 - absent], sides[absent]);
    let Some(found) = here.runs.get(name) else { return Err("no such run".into()) };
    match &found.origin {
        Origin::Next { before } => match there.runs.get(before) {
            None => Ok(Freedom::Follows),
            Some(_) if equal.contains(before) => {
                Err("the run before it is equal in both, its successor is missing".into())
            }
            Some(run) if !run.closed() => Err("the run before it is open".into()),
            Some(run) if !run.run.successor().is_empty() => {
                Err("the run before it names a successor that is not there".into())
            }
            Some(_) => Ok(Freedom::Follows),
        },
        Origin::Child { parent, number } => {
            let Some(run) = there.runs.get(parent) else { return Ok(Freedom::Follows) };
            let child = Subject::Child(number.clone());
            let (own, other) = (run.life(&child), here.runs.get(parent).map(|it| it.life(&child)).unwrap_or_default());
            let ([first, rest @ ..], [asked, ..]) = (own.as_slice(), other.as_slice()) else {
                return Ok(Freedom::Follows);
            };
            match rest.first() {
                _ if !first.like(asked) => Ok(Freedom::Follows),
                // Its start had no result when the parent closed.
                None if run.closed() => Ok(Freedom::RaceWithClose),
                Some(line) if line.text.starts_with("StartChildWorkflowExecutionFailed") => Ok(Freedom::IdInUse),
                _ => Err("the parent asked for this child in both, and in one it is missing".into()),
            }
        }
        Origin::Call { again: true, index } => {
            let repeated = plan.operations.get(*index).is_some_and(|operation| {
                matches!(operation.action, Action::SignalWithStart { .. }) && !operation.again_ms.is_empty()
            });
            // A repeated call finds its request only as long as no other run took the id.
            let (own, first) = (format!("w{slot}:o{index}'"), format!("w{slot}:o{index}#0"));
            let other = |name: &str| !name.contains('/') && !name.starts_with(&own) && name != first;
            if here.slot(slot).any(|(name, _)| other(name)) {
                Ok(Freedom::Landing)
            } else if repeated && here.is_known("signal-with-start-after-close") {
                Ok(Freedom::Known)
            } else {
                Err("one operation started two runs".into())
            }
        }
        Origin::Call { again: false, index } => refused(plan, there, slot, *index),
        Origin::Unknown => Err("nobody says who started it".into()),
    }
}

/// The operation must have been refused, or answered with a run that was there, for a reason that its policies allow.
fn refused(plan: &Plan, side: &Side<'_>, slot: u8, index: usize) -> Result<Freedom, String> {
    let Some(Action::Start(start) | Action::SignalWithStart { start, .. }) =
        plan.operations.get(index).map(|operation| &operation.action)
    else {
        return Err("an operation that starts nothing started it".into());
    };
    let Start { reuse, conflict, .. } = start;
    let Some(call) = side.calls.get(&index) else { return Err("the operation is missing in one".into()) };
    if !side.slot(slot).any(|(name, _)| !name.contains('/')) {
        return Err("its operation started nothing although the id was never used".into());
    }
    let signals = matches!(plan.operations[index].action, Action::SignalWithStart { .. });
    for attempt in &call.attempts {
        match &attempt.answer {
            Answer::Ok { value: Reply::AlreadyStarted { .. } }
                if *conflict == IdConflict::Fail || *reuse != IdReuse::AllowDuplicate =>
            {
                return Ok(Freedom::Landing);
            }
            Answer::Ok { value: Reply::Run { started: Some(false), .. } }
                if *conflict == IdConflict::UseExisting || signals =>
            {
                return Ok(Freedom::Landing);
            }
            _ => {}
        }
    }
    // Refused by a server that was busy.
    if call.attempts.iter().all(|attempt| matches!(&attempt.answer, Answer::Info { error } if indefinite(error))) {
        return Ok(Freedom::Indefinite);
    }
    Err("its operation started nothing, and its policies or its answers do not say why".into())
}
