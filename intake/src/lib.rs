//! From files that anyone may have to evidence: what [`resurgam_formats::wire`] reads, and beside it what needs more than text:
//! zip archives, and histories in protobuf, bare or in base64.
//!
//! Apart from the formats because of what it is built from: they know no protobuf, and whoever only judges needs none. It
//! judges nothing, and it opens no file by itself.

mod archive;
mod family;
mod file;
mod protobuf;

pub use family::families;

use resurgam_formats::notes::Problem;
use resurgam_formats::wire::{self, Document};
use std::io::Read;

/// The evidence in one file, each piece with the name of where it was: one, or those in an archive. What it is, is told by its
/// content. At most `max` bytes are read, counted after decompression.
///
/// # Errors
/// One line that begins with `name` and says what the file is instead.
pub fn read(name: &str, input: impl Read, max: u64) -> Result<Vec<(String, Document)>, Problem> {
    let bytes = wire::bytes(name, input, max)?;
    if archive::is_archive(&bytes) {
        return archive::read(name, &bytes, max);
    }
    Ok(vec![(name.to_owned(), file::read(name, bytes, max)?)])
}
