//! Recordings of cases, line by line.

use super::short;
use crate::memory::within;
use crate::samples::RECORDINGS_SHORT;
use crate::spoilt;
use resurgam_formats::recording::Header;
use resurgam_formats::wire::{of_bytes, read_versioned};

/// The limit that is given to the decoder.
const MAX: u64 = 1 << 20;

/// Evidence or a short line, and memory within a multiple of the input; the first line by itself is a header or none.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &RECORDINGS_SHORT);
    let most = (256 << 10) + 64 * input.len();
    let first = input.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    if let Err(problem) = within(most, || read_versioned::<Header>("file", &*first, MAX)) {
        short("file", &problem.0);
    }
    if let Err(problem) = within(most, || of_bytes("file", input, MAX)) {
        short("file", &problem.0);
    }
}
