//! Versions of the formats: a file that a newer build wrote is refused by a line that says so.

use super::bounds::{Bounded, Budget};
use super::{Problem, source};
use crate::{plan, program, recording, verdict};
use serde::de::{DeserializeOwned, DeserializeSeed as _};
use serde_json::Value;
use std::io::Read;

/// A format whose files carry a version.
pub trait Versioned: DeserializeOwned {
    /// What it is called.
    const WORD: &'static str;
    /// The newest version that this build reads.
    const VERSION: u32;
    /// Where in the JSON the version stands.
    const AT: &'static str = "/version";
    /// The versions of the formats inside that are newer than this build, in words.
    ///
    /// # Errors
    /// The line that says so.
    fn inside(json: &Value) -> Result<(), String> {
        let _ = json;
        Ok(())
    }
}

impl Versioned for program::Input {
    const WORD: &'static str = "program";
    const VERSION: u32 = program::VERSION;
    const AT: &'static str = "/program/version";
}

impl Versioned for plan::Plan {
    const WORD: &'static str = "plan";
    const VERSION: u32 = plan::VERSION;
    fn inside(json: &Value) -> Result<(), String> {
        let programs = json.get("programs").and_then(Value::as_array).into_iter().flatten();
        programs.into_iter().try_for_each(check::<program::Input>)
    }
}

impl Versioned for recording::Header {
    const WORD: &'static str = "recording";
    const VERSION: u32 = recording::VERSION;
    fn inside(json: &Value) -> Result<(), String> {
        json.get("plan").map_or(Ok(()), check::<plan::Plan>)
    }
}

impl Versioned for verdict::Verdict {
    const WORD: &'static str = "verdict";
    const VERSION: u32 = verdict::VERSION;
}

/// Checks the versions in JSON before it is decoded. A missing version is left to the decoder to complain about.
pub(super) fn check<T: Versioned>(json: &Value) -> Result<(), String> {
    let (word, newest) = (T::WORD, T::VERSION);
    match json.pointer(T::AT).map(|v| (v, v.as_u64())) {
        Some((_, Some(found))) if found > u64::from(newest) => {
            Err(format!("this {word} was written by a newer version (v{found}, this build reads up to v{newest})"))
        }
        Some((_, Some(0)) | (_, None)) => Err(format!("the version of this {word} is not a number from 1")),
        _ => T::inside(json),
    }
}

/// Reads a file of a versioned format: a plan, a verdict, a program. Gzip is recognised; at most `max` bytes are read.
///
/// # Errors
/// One line that names the file.
pub fn read_versioned<T: Versioned>(name: &str, input: impl Read, max: u64) -> Result<T, Problem> {
    let inner = || {
        let text = source::text(input, max)?;
        let budget = Budget::new(max);
        let json = Bounded(&budget).deserialize(&mut serde_json::Deserializer::from_str(&text));
        let json = json.map_err(|e| e.to_string())?;
        check::<T>(&json)?;
        serde_json::from_str(&text).map_err(|e| format!("is not a {}: {e}", T::WORD))
    };
    inner().map_err(|what: String| Problem::of(name, &what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn newer_versions_say_so_wherever_they_stand() {
        let program = json!({"program": {"version": 9}});
        let plan = json!({"version": 1, "programs": [program]});
        let header = json!({"version": 1, "plan": plan});
        for line in [
            check::<program::Input>(&program),
            check::<plan::Plan>(&plan),
            check::<recording::Header>(&header),
            check::<recording::Header>(&json!({"version": 9})),
            check::<verdict::Verdict>(&json!({"version": 9})),
        ] {
            assert!(line.unwrap_err().ends_with("was written by a newer version (v9, this build reads up to v1)"));
        }
        let found = read_versioned::<plan::Plan>("p.json", &br#"{"version":2}"#[..], 100).unwrap_err();
        assert_eq!(found.0, "p.json: this plan was written by a newer version (v2, this build reads up to v1)");
    }

    #[test]
    fn other_files_are_refused_in_one_line() {
        for bytes in [&b""[..], b"{}", b"[1", b"{\"version\":1}", b"{\"version\":\"x\"}", b"\xff"] {
            let found = read_versioned::<plan::Plan>("p.json", bytes, 100).unwrap_err();
            assert!(found.0.starts_with("p.json: ") && !found.0.contains('\n'), "{found}");
        }
    }
}
