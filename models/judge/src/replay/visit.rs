//! One visit of a pass: it rewrites a term until it blocks or ends.
//!
//! Whether a statement begins in a cancelled branch is not stored in the term: it is handed down from the root with each
//! visit, and the `finally` block of a `Try`, which is shielded, is visited as not cancelled.

use super::term::{Branch, End, Term, Want, block, cancel};
use super::world::{News, World};
use resurgam_formats::command::Command;
use resurgam_formats::program::{Block, ChildCall, ChildWait, Failure, Statement, TIMED_OUT, Until, Var};

/// Rewrites until the term blocks or ends. `cancelled`: the branch it stands in is cancelled.
pub(super) fn visit<'p>(term: Term<'p>, cancelled: bool, world: &mut World) -> Term<'p> {
    match term {
        Term::End(_) => term,
        Term::Begin(statement) => {
            world.moved = true;
            match begin(statement, cancelled, world) {
                Ok(term) => visit(term, cancelled, world),
                Err(end) => Term::End(end),
            }
        }
        Term::Then(first, rest) => visit_sequence(*first, rest, cancelled, world),
        Term::Activity { seq, call, .. } => match world.news.get(&seq) {
            Some(News::Completed(value)) => store(call.into, *value, world),
            Some(News::Failed(failure)) => Term::End(End::Failed(failure.clone())),
            Some(News::Cancelled) => Term::End(End::Cancelled),
            Some(News::Fired) | None => term,
        },
        Term::Local { seq, into } => match world.news.get(&seq) {
            Some(News::Completed(value)) => store(into, *value, world),
            _ => term,
        },
        Term::Timer { seq } => {
            if world.fired(Some(seq)) {
                Term::End(End::Done)
            } else {
                term
            }
        }
        Term::Wait { want, into, timer } => {
            if let Some(value) = satisfied(&want, world) {
                if let Some(seq) = timer {
                    world.cancel_timer(seq);
                }
                store(into, value, world)
            } else if world.fired(timer) {
                store(into, TIMED_OUT, world)
            } else {
                Term::Wait { want, into, timer }
            }
        }
        Term::Child { seq, call, cancelled: reached, asked } => visit_child(seq, call, reached, asked, world),
        Term::Parallel { until, branches, decided } => visit_parallel(until, branches, decided, cancelled, world),
        Term::Scope { mut timer, mut expired, mut body } => {
            if world.fired(timer) {
                (timer, expired) = (None, true);
                *body = cancel(*body, world);
            }
            match visit(*body, cancelled || expired, world) {
                Term::End(end) => {
                    if let Some(seq) = timer {
                        world.cancel_timer(seq);
                    }
                    Term::End(if expired { End::Done } else { end })
                }
                body => Term::Scope { timer, expired, body: Box::new(body) },
            }
        }
        Term::Try { body, catch, finally } => match visit(*body, cancelled, world) {
            Term::End(End::Failed(_)) if let Some(catch) = catch => {
                visit(Term::Try { body: Box::new(block(catch)), catch: None, finally }, cancelled, world)
            }
            Term::End(before) => visit(Term::Finally { before, body: Box::new(block(finally)) }, cancelled, world),
            body => Term::Try { body: Box::new(body), catch, finally },
        },
        Term::Finally { before, body } => match visit(*body, false, world) {
            Term::End(End::Done) => Term::End(before),
            Term::End(end) => Term::End(end),
            body => Term::Finally { before, body: Box::new(body) },
        },
    }
}

fn visit_sequence<'p>(mut first: Term<'p>, mut rest: &'p [Statement], cancelled: bool, world: &mut World) -> Term<'p> {
    loop {
        first = match visit(first, cancelled, world) {
            Term::End(end) => {
                world.moved = true;
                match (end, rest.split_first()) {
                    (End::Done, Some((next, after))) => {
                        rest = after;
                        Term::Begin(next)
                    }
                    (end, _) => return Term::End(end),
                }
            }
            blocked => return Term::Then(Box::new(blocked), rest),
        };
    }
}

fn visit_child<'p>(seq: u32, call: &'p ChildCall, cancelled: bool, mut asked: bool, world: &mut World) -> Term<'p> {
    if world.started.contains(&seq) {
        if cancelled && !asked {
            world.ask_child(seq);
            asked = true;
        }
        if call.wait == ChildWait::Started {
            return Term::End(End::Done);
        }
    }
    match world.news.get(&seq) {
        Some(News::Completed(value)) => store(call.into, *value, world),
        Some(News::Failed(failure)) => Term::End(End::Failed(failure.clone())),
        Some(News::Cancelled) => Term::End(End::Cancelled),
        Some(News::Fired) | None => Term::Child { seq, call, cancelled, asked },
    }
}

