//! From JSON to our own types and back: events, histories, recordings, in the shapes found in the wild.
//!
//! Decoders take bytes that anyone may have written. They never panic, never recurse without a bound, and either
//! give evidence or a [`Problem`] of one line. What they do not know they name in [`Notes`]; they do not guess.

mod bounds;
mod cadence;
mod document;
mod history;
mod named;
mod recording;
mod source;
mod version;
mod walk;

pub use bounds::MAX_BYTES;
pub use document::{Document, Form, bytes, of_bytes, read};
pub use version::{Versioned, read_versioned};

use crate::notes::{Notes, Problem};
use std::io::Read;

/// The text of a file, decompressed if it is gzip; at most `max` bytes are read, counted after decompression.
///
/// # Errors
/// One line that begins with `name`.
pub fn text(name: &str, input: impl Read, max: u64) -> Result<String, Problem> {
    source::text(input, max).map_err(|what| Problem::of(name, &what))
}
