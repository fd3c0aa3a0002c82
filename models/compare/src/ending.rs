//! What explains that a run began or ended another way.

use super::explained::Explained;
use super::normal::Line;
use super::pair::Pair;
use super::side::{Found, Origin};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::event::Body;
use resurgam_formats::plan::{Action, IdConflict, Start};

/// The start or the end of the run differ.
pub(super) fn ends(pair: &Pair<'_, '_>, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    let [a, b] = [&lives[0], &lives[1]];
    if let (Some(a), Some(b)) = (a.first(), b.first())
        && !a.like(b)
    {
        return begins(pair);
    }
    for (life, run) in lives.iter().zip(pair.runs) {
        if !run.closed() {
            return never_closed(pair, run);
        }
        let Some(end) = life.last() else { return Err("a history without events".into()) };
        if let Some(freedom) = ended(pair, run, end)? {
            return Ok(Some(freedom));
        }
    }
    Ok(Some(Freedom::Follows))
}

/// The freedom of an end that no command brought about.
fn ended(pair: &Pair<'_, '_>, run: &Found<'_>, end: &Line<'_>) -> Explained {
    match &end.event.body {
        Body::WorkflowExecutionTimedOut(_) => {
            let limits = run.run.started().map_or((0, 0), |it| (it.run_timeout.0, it.execution_timeout.0));
            if limits == (0, 0) {
                return Err("the run timed out and has no timeout".into());
            }
            Ok(Some(Freedom::RunTimeout))
        }
        Body::WorkflowExecutionTerminated(_) if !terminable(pair, run) => {
            Err("the run was terminated and nobody asked for it".into())
        }
        Body::WorkflowExecutionTerminated(_) => Ok(Some(Freedom::RaceWithClose)),
        _ => Ok(None),
    }
}

/// What the first differing lines themselves say, where all that both have came to the same end.
pub(super) fn root(pair: &Pair<'_, '_>, first: [Option<&Line<'_>>; 2]) -> Explained {
    for (line, run) in first.into_iter().zip(pair.runs) {
        if let Some(line) = line
            && let Some(freedom) = ended(pair, run, line)?
        {
            return Ok(Some(freedom));
        }
    }
    Ok(match first {
        [Some(a), Some(b)] if !a.answer && !b.answer => Some(Freedom::OrderOfArrival),
        [Some(a), Some(b)] if a.answer != b.answer => Some(Freedom::Batching),
        // Both answered, by values that were drawn.
        _ => None,
    })
}

/// A run that began with another input or other options.
fn begins(pair: &Pair<'_, '_>) -> Explained {
    match &pair.runs[0].origin {
        Origin::Next { before } if !pair.equal.contains(before) => Ok(Some(Freedom::Follows)),
        Origin::Child { parent, .. } if !pair.equal.contains(parent) => Ok(Some(Freedom::Follows)),
        Origin::Unknown => Err("two runs of which nobody says who started them differ from the beginning".into()),
        _ => Err("what started the run is equal, yet it began with something else".into()),
    }
}

/// A run that is open at the end: known of a child that never got its first task.
fn never_closed(pair: &Pair<'_, '_>, run: &Found<'_>) -> Explained {
    let no_task = run.run.events.len() == 1 && matches!(run.origin, Origin::Child { .. });
    if no_task && pair.sides.iter().any(|side| side.is_known("child-without-first-task")) {
        return Ok(Some(Freedom::Known));
    }
    Err("the run never closed in one of them".into())
}

/// Somebody may have terminated the run: a client, a start in its place, a parent that closed.
fn terminable(pair: &Pair<'_, '_>, run: &Found<'_>) -> bool {
    let child = run.run.started().is_some_and(|it| !it.parent.workflow_id.is_empty());
    let mut asked = pair.plan.operations.iter().filter(|operation| operation.workflow == pair.slot);
    child
        || asked.any(|operation| {
            let replaces = |start: &Start| start.conflict == IdConflict::TerminateExisting;
            operation.action == Action::Terminate || operation.action.start().is_some_and(replaces)
        })
}
