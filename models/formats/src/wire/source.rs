//! From any input to text: decompression, the limit on bytes, byte order marks, UTF-8.

use super::named;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Reads the whole input, decompressed if it is gzip (told by its first bytes), as text of at most `max` bytes.
///
/// # Errors
/// What is wrong, without the name of the file.
pub(super) fn text(input: impl Read, max: u64) -> Result<String, String> {
    text_of(bytes(input, max)?)
}

/// Reads the whole input, decompressed if it is gzip.
pub(super) fn bytes(input: impl Read, max: u64) -> Result<Vec<u8>, String> {
    let mut input = BufReader::new(input);
    let packed = starts_with(&mut input, [0x1f, 0x8b]).map_err(|e| format!("cannot be read: {e}"))?;
    if packed {
        let mut unpacked = BufReader::new(MultiGzDecoder::new(input));
        let twice = starts_with(&mut unpacked, [0x1f, 0x8b]).map_err(|e| damaged(&e))?;
        if twice {
            return Err("is compressed twice; decompress it once".into());
        }
        limited(unpacked, max, " after decompression", damaged)
    } else {
        limited(input, max, "", |e| format!("cannot be read: {e}"))
    }
}

/// Bytes as text, without a mark of their order.
pub(super) fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    let mut text = String::from_utf8(bytes).map_err(|e| not_text(e.as_bytes(), e.utf8_error().valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if text.trim_ascii().is_empty() {
        let what = if text.is_empty() { "is empty" } else { "holds nothing but blanks" };
        return Err(what.into());
    }
    Ok(text)
}

fn damaged(problem: &io::Error) -> String {
    format!("gzip data is damaged or cut short: {problem}")
}

fn starts_with(input: &mut impl BufRead, magic: [u8; 2]) -> io::Result<bool> {
    // A first chunk of one byte cannot happen with files; with a slow pipe it costs only the detection of gzip.
    Ok(input.fill_buf()?.starts_with(&magic))
}

fn limited(input: impl Read, max: u64, when: &str, wrong: impl Fn(&io::Error) -> String) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    input.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| wrong(&e))?;
    if bytes.len() as u64 > max {
        return Err(format!("is larger than the limit of {max} bytes{when}"));
    }
    Ok(bytes)
}

fn not_text(bytes: &[u8], valid: usize) -> String {
    if let Some(what) = named::bytes(bytes) {
        return format!("is {what}");
    }
    let before = &bytes[..valid];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
    format!("line {line} column {column}: not UTF-8 (byte 0x{:02x})", bytes.get(valid).copied().unwrap_or_default())
}