fn visit_parallel<'p>(
    until: Until,
    mut branches: Vec<Branch<'p>>,
    mut decided: Option<End>,
    cancelled: bool,
    world: &mut World,
) -> Term<'p> {
    for at in 0..branches.len() {
        let Some(branch) = branches.get_mut(at).filter(|branch| !matches!(branch.term, Term::End(_))) else { continue };
        let term = std::mem::replace(&mut branch.term, Term::End(End::Done));
        branch.term = visit(term, cancelled || branch.cancelled, world);
        let Term::End(end) = &branch.term else { continue };
        world.moved = true;
        let decides = until == Until::First || !matches!(end, End::Done);
        if decided.is_none() && decides {
            decided = Some(end.clone());
            for branch in branches.iter_mut() {
                let term = std::mem::replace(&mut branch.term, Term::End(End::Done));
                branch.term = cancel(term, world);
                branch.cancelled = true;
            }
        }
    }
    if branches.iter().all(|branch| matches!(branch.term, Term::End(_))) {
        Term::End(decided.unwrap_or(End::Done))
    } else {
        Term::Parallel { until, branches, decided }
    }
}

/// Begins a statement: the term it becomes, or its end.
fn begin<'p>(statement: &'p Statement, cancelled: bool, world: &mut World) -> Result<Term<'p>, End> {
    let blocking = matches!(
        statement,
        Statement::Activity(_)
            | Statement::LocalActivity { .. }
            | Statement::Timer { .. }
            | Statement::AwaitSignal { .. }
            | Statement::Condition { .. }
            | Statement::Child(_)
    );
    if blocking && cancelled {
        return Err(End::Cancelled);
    }
    Ok(match statement {
        Statement::Set { into, value } => {
            let value = world.value(value);
            store(*into, value, world)
        }
        Statement::Fail { kind, non_retryable } => {
            let failure = Failure::Application { kind: kind.clone(), non_retryable: *non_retryable };
            return Err(End::Failed(failure));
        }
        Statement::Activity(call) => {
            let seq = world.number();
            world.issue(Command::ScheduleActivity { seq, call: call.clone() });
            Term::Activity { seq, call, asked: false }
        }
        Statement::LocalActivity { into, .. } => {
            let seq = world.number();
            world.locals.insert(seq);
            Term::Local { seq, into: *into }
        }
        Statement::Timer { ms } => Term::Timer { seq: world.start_timer(*ms) },
        Statement::AwaitSignal { name, into, timeout_ms } => wait(Want::Signal(name), *into, *timeout_ms, world),
        Statement::Condition { var, at_least, timeout_ms, into } => {
            wait(Want::AtLeast(*var, *at_least), *into, *timeout_ms, world)
        }
        Statement::Child(call) => {
            let seq = world.number();
            let workflow_id = format!("{}/{seq}", world.workflow_id);
            world.issue(Command::StartChild { seq, workflow_id, call: call.clone() });
            Term::Child { seq, call, cancelled: false, asked: false }
        }
        Statement::Parallel { until, branches } => {
            let begun = |body: &'p Block| Branch { term: block(body), cancelled: false };
            Term::Parallel { until: *until, branches: branches.iter().map(begun).collect(), decided: None }
        }
        Statement::Scope { cancel_after_ms, body } => {
            let timer = cancel_after_ms.filter(|_| !cancelled).map(|ms| world.start_timer(ms));
            Term::Scope { timer, expired: false, body: Box::new(block(body)) }
        }
        Statement::Try { body, catch, finally } => {
            Term::Try { body: Box::new(block(body)), catch: catch.as_ref(), finally }
        }
    })
}

/// Begins to wait, unless the condition holds already.
fn wait<'p>(want: Want<'p>, into: Var, timeout_ms: Option<u32>, world: &mut World) -> Term<'p> {
    match satisfied(&want, world) {
        Some(value) => store(into, value, world),
        None => Term::Wait { want, into, timer: timeout_ms.map(|ms| world.start_timer(ms)) },
    }
}

/// What a wait stores if it can go on now; a signal is taken.
fn satisfied(want: &Want<'_>, world: &mut World) -> Option<i64> {
    match want {
        Want::Signal(name) => world.signals.get_mut(*name)?.pop_front(),
        Want::AtLeast(var, bound) => (world.get(*var) >= *bound).then_some(1),
    }
}

fn store<'p>(into: Var, value: i64, world: &mut World) -> Term<'p> {
    world.set(into, value);
    Term::End(End::Done)
}
