//! Zip archives: every file in one is read as if it were given by itself.

use super::file;
use resurgam_formats::notes::Problem;
use resurgam_formats::wire::Document;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Files in one archive that are looked at.
const MOST_FILES: usize = 10_000;

/// True if these bytes begin as an archive does, an empty one included.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Reads the files of an archive that hold evidence. All of them together may have `max` bytes.
pub(super) fn read(name: &str, bytes: &[u8], max: u64) -> Result<Vec<(String, Document)>, Problem> {
    let wrong = |what: &dyn std::fmt::Display| Problem::of(name, &format!("zip archive: {what}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| wrong(&e))?;
    if archive.len() > MOST_FILES {
        return Err(wrong(&format_args!("more than {MOST_FILES} files")));
    }
    let (mut found, mut left, mut other) = (Vec::new(), max, Vec::new());
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|e| wrong(&e))?;
        // What the Finder adds beside every file.
        if file.is_dir() || file.name().starts_with("__MACOSX/") {
            continue;
        }
        let inner = format!("{name}/{}", file.name());
        let mut content = Vec::new();
        file.take(left.saturating_add(1)).read_to_end(&mut content).map_err(|e| wrong(&e))?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or_else(|| wrong(&format_args!("its files are larger than the limit of {max} bytes")))?;
        if is_archive(&content) {
            other.push(Problem::of(&inner, "is a zip archive in a zip archive; unpack it once"));
            continue;
        }
        match file::read(&inner, content, max) {
            Ok(document) => found.push((inner, document)),
            Err(problem) => other.push(problem),
        }
    }
    match other.into_iter().next() {
        _ if !found.is_empty() => Ok(found),
        Some(first) => Err(Problem::of(name, &format!("is a zip archive without a history ({first})"))),
        None => Err(Problem::of(name, "is a zip archive without files")),
    }
}
