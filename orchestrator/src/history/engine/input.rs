//! What can happen to a workflow: requests of the history service, timer tasks that are due, answers to transfer tasks.
//!
//! Each is a type that says what it is answered with, and implements [`Input`] beside the function that does the work.

use super::waiter::Waiter;
use super::{Context, Effects, Workflow};
use crate::cluster::Rejection;
use std::fmt;

/// Something that happens to a workflow, with one type of answer.
pub trait Input: Clone + fmt::Debug + Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;

    /// Works out what it does. On an error `workflow` may be half changed: work on a copy and drop it then. An input that
    /// is answered later keeps `caller`.
    ///
    /// # Errors
    /// It was refused; nothing may be kept.
    fn apply(
        self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
        caller: &Waiter<Self::Answer>,
    ) -> Applied<Self::Answer>;

    /// It only looks.
    fn reads_only(&self) -> bool {
        false
    }

    /// The id by which a repetition is recognised, of those that have one.
    fn request_id(&mut self) -> Option<&mut String> {
        None
    }
}

/// What an input did, and what its caller hears of it.
pub type Applied<A> = Result<(Effects, Reply<A>), Rejection>;

/// What the caller of an input hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<A> {
    /// This, after the commit. A refusal here has effects all the same.
    Now(Result<A, Rejection>),
    /// Something will be delivered when it has happened.
    Later,
}

/// An input that is answered at once.
pub(super) fn now<A>((effects, answer): (Effects, A)) -> (Effects, Reply<A>) {
    (effects, Reply::Now(Ok(answer)))
}
