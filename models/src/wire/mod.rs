//! From JSON to our own types and back: events, histories, recordings, in the shapes found in the wild.
//!
//! Decoders take bytes that anyone may have written. They never panic, never recurse without a bound, and either
//! give evidence or a [`Problem`] of one line. What they do not know they name in [`Notes`]; they do not guess.

pub mod event;

use std::collections::BTreeSet;

/// Why a piece of evidence cannot be read: one line that says where and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub String);

/// What a reader should know about evidence that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Event kinds and fields that this version does not know.
    pub unrecognised: BTreeSet<String>,
}

impl Notes {
    /// More distinct names than this are counted as one.
    const MOST: usize = 100;

    /// Remembers a name that is not known.
    pub fn unrecognised(&mut self, name: impl Into<String>) {
        if self.unrecognised.len() < Self::MOST {
            self.unrecognised.insert(name.into().chars().take(120).collect());
        } else {
            self.unrecognised.insert("… and more".into());
        }
    }
}
