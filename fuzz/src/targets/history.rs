//! Histories as JSON, of Temporal and of Cadence, in all shapes that are told apart by content.

use super::short;
use crate::memory::within;
use crate::samples::HISTORIES;
use crate::spoilt;
use resurgam_formats::wire::of_bytes;

/// The limit that is given to the decoder.
const MAX: u64 = 1 << 20;

/// Evidence or a short line, and memory within a multiple of the input.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &HISTORIES);
    let most = (256 << 10) + 64 * input.len();
    let found = within(most, || of_bytes("file", input, MAX));
    if let Err(problem) = found {
        short("file", &problem.0);
    }
}
