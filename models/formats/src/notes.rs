//! What a reader of evidence has to say about it: why it cannot be read, or what is special about it.
//!
//! Files come from anywhere, so whatever of them gets into a text here is made harmless first: bounded, on one line.

use std::collections::BTreeSet;

/// Why a piece of evidence cannot be read: one line that says where and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub String);

impl Problem {
    /// More characters than this do not help anyone.
    const MOST: usize = 280;

    /// A problem of the named file. Whatever the file brought into the text is made harmless: one line, bounded.
    #[must_use]
    pub fn of(name: &str, what: &str) -> Self {
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
    /// There are histories of Cadence, whose rules are not all those of Temporal.
    pub cadence: bool,
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
    pub(crate) fn remark(&mut self, sentence: impl AsRef<str>) {
        self.remarks.insert(plain(sentence.as_ref(), 300));
    }
}
