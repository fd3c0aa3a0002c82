//! The semantics of a reentrant process, twice.
//!
//! [`machine`] is incremental, with snapshot and restore, and drives the wire worker. [`replay`] is a naive evaluator
//! with no saved state, and judges. Both were written from the contract in [`crate::program`] and share nothing but
//! data types, so that a misread contract or a bug of the incremental path shows up as a difference between them.
//! A property test holds the two equal; a difference is a bug of ours and never a verdict.

pub mod machine;
pub mod replay;
pub mod toy;

#[cfg(test)]
pub(crate) mod tests;
