//! What can be wrong between the times of calls and the order of histories: answers that are true of no moment of their
//! call. Histories and answers stay as they are, each for itself; only their times, or who got which, change.

use super::corruption::{Corruption, Site};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Attempt, Evidence, Operation};
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{Answer, Call, OperationId, Reply};
use resurgam_formats::time::At;

/// The only attempt of a call that was attempted once and answered: from, until, and the answer.
fn once(operation: &Operation) -> Option<(At, At, &Reply)> {
    let [Attempt { invoked, returned: Some(returned), .. }] = operation.attempts.as_slice() else { return None };
    Some((*invoked, *returned, operation.replies().next()?.1))
}

/// Pairs of calls that fit, as numbers of operations.
fn pairs(evidence: &Evidence, fits: impl Fn(&Operation, &Operation) -> bool) -> Vec<Site> {
    let mut sites = Vec::new();
    for first in evidence.operations.values().filter(|operation| once(operation).is_some()) {
        let mut second = evidence.operations.values().filter(|other| once(other).is_some() && fits(first, other));
        if let Some(second) = second.next() {
            sites.push(Site { run: first.id as usize, place: second.id as usize });
        }
    }
    sites
}

fn operation(evidence: &mut Evidence, number: usize) -> Option<&mut Operation> {
    evidence.operations.get_mut(&OperationId::try_from(number).ok()?)
}

/// Moves the only attempt of a call.
fn move_to(evidence: &mut Evidence, number: usize, from: At, until: At) -> Option<()> {
    let attempt = operation(evidence, number)?.attempts.first_mut()?;
    (attempt.invoked, attempt.returned) = (from, Some(until));
    Some(())
}

fn exchange_times(evidence: &mut Evidence, site: Site) -> Option<()> {
    let (from, until, _) = once(operation(evidence, site.run)?)?;
    let (other_from, other_until, _) = once(operation(evidence, site.place)?)?;
    move_to(evidence, site.run, other_from, other_until)?;
    move_to(evidence, site.place, from, until)
}

fn exchange_answers(evidence: &mut Evidence, site: Site) -> Option<()> {
    let answer = operation(evidence, site.run)?.attempts.first()?.answer.clone();
    let other = std::mem::replace(&mut operation(evidence, site.place)?.attempts.first_mut()?.answer, answer);
    operation(evidence, site.run)?.attempts.first_mut()?.answer = other;
    Some(())
}

/// The second is one attempt that was sent after the first had ended.
fn in_order(first: &Operation, second: &Operation) -> bool {
    matches!((once(first), once(second)), (Some((_, until, _)), Some((from, ..))) if until < from)
}

fn action(operation: &Operation) -> Option<(&str, &str, &Action)> {
    match &operation.call {
        Call::Client { workflow_id, request_id, action } => Some((workflow_id, request_id, action)),
        _ => None,
    }
}

/// The run and status of an answered description, and how many events it shows.
fn described(operation: &Operation) -> Option<(&str, &str, i64)> {
    match once(operation)?.2 {
        Reply::Description(of) => Some((&of.run_id, &of.status, of.history_length)),
        _ => None,
    }
}

/// The run that a start is said to have started.
fn started(operation: &Operation) -> Option<&str> {
    match once(operation)?.2 {
        Reply::Run { run_id, started: Some(true) } => Some(run_id),
        _ => None,
    }
}

/// The run, and the event in it, of a termination that was acknowledged.
fn terminated<'a>(evidence: &'a Evidence, operation: &Operation) -> Option<(&'a str, i64)> {
    let (workflow_id, request_id, Action::Terminate) = action(operation)? else { return None };
    if *once(operation)?.2 != Reply::Done {
        return None;
    }
    let runs = evidence.runs.iter().filter(|run| run.workflow_id == workflow_id);
    let ends = runs.filter_map(|run| Some((run, run.close()?)));
    let mut ends = ends
        .filter(|(_, close)| matches!(&close.body, Body::WorkflowExecutionTerminated(by) if by.reason == request_id));
    ends.next().map(|(run, close)| (run.run_id.as_str(), close.id.0))
}

/// The run and the event of the only signal of its kind, sent by one call.
fn signal<'a>(evidence: &'a Evidence, operation: &Operation) -> Option<(&'a str, i64)> {
    let (workflow_id, _, Action::Signal { name, value }) = action(operation)? else { return None };
    if *once(operation)?.2 != Reply::Done {
        return None;
    }
    let alike = |other: &&Operation| {
        action(other).is_some_and(|(id, _, action)| id == workflow_id && action.signal() == Some((name, value)))
    };
    if evidence.operations.values().filter(alike).count() != 1 {
        return None;
    }
    let runs = evidence.runs.iter().filter(|run| run.workflow_id == workflow_id);
    let events = runs.flat_map(|run| run.events.iter().map(move |event| (run, event)));
    let mut found = events.filter(|(_, event)| match &event.body {
        Body::WorkflowExecutionSignaled(signal) => {
            signal.name == *name
                && signal.external.workflow_id.is_empty()
                && signal.input.first_json().and_then(|sent| sent.as_i64()) == Some(*value)
        }
        _ => false,
    });
    let (run, event) = found.next()?;
    found.next().is_none().then_some((run.run_id.as_str(), event.id.0))
}

