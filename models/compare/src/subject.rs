//! What explains that something went another way in one of two runs: an activity, a timer, a child, a signal.
//!
//! What the program asked for in both, in equal words, must have come to the same end, or to another one for a reason that
//! is seen in the recordings. What a client asked for and was acknowledged must be somewhere.

use super::life::{Activity, Plausible};
use super::normal::{Line, Subject};
use super::pair::Pair;
use super::side::{Found, Origin, Side};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::event::Body;
use resurgam_formats::plan::{Action, IdConflict};
use resurgam_formats::recording::{Answer, Reply, UpdateReached};

/// Nothing to explain, or a freedom, or why there is none.
type Explained = Result<Option<Freedom>, String>;

/// Explains the difference between what both histories say about a subject.
pub(super) fn explain(pair: &Pair<'_, '_>, subject: &Subject) -> Explained {
    let lives = pair.runs.map(|run| run.life(subject));
    if lives[0].len() == lives[1].len() && lives[0].iter().zip(&lives[1]).all(|(a, b)| a.like(b)) {
        return Ok(None);
    }
    for (life, run) in lives.iter().zip(pair.runs) {
        possible(subject, life, run)?;
    }
    match subject {
        Subject::Run => ends(pair, &lives),
        Subject::Signal(_) | Subject::Cancel | Subject::Update(_) => called(pair, subject, &lives),
        Subject::Other(name) => Err(format!("{name} is in one of them only")),
        Subject::Local(_) => Ok(Some(Freedom::Follows)),
        _ => {
            let [Some(a), Some(b)] = [lives[0].first(), lives[1].first()] else { return Ok(Some(Freedom::Follows)) };
            if !a.like(b) {
                return Ok(Some(Freedom::Follows));
            }
            match subject {
                Subject::Timer(_) => timer(pair, &lives),
                Subject::Activity(_) => activity(pair, &lives),
                Subject::Child(_) => child(pair, subject, &lives),
                _ => cancel_of_child(pair, subject, &lives),
            }
        }
    }
}

/// Whether the lines about a subject can stand in one history: each has one beginning and at most one end.
fn possible(subject: &Subject, life: &[&Line<'_>], run: &Found<'_>) -> Result<(), String> {
    let count = |fits: fn(&Body) -> bool| life.iter().filter(|line| fits(&line.event.body)).count();
    let first = |fits: fn(&Body) -> bool| life.first().is_none_or(|line| fits(&line.event.body)) && count(fits) <= 1;
    let holds = match subject {
        Subject::Run => {
            let last = run.lines.last().is_some_and(|line| line.event.body.is_close());
            let closes = count(Body::is_close);
            first(|body| matches!(body, Body::WorkflowExecutionStarted(_))) && (closes == 0 || closes == 1 && last)
        }
        Subject::Timer(_) => first(|body| matches!(body, Body::TimerStarted(_))) && life.len() <= 2,
        Subject::Activity(_) => {
            let ends = count(Body::is_completion);
            let last = life.last().is_some_and(|line| line.event.body.is_completion());
            first(|body| matches!(body, Body::ActivityTaskScheduled(_)))
                && (ends == 0 || ends == 1 && last)
                && count(|body| matches!(body, Body::ActivityTaskStarted(_))) <= ends
        }
        Subject::Child(_) => {
            let failed = count(|body| matches!(body, Body::StartChildWorkflowExecutionFailed(_)));
            let started = count(|body| matches!(body, Body::ChildWorkflowExecutionStarted(_)));
            let ends = count(Body::is_completion);
            first(|body| matches!(body, Body::StartChildWorkflowExecutionInitiated(_)))
                && failed + started <= 1
                && ends <= started
        }
        Subject::CancelOfChild(_) => life.len() <= 2,
        _ => true,
    };
    if holds { Ok(()) } else { Err("its events cannot stand in one history like this".into()) }
}

/// A run that has only the beginning of something closed before the rest came; an open one lost the rest.
fn cut_off(run: &Found<'_>, what: &str) -> Explained {
    if run.closed() { Ok(Some(Freedom::RaceWithClose)) } else { Err(format!("{what}, and its run is open")) }
}

fn timer(pair: &Pair<'_, '_>, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    for (life, run) in lives.iter().zip(pair.runs) {
        if life.len() == 1 {
            return cut_off(run, "a timer neither fired nor was cancelled");
        }
    }
    Ok(Some(Freedom::Overtaken))
}

fn activity(pair: &Pair<'_, '_>, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    let [a, b] = [0, 1].map(|side| Activity::of(&lives[side]));
    for (it, run) in [&a, &b].into_iter().zip(pair.runs) {
        if let Plausible::No(why) = it.plausible() {
            return Err(why);
        }
        if it.end.is_none() {
            return cut_off(run, "an activity has no end");
        }
    }
    if a.end_text() == b.end_text() {
        // Asked to cancel in one of them only, in vain: in the other its end was known before.
        return Ok(Some(Freedom::Batching));
    }
    if a.cancelled() || b.cancelled() {
        return Ok(Some(Freedom::Overtaken));
    }
    if a.timed() || b.timed() || !pair.plan.worker_faults.is_empty() {
        return Ok(Some(Freedom::AttemptTiming));
    }
    if a.asked || b.asked {
        // Asked to cancel, an activity is not retried.
        return Ok(Some(Freedom::Overtaken));
    }
    Err("an activity came to another end, and no time limit or cancellation had a part in it".into())
}

fn child(pair: &Pair<'_, '_>, subject: &Subject, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    let failed = |line: &&&Line<'_>| matches!(line.event.body, Body::StartChildWorkflowExecutionFailed(_));
    for (side, life) in lives.iter().enumerate() {
        if let Some(line) = life.iter().find(failed) {
            return in_use(pair, side, line);
        }
    }
    for (life, other, run) in [(&lives[0], &lives[1], pair.runs[0]), (&lives[1], &lives[0], pair.runs[1])] {
        if life.len() < other.len() && life.iter().zip(other).all(|(a, b)| a.like(b)) {
            return cut_off(run, "a child did not go on");
        }
    }
    if pair.child_equal(subject) {
        return Err("a child came to the same end in both, and its parent was told otherwise".into());
    }
    Ok(Some(Freedom::Follows))
}

/// The start of a child failed: another run must have had its id.
fn in_use(pair: &Pair<'_, '_>, side: usize, line: &Line<'_>) -> Explained {
    let Body::StartChildWorkflowExecutionFailed(failed) = &line.event.body else { return Ok(None) };
    let own = pair.runs[side].run;
    let has = |found: &Found<'_>| {
        let parent = found.run.started().map(|it| &it.parent.run_id);
        found.run.workflow_id == failed.workflow_id && parent != Some(&own.run_id)
    };
    if pair.sides[side].slot(pair.slot).any(|(_, found)| has(found)) {
        return Ok(Some(Freedom::IdInUse));
    }
    Err("the start of a child failed although no other run had its id".into())
}

