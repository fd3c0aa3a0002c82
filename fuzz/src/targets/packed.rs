//! Archives, compressed files and protobuf: what needs more than text to be read.

use super::short;
use crate::memory::within;
use crate::samples::PACKED;
use crate::spoilt;

/// The limit that is given to the decoder, counted after decompression.
const MAX: u64 = 1 << 16;

/// Evidence or a short line; and memory within a multiple of the limit, however little the file has.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &PACKED);
    let most = 64 * usize::try_from(MAX).unwrap_or(usize::MAX) + 64 * input.len();
    if let Err(problem) = within(most, || resurgam_intake::read("file", &*input, MAX)) {
        short("file", &problem.0);
    }
}
