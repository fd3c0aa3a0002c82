//! Terms: what is left to do of a block, and how it is cancelled.
//!
//! [`cancel`] is what a cancellation does to a term at once; `visit` is how it is rewritten otherwise.

use super::world::World;
use resurgam_formats::command::Command;
use resurgam_formats::program::{ActivityCall, Block, Cancellation, ChildCall, Failure, Statement, Until, Var};

/// How a block ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    Done,
    Failed(Failure),
    Cancelled,
}

/// What a wait waits for.
#[derive(Clone, Debug)]
pub(super) enum Want<'p> {
    Signal(&'p str),
    AtLeast(Var, i64),
}

/// A branch of a parallel statement.
#[derive(Debug)]
pub(super) struct Branch<'p> {
    pub(super) term: Term<'p>,
    /// Cancelled by the parallel statement itself.
    pub(super) cancelled: bool,
}

/// What is left to do.
#[derive(Debug)]
pub(super) enum Term<'p> {
    /// Nothing is left to do.
    End(End),
    /// A statement that has not begun.
    Begin(&'p Statement),
    /// A term, and then the rest of its block.
    Then(Box<Term<'p>>, &'p [Statement]),
    /// Blocked on the outcome of an activity; `asked`: a cancel command was issued.
    Activity { seq: u32, call: &'p ActivityCall, asked: bool },
    /// Blocked on the result of a local activity.
    Local { seq: u32, into: Var },
    /// Blocked on a timer.
    Timer { seq: u32 },
    /// Blocked on a signal or a variable, at most until the timer fires.
    Wait { want: Want<'p>, into: Var, timer: Option<u32> },
    /// Blocked on a child; `cancelled`: it was reached by a cancellation; `asked`: a cancel command was issued.
    Child { seq: u32, call: &'p ChildCall, cancelled: bool, asked: bool },
    /// Branches side by side, and the end of the one that decided.
    Parallel { until: Until, branches: Vec<Branch<'p>>, decided: Option<End> },
    /// A body with a timer of its own while that runs; `expired`: that timer cancelled the body.
    Scope { timer: Option<u32>, expired: bool, body: Box<Term<'p>> },
    /// The body of a `Try`.
    Try { body: Box<Term<'p>>, catch: Option<&'p Block>, finally: &'p Block },
    /// The shielded end of a `Try`, and how it ended before.
    Finally { before: End, body: Box<Term<'p>> },
}

/// A block of which nothing has begun.
pub(super) fn block(statements: &[Statement]) -> Term<'_> {
    Term::Then(Box::new(Term::End(End::Done)), statements)
}

/// What a cancellation from outside does to a term, at once.
pub(super) fn cancel<'p>(term: Term<'p>, world: &mut World) -> Term<'p> {
    match term {
        Term::End(_) | Term::Begin(_) | Term::Local { .. } | Term::Finally { .. } => term,
        Term::Then(first, rest) => Term::Then(Box::new(cancel(*first, world)), rest),
        Term::Timer { seq } => {
            world.cancel_timer(seq);
            Term::End(End::Cancelled)
        }
        Term::Wait { timer, .. } => {
            if let Some(seq) = timer {
                world.cancel_timer(seq);
            }
            Term::End(End::Cancelled)
        }
        Term::Activity { seq, call, asked } => {
            if call.cancellation != Cancellation::Abandon && !asked {
                world.issue(Command::RequestCancelActivity { seq });
            }
            match call.cancellation {
                Cancellation::WaitCompleted => Term::Activity { seq, call, asked: true },
                Cancellation::TryCancel | Cancellation::Abandon => Term::End(End::Cancelled),
            }
        }
        Term::Child { seq, call, asked, .. } => {
            let ask = call.cancellation != Cancellation::Abandon && world.started.contains(&seq) && !asked;
            if ask {
                world.ask_child(seq);
            }
            match call.cancellation {
                Cancellation::WaitCompleted => Term::Child { seq, call, cancelled: true, asked: asked || ask },
                Cancellation::TryCancel | Cancellation::Abandon => Term::End(End::Cancelled),
            }
        }
        Term::Parallel { until, branches, decided } => {
            let mut cancelled = |Branch { term, cancelled }| Branch { term: cancel(term, world), cancelled };
            Term::Parallel { until, branches: branches.into_iter().map(&mut cancelled).collect(), decided }
        }
        Term::Scope { timer, expired, body } => {
            if let Some(seq) = timer {
                world.cancel_timer(seq);
            }
            Term::Scope { timer: None, expired, body: Box::new(cancel(*body, world)) }
        }
        Term::Try { body, catch, finally } => Term::Try { body: Box::new(cancel(*body, world)), catch, finally },
    }
}
