//! Scenarios in TOML.

use crate::memory::within;
use crate::samples::SCENARIOS;
use crate::spoilt;
use resurgam_formats::scenario;

/// A scenario, or what is wrong in which line of the file.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &SCENARIOS);
    let text = String::from_utf8_lossy(&input);
    let most = (1 << 20) + 256 * text.len();
    if let Err(wrong) = within(most, || scenario::read("file.toml", &text)) {
        assert!(wrong.line >= 1 && wrong.line <= 1 + text.matches('\n').count(), "{wrong}");
    }
}
