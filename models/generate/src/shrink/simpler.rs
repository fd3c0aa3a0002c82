//! One place of a plan made plainer: what stands there is replaced by what is inside it, or loses an option.
//!
//! Every function takes the place and the number of a change. Changes are ordered from the boldest to the smallest, and
//! none goes in a circle: what is plain has no further change.

mod changes;
mod environment;
mod fault;
mod growth;
mod misuse;
mod operation;
mod program;

pub(super) use environment::environment;
pub(super) use fault::fault;
pub(super) use growth::growth;
pub(super) use misuse::misuse;
pub(super) use operation::operation;
pub(super) use program::{program, statement};
