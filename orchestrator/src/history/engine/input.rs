//! What can happen to a workflow: requests of the history service, timer tasks that are due, results of transfer tasks.
//!
//! Each is a type that says what it is answered with, and implements [`RunInput`] beside the function that does the work
//! (or [`Input`], if it may make a new run).

use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{Context, Effects, Workflow};
use crate::cluster::Rejection;
use resurgam_api::internal::{Target, TaskToken};
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

/// An input about one run that is there already.
pub trait RunInput: Clone + fmt::Debug + Send + Sync + 'static {
    /// What the caller gets.
    type Answer: Send + 'static;

    /// The run that is meant.
    fn run(&self) -> Which<'_>;

    /// Does its work on the run. What follows from it for the run is not its business.
    ///
    /// # Errors
    /// It was refused; nothing may be kept.
    fn act(self, tx: &mut Transaction<'_, '_>, caller: &Waiter<Self::Answer>) -> Acted<Self::Answer>;

    /// It only looks.
    fn reads_only(&self) -> bool {
        false
    }

    /// The id by which a repetition is recognised, of those that have one.
    fn request_id(&mut self) -> Option<&mut String> {
        None
    }
}

/// What an input did to a workflow, and what its caller hears of it.
pub type Applied<A> = Result<(Effects, Reply<A>), Rejection>;
/// What the caller hears of an input that was done to a run.
pub(super) type Acted<A> = Result<Reply<A>, Rejection>;

/// What the caller of an input hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<A> {
    /// This, after the commit. A refusal here has effects all the same.
    Now(Result<A, Rejection>),
    /// Something will be delivered when it has happened.
    Later,
}

impl<A> Reply<A> {
    /// An answer that need not wait for anything but the commit.
    pub(super) fn now(answer: A) -> Self {
        Self::Now(Ok(answer))
    }
}

/// Which run of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which<'a> {
    /// Its run id; empty: the current one.
    pub run_id: &'a str,
    /// The run with which its chain has to have begun; empty: any.
    pub first: &'a str,
}

impl<'a> Which<'a> {
    /// The run of this id, or (empty) the current one.
    pub(super) fn run(run_id: &'a str) -> Self {
        Self { run_id, first: "" }
    }

    /// The run that a call names.
    pub(super) fn target(target: Option<&'a Target>) -> Self {
        Self::run(target.map_or("", |target| &target.run_id))
    }

    /// The run of a task; of an activity that is named by its id, perhaps the current one.
    pub(super) fn task(task: Option<&'a TaskToken>) -> Self {
        Self::run(task.map_or("", |task| &task.run_id))
    }

    /// Only if it belongs to the chain that began with `first`.
    pub(super) fn of_chain(self, first: &'a str) -> Self {
        Self { first, ..self }
    }

    /// The current run, if the chain is named with which it began: then, as in Temporal, no run id counts.
    pub(super) fn current_of_chain(self, first: &'a str) -> Self {
        if first.is_empty() { self } else { Self { run_id: "", first } }
    }
}
