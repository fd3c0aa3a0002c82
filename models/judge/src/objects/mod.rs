//! Histories of operations on objects, judged by search: is there an order that respects real time and that the object allows?
//!
//! The objects are those of Jepsen and Porcupine. Each falls apart into its keys, which are searched one by one; within a key
//! the search is [`crate::wgl`]. What an answer does not say (an unknown outcome, a read of `nil` in EDN) allows everything.

mod cell;
mod multi;
mod mutex;
mod names;
mod operation;
mod text;

#[cfg(test)]
mod brute;
#[cfg(test)]
mod tests;

use crate::wgl::{self, Budget, Specification, Verdict};
use names::Names;
use operation::{Numbered, collect};
use resurgam_formats::objects::{Model, Operations, Term};
use resurgam_formats::verdict::Outcome;

/// What the search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Ok, violated, or unknown if the search was cut off.
    pub outcome: Outcome,
    /// Why it is unknown.
    pub why: String,
    /// How many operations were put in order. Left out are those that had no effect, and those without an answer whose effect nobody
    /// can have seen.
    pub examined: usize,
    /// The longest order that was found where there is none of all, as indexes into the operations.
    pub order: Vec<usize>,
    /// The operation that had to come next there, and could not.
    pub stuck: Option<usize>,
}

/// Judges a history; `initial` is what registers hold at first, nothing if it is not given.
///
/// # Errors
/// The operation that the model does not have, or that is asked with something that it does not take.
pub fn check(history: &Operations, model: Model, initial: Option<&Term>) -> Result<Found, String> {
    match model {
        Model::Register | Model::CasRegister => {
            let (cells, asked) = cell::calls(history, model, initial)?;
            Ok(search(&cells, asked))
        }
        Model::MultiRegister => {
            let mut names = Names::new(initial);
            let (registers, asked) = multi::calls(history, &mut names)?;
            Ok(search(&registers, asked))
        }
        Model::Mutex => Ok(search(&mutex::Mutex, collect(history, mutex::call)?)),
        Model::KvAppend => {
            let (texts, asked) = text::calls(history, initial)?;
            Ok(search(&texts, asked))
        }
    }
}

fn search<S: Specification>(specification: &S, asked: Vec<Numbered<S::Call>>) -> Found {
    let (indexes, operations): (Vec<usize>, Vec<_>) = asked.into_iter().unzip();
    let mut found =
        Found { outcome: Outcome::Ok, why: String::new(), examined: operations.len(), order: Vec::new(), stuck: None };
    match wgl::check(specification, &operations, Budget::default()).verdict {
        Verdict::Ok if operations.is_empty() => found.outcome = Outcome::NotApplicable,
        Verdict::Ok => {}
        Verdict::Violated(partial) => {
            found.outcome = Outcome::Violated;
            found.order = partial.order.into_iter().map(|place| indexes[place]).collect();
            found.stuck = Some(indexes[partial.stuck]);
        }
        Verdict::Unknown(why) => {
            found.outcome = Outcome::Unknown;
            found.why = format!("the search was cut off: {why}");
        }
    }
    found
}
