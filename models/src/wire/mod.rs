//! From JSON to our own types and back: events, histories, recordings, in the shapes found in the wild.
//!
//! Decoders take bytes that anyone may have written. They never panic, never recurse without a bound, and either
//! give evidence or a [`Problem`] of one line. What they do not know they name in [`Notes`]; they do not guess.

mod bounds;
mod document;
pub mod event;
mod history;
pub mod known;
mod recording;
mod source;
mod version;

pub use bounds::MAX_BYTES;
pub use document::{Document, Form, read};
pub use version::{Versioned, read_versioned};

use std::collections::BTreeSet;
use std::io::Read;

/// The text of a file, decompressed if it is gzip; at most `max` bytes are read, counted after decompression.
///
/// # Errors
/// One line that begins with `name`.
pub fn text(name: &str, input: impl Read, max: u64) -> Result<String, Problem> {
    source::text(input, max).map_err(|what| Problem::of(name, &what))
}

/// Why a piece of evidence cannot be read: one line that says where and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub String);

impl Problem {
    /// More characters than this do not help anyone.
    const MOST: usize = 280;

    /// A problem of the named file. Whatever the file brought into the text is made harmless: one line, bounded.
    fn of(name: &str, what: &str) -> Self {
        let skip = name.chars().count().saturating_sub(100);
        let name: String = if skip > 0 { "…".chars().chain(name.chars().skip(skip)).collect() } else { name.into() };
        Self(plain(&format!("{name}: {what}"), Self::MOST))
    }
}

/// Text without control characters and of at most `most` characters, fit for one line of a terminal.
#[must_use]
pub fn plain(text: &str, most: usize) -> String {
    let mut shown = text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c });
    let mut out: String = shown.by_ref().take(most).collect();
    if shown.next().is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// Characters that reorder or break the text around them on a terminal.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a reader should know about evidence that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Event kinds and fields that this version does not know.
    pub unrecognised: BTreeSet<String>,
    /// What else is special about the evidence, in sentences: reversed, cut at a page, without an end.
    pub remarks: BTreeSet<String>,
}

impl Notes {
    /// More distinct names than this are counted as one.
    const MOST: usize = 100;

    /// Remembers a name that is not known.
    pub fn unrecognised(&mut self, name: impl AsRef<str>) {
        if self.unrecognised.len() < Self::MOST {
            self.unrecognised.insert(plain(name.as_ref(), 120));
        } else {
            self.unrecognised.insert("… and more".into());
        }
    }

    /// Remembers something else.
    pub fn remark(&mut self, sentence: impl AsRef<str>) {
        self.remarks.insert(plain(sentence.as_ref(), 300));
    }
}
