//! Proposes the mutants of a text: one walk through its syntax, with a file for each family of mistakes.
//!
//! Code of tests, constants, patterns, types and macros is passed over, and so is what stands under a planted bug. Whether a
//! mutant compiles is for the compiler to say.

mod argument;
mod body;
mod condition;
mod operation;
mod proposals;
mod statement;
mod value;
mod walk;
mod words;

pub(crate) use proposals::Found;
pub(crate) use walk::mutants;
pub(crate) use words::Words;

#[cfg(test)]
mod tests;
