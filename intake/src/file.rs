//! One file that is no archive: text, or protobuf that becomes text.

use super::protobuf;
use resurgam_formats::notes::Problem;
use resurgam_formats::wire::{self, Document};

/// The evidence in the bytes of one file that is no archive.
pub(super) fn read(name: &str, bytes: Vec<u8>, max: u64) -> Result<Document, Problem> {
    match protobuf::to_json(&bytes, max) {
        Some(Ok(text)) => wire::of_bytes(name, text.into_bytes(), wire::MAX_BYTES.max(max)),
        Some(Err(what)) => Err(Problem::of(name, &what)),
        None => wire::of_bytes(name, bytes, max),
    }
}
