//! Histories of operations on an object (a register, a lock, a map of texts), as Jepsen and Porcupine write them.
//!
//! Two forms, whose meanings differ. In EDN `:fail` says that an operation did not happen, and a read of `nil` that nobody knows what
//! was read. In the lines of a log, as Porcupine bundles them, a compare-and-set that fails is an observation, and `nil` is what a
//! register holds before anything is written. In both, `:info` and no completion at all mean that the outcome is unknown.

mod model;
mod read;
mod term;

pub use model::Model;
pub use read::read;
pub use term::Term;

/// How a history is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectForm {
    /// Maps of EDN, one per event.
    Edn,
    /// Lines of a log: process, type, function, value.
    Log,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationEnd {
    /// It was answered with this.
    Ok(Term),
    /// It was refused.
    Fail,
    /// It was not answered, or by `:info`: it may have happened, or may still.
    Unknown,
}

/// One operation, from its invocation to its completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectOperation {
    /// The thread of a client, which asks one thing at a time.
    pub process: String,
    /// The line of the invocation, from 1.
    pub line: usize,
    /// The place of the invocation in the order of what happened.
    pub from: u64,
    /// The place of the completion; `None` if the outcome is unknown.
    pub until: Option<u64>,
    /// What was asked for: `read`, `write`, `cas` …
    pub function: String,
    /// The object, if the history names several.
    pub key: Option<Term>,
    /// What was asked with.
    pub asked: Term,
    /// How it ended.
    pub end: OperationEnd,
}

/// The history of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    /// How it was written.
    pub form: ObjectForm,
    /// In the order of their invocations.
    pub all: Vec<ObjectOperation>,
}
