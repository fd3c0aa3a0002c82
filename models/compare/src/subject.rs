//! What explains that something went another way in one of two runs: an activity, a timer, a child, a signal.
//!
//! What the program asked for in both, in equal words, must have come to the same end, or to another one for a reason that
//! is seen in the recordings. What a client asked for and was acknowledged must be somewhere.

use super::called::called;
use super::ending::ends;
use super::explained::Explained;
use super::life::{Activity, Plausible};
use super::normal::{Line, Subject};
use super::pair::Pair;
use super::side::Found;
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::event::Body;

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