fn cancel_of_child(pair: &Pair<'_, '_>, subject: &Subject, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
    for (life, run) in lives.iter().zip(pair.runs) {
        if life.len() == 1 {
            return cut_off(run, "a request to cancel a child has no result");
        }
    }
    // Heard in one, too late in the other.
    let Subject::CancelOfChild(number) = subject else { return Ok(None) };
    if pair.child_equal(&Subject::Child(number.clone())) {
        return Err("a child came to the same end in both, yet it could be asked to cancel in one only".into());
    }
    Ok(Some(Freedom::RaceWithClose))
}

/// The start or the end of the run differ.
fn ends(pair: &Pair<'_, '_>, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
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
    if no_task && pair.sides.iter().any(|side| known(side, "child-without-first-task")) {
        return Ok(Some(Freedom::Known));
    }
    Err("the run never closed in one of them".into())
}

/// True if the target is known to differ like this.
pub(super) fn known(side: &Side<'_>, shape: &str) -> bool {
    side.differences.iter().any(|difference| difference.shape == shape)
}

/// Somebody may have terminated the run: a client, a start in its place, a parent that closed.
fn terminable(pair: &Pair<'_, '_>, run: &Found<'_>) -> bool {
    let child = run.run.started().is_some_and(|it| !it.parent.workflow_id.is_empty());
    let mut asked = pair.plan.operations.iter().filter(|operation| operation.workflow == pair.slot);
    child
        || asked.any(|operation| match &operation.action {
            Action::Terminate => true,
            Action::Start(start) | Action::SignalWithStart { start, .. } => {
                start.conflict == IdConflict::TerminateExisting
            }
            _ => false,
        })
}

/// A signal, a request to cancel or an update that is in one of the histories only, or not alike.
fn called(pair: &Pair<'_, '_>, subject: &Subject, lives: &[Vec<&Line<'_>>; 2]) -> Explained {
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
        Subject::Signal(text) => pair.plan.operations.iter().position(|operation| match &operation.action {
            Action::Signal { name, value } | Action::SignalWithStart { name, value, .. } => {
                operation.workflow == pair.slot && format!("{name}={value}") == *text
            }
            _ => false,
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
