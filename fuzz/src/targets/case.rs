//! `case.json`, and the versioned formats beside it.

use crate::memory::within;
use crate::samples::CASES;
use crate::spoilt;
use resurgam_formats::case::Case;

/// A case or an error; what is read is written in the same way again.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &CASES);
    let most = (64 << 10) + 64 * input.len();
    if let Ok(case) = within(most, || serde_json::from_slice::<Case>(&input)) {
        let written = serde_json::to_vec(&case).unwrap_or_default();
        assert_eq!(serde_json::from_slice::<Case>(&written).ok(), Some(case));
    }
}
