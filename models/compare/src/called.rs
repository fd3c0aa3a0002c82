//! What explains that something a client asked for is in one of two histories only.

use super::explained::Explained;
use super::normal::{Line, Subject};
use super::pair::Pair;
use super::side::{Found, Origin, Side};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::recording::{Answer, Reply, UpdateReached};

/// A signal, a request to cancel or an update that is in one of the histories only, or not alike.
pub(super) fn called(pair: &Pair<'_, '_>, subject: &Subject, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    if let [[a, ..], [b, ..]] = [lives[0].as_slice(), lives[1].as_slice()] {
        if !a.like(b) {
            return Err("it arrived with another content".into());
        }
        return match subject {
            Subject::Update(_) => {
                for (life, run) in lives.iter().zip(pair.runs) {
                    if life.len() == 1 && !run.closed() {
                        return Err("an update was not completed, and its run is open".into());
                    }
                }
                Ok(Some(Freedom::Follows))
            }
            _ => Err("it arrived more often in one of them".into()),
        };
    }
    if *subject != Subject::Cancel && call_of(pair, subject).is_none_or(|index| index >= pair.plan.operations.len()) {
        return Err("nobody sent it".into());
    }
    let absent = usize::from(lives[1].is_empty());
    let (side, run) = (pair.sides[absent], pair.runs[absent]);
    if *subject == Subject::Cancel {
        return cancelled(pair, absent, run);
    }
    if lives[1 - absent].iter().filter(|line| !line.answer).count() > 1 {
        return Err("it arrived more than once".into());
    }
    if !side.places(pair.slot, subject).is_empty() {
        return Ok(Some(Freedom::Landing));
    }
    if let Some(index) = call_of(pair, subject)
        && acknowledged(side, index)
    {
        return Err("it was acknowledged, and no history has it".into());
    }
    Ok(Some(Freedom::RaceWithClose))
}

/// A request to cancel that is missing in one: it went to another run, or came too late; a request of the parent, or
/// of a parent that closed, follows from the parent.
fn cancelled(pair: &Pair<'_, '_>, absent: usize, run: &Found<'_>) -> Explained {
    if !run.closed() {
        return Err("a request to cancel is missing in a run that is open".into());
    }
    if let Origin::Child { .. } | Origin::Next { .. } = run.origin
        && pair.name.contains('/')
    {
        let parent = pair.name.rsplit_once('/').map_or("", |(parent, _)| parent);
        return if pair.equal.contains(parent) { Ok(Some(Freedom::RaceWithClose)) } else { Ok(Some(Freedom::Follows)) };
    }
    let elsewhere = pair.sides[absent]
        .slot(pair.slot)
        .any(|(name, found)| !name.contains('/') && found.lines.iter().any(|line| line.subject == Subject::Cancel));
    Ok(Some(if elsewhere { Freedom::Landing } else { Freedom::RaceWithClose }))
}

/// The operation of the plan that a signal or an update comes from.
fn call_of(pair: &Pair<'_, '_>, subject: &Subject) -> Option<usize> {
    match subject {
        Subject::Update(id) => id.strip_prefix('o')?.parse().ok(),
        Subject::Signal(text) => pair.plan.operations.iter().position(|operation| {
            let sent = operation.action.signal().filter(|_| operation.workflow == pair.slot);
            sent.is_some_and(|(name, value)| format!("{name}={value}") == *text)
        }),
        _ => None,
    }
}

/// The client was told that it had an effect that histories show.
fn acknowledged(side: &Side<'_>, index: usize) -> bool {
    let told = |answer: &Answer| match answer {
        Answer::Ok { value: Reply::Done | Reply::Run { .. } } => true,
        Answer::Ok { value: Reply::Update { stage, .. } } => {
            matches!(stage, UpdateReached::Accepted | UpdateReached::Completed(_))
        }
        _ => false,
    };
    side.calls.get(&index).is_some_and(|call| call.attempts.iter().any(|attempt| told(&attempt.answer)))
}