/// True if this event was written when it was taken: no workflow task had been started.
fn at_once(evidence: &Evidence, (run_id, event): (&str, i64)) -> bool {
    let run = evidence.runs.iter().find(|run| run.run_id == run_id);
    let before = run.into_iter().flat_map(|run| run.events.iter().rev()).filter(|other| other.id.0 < event);
    let last = before.map(|other| &other.body).find(|body| body.is_workflow_task());
    last.is_none_or(|body| matches!(body, Body::WorkflowTaskScheduled(_)))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "signals-in-turn-exchanged",
        what: "of two signals, one acknowledged before the other was sent, each was sent when the other was",
        expected: &["W1"],
        find: |e| {
            pairs(e, |first, second| {
                let places = (signal(e, first), signal(e, second));
                in_order(first, second) && matches!(places, (Some((a, _)), Some((b, _))) if a == b)
            })
        },
        change: exchange_times,
    },
    Corruption {
        name: "description-from-the-future",
        what: "a run is described before the call that started it was sent",
        expected: &["W2"],
        find: |e| {
            pairs(e, |start, description| {
                matches!((started(start), described(description)), (Some(a), Some((b, ..))) if a == b)
                    && once(start).is_some_and(|(from, ..)| from > 1)
            })
        },
        change: |e, site| {
            let (from, ..) = once(operation(e, site.run)?)?;
            move_to(e, site.place, from.checked_sub(2)?, from.checked_sub(1)?)
        },
    },
    Corruption {
        name: "descriptions-exchanged",
        what: "of two descriptions of one run, the later shows what the earlier saw, and the earlier what the later saw",
        expected: &["W2"],
        find: |e| {
            pairs(e, |first, second| {
                let seen = (described(first), described(second));
                in_order(first, second)
                    && matches!(seen, (Some((a, _, less)), Some((b, _, more))) if a == b && less < more)
            })
        },
        change: exchange_answers,
    },
    Corruption {
        name: "description-too-old",
        what: "a run is described as it was before something that had been acknowledged when the description was asked for",
        expected: &["W3"],
        find: |e| {
            pairs(e, |taken, description| {
                let Some((run, _, length)) = described(description) else { return false };
                let here = terminated(e, taken).or_else(|| signal(e, taken).filter(|at| at_once(e, *at)));
                let later = action(taken).map(|a| a.0) == action(description).map(|a| a.0)
                    && started(taken).is_some_and(|other| other != run)
                    && in_order(description, taken);
                later || here.is_some_and(|(other, event)| other == run && length < event)
            })
        },
        change: |e, site| {
            let (_, until, _) = once(operation(e, site.run)?)?;
            move_to(e, site.place, until.saturating_add(1), until.saturating_add(2))
        },
    },
    Corruption {
        name: "there-and-not-found",
        what: "a run that was described is said not to be there",
        expected: &["W4"],
        find: |e| {
            pairs(e, |start, description| {
                let same = matches!((started(start), described(description)), (Some(a), Some((b, ..))) if a == b);
                same && in_order(start, description)
            })
        },
        change: |e, site| {
            let attempt = operation(e, site.place)?.attempts.first_mut()?;
            attempt.answer = Answer::Ok { value: Reply::NotFound { message: "no such run".into() } };
            Some(())
        },
    },
    Corruption {
        name: "not-found-while-open",
        what: "a call that was refused because nothing was open is moved to a time at which a run certainly was",
        expected: &["W4"],
        find: |e| {
            // The first ends a run; the second is a refused call that is moved to where the run was certainly open.
            pairs(e, |end, refused| {
                let Some((run, _)) = terminated(e, end) else { return false };
                let same = action(end).map(|a| a.0) == action(refused).map(|a| a.0);
                same && matches!(once(refused), Some((_, _, Reply::NotFound { .. })))
                    && matches!(action(refused), Some((_, _, Action::Signal { .. } | Action::Terminate)))
                    && started_at(e, run).is_some_and(|at| once(end).is_some_and(|(from, ..)| at + 3 < from))
            })
        },
        change: |e, site| {
            let end = operation(e, site.run)?.clone();
            let at = started_at(e, terminated(e, &end)?.0)?;
            move_to(e, site.place, at + 1, at + 2)
        },
    },
];

/// When a start was answered with this run, if that was the first it was heard of.
fn started_at(evidence: &Evidence, run_id: &str) -> Option<At> {
    let mut starts = evidence.operations.values().filter(|operation| started(operation) == Some(run_id));
    once(starts.next()?).map(|(_, until, _)| until)
}
