//! What `resurgam check` does with a file, from its bytes to what is printed in every format.

use super::short;
use crate::samples::{HISTORIES, PACKED, RECORDINGS_SHORT};
use crate::script::Script;
use crate::spoilt;
use resurgam_formats::evidence::Evidence;
use resurgam_judge::{judge, rules};
use resurgam_reports::checked::{self, Checked};
use resurgam_reports::{explained, verdict};
use std::sync::LazyLock;

/// The limit that is given to the decoder.
const MAX: u64 = 1 << 20;

static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| [&**HISTORIES, &**RECORDINGS_SHORT, &**PACKED].concat());

/// Verdicts that can be printed, or a short line.
pub fn run(script: &[u8]) {
    let mut script = Script::new(script);
    let wanted = script.byte();
    let input = spoilt::input(script.rest(), &SAMPLES);
    match resurgam_intake::read("file", &*input, MAX) {
        Err(problem) => short("file", &problem.0),
        Ok(found) => {
            let found = found.into_iter().map(|(name, document)| (name, document.evidence)).collect();
            print(resurgam_intake::families(found), wanted);
        }
    }
}

/// Judges all of it, and renders what is wanted: pages and XML cost more than all the rest, so not each time.
fn print(families: Vec<(String, Evidence)>, wanted: u8) {
    let abouts = rules::abouts();
    let mut all = Checked::new(false);
    for (name, evidence) in families {
        let profile = evidence.header.as_ref().map(|header| header.profile.clone()).unwrap_or_default();
        let said = judge(&name, &evidence, &profile);
        for rule in &said.rules {
            assert!(!rule.why.contains("crashed"), "{}: {}", rule.rule, rule.why);
        }
        let lines = verdict::lines(&all.unrepeated(&said));
        assert!(!lines.contains(|c: char| c.is_control() && c != '\n'), "{lines:?}");
        assert!(serde_json::to_string(&said).is_ok());
        let _ = explained::explain(&said, &evidence, &abouts);
        all.add(said, Some(&evidence).filter(|_| wanted % 8 == 1));
    }
    let _ = all.totals();
    match wanted % 8 {
        0 => drop(checked::junit(&all, &abouts).unwrap_or_else(|e| panic!("{e}"))),
        1 => drop(checked::html(&all, &abouts).unwrap_or_else(|e| panic!("{e}"))),
        _ => {}
    }
}
