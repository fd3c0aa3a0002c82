//! Rules, over committed recordings whose values and order were changed: no rule crashes, and all come to an end.

use crate::samples::RECORDINGS_WHOLE;
use crate::script::Script;
use crate::values;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::Problem;
use resurgam_formats::wire::{MAX_BYTES, of_bytes};
use resurgam_judge::judge;
use serde_json::Value;
use std::sync::LazyLock;

/// The recordings, as the values of their lines.
static LINES: LazyLock<Vec<Vec<Value>>> =
    LazyLock::new(|| RECORDINGS_WHOLE.iter().map(|text| values::lines(text)).collect());

/// The evidence that a script describes.
///
/// # Errors
/// The decoder refuses it: why.
pub fn evidence(script: &[u8]) -> Result<Evidence, Problem> {
    let mut script = Script::new(script);
    let lines = script.one(&LINES).clone();
    let lines = values::spoil(&mut script, lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    of_bytes("file", text.into_bytes(), MAX_BYTES).map(|document| document.evidence)
}

/// Every rule says something of what was read.
pub fn run(script: &[u8]) {
    let Ok(evidence) = evidence(script) else { return };
    let profile = evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default();
    for rule in judge("drawn", &evidence, &profile).rules {
        assert!(!rule.why.contains("crashed"), "{}: {}", rule.rule, rule.why);
    }
}
