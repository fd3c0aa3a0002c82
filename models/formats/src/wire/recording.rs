//! Recordings: one entry per line, the histories in them decoded event by event.

use super::bounds::Budget;
use super::history::Events;
use super::{Notes, version};
use crate::evidence::{Evidence, ReadKind, Run};
use crate::plan::Namespace;
use crate::recording::{Entry, Header, What};
use crate::time::At;
use serde::Deserialize;
use serde::de::DeserializeSeed as _;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Bytes of a line that is not a history; the longest are headers, which carry the plan.
const MOST_LINE: usize = 16 << 20;

/// The type of a line, before anything else of it is decoded.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
}

/// A line with a history whose events are still text.
#[derive(Deserialize)]
struct Read<'a> {
    at: At,
    workflow_id: String,
    run_id: String,
    #[serde(rename = "final")]
    is_final: bool,
    from: At,
    #[serde(default)]
    namespace: Namespace,
    #[serde(borrow)]
    events: &'a RawValue,
}

/// Reads the lines of a recording.
///
/// # Errors
/// One line with the number of the line that is wrong.
pub(super) fn read(text: &str, budget: &Budget) -> Result<Evidence, String> {
    let mut all = Evidence::default();
    let mut ended = false;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()) {
        let at = |e: String| format!("line {}: {e}", index + 1);
        let kind = serde_json::from_str::<Peek<'_>>(line).map_err(|e| at(said(&e)))?.kind.unwrap_or_default();
        match (all.header.is_some(), kind.as_ref()) {
            _ if ended => return Err(at("a line after the end of the recording".into())),
            (false, "header") => check(line).map_err(at)?,
            (true, "header") => return Err(at("a second header; a recording has one".into())),
            (false, _) => return Err(at("a recording begins with a header".into())),
            _ => {}
        }
        if kind == "history" {
            let (kind, run) = history(line, &mut all.notes, budget).map_err(at)?;
            all.add_run(kind, run);
            continue;
        }
        if line.len() > MOST_LINE {
            return Err(at(format!("{} bytes in one line that is not a history", line.len())));
        }
        let entry: Entry = serde_json::from_str(line).map_err(|e| at(said(&e)))?;
        ended = matches!(entry.what, What::End { .. });
        all.add(entry).map_err(|e| at(e.0))?;
    }
    if !ended {
        all.notes.remark("the recording has no end: its case was cut off, and what is missing may have happened");
    }
    Ok(all)
}

fn check(line: &str) -> Result<(), String> {
    if line.len() > MOST_LINE {
        return Err(format!("{} bytes of header", line.len()));
    }
    let json: Value = serde_json::from_str(line).map_err(|e| said(&e))?;
    version::check::<Header>(&json)
}

fn history(line: &str, notes: &mut Notes, budget: &Budget) -> Result<(ReadKind, Run), String> {
    let read: Read<'_> = serde_json::from_str(line).map_err(|e| said(&e))?;
    let mut events = Vec::new();
    let mut json = serde_json::Deserializer::from_str(read.events.get());
    let seed = Events { out: &mut events, notes, budget };
    seed.deserialize(&mut json).map_err(|e| format!("events: {}", said(&e)))?;
    let Read { workflow_id, run_id, is_final, namespace, .. } = read;
    Ok((
        ReadKind::of(is_final, namespace),
        Run { workflow_id, run_id, events, partial: false, read: (read.from, read.at) },
    ))
}

/// What the JSON reader said about a single line: its own line number would always be 1.
fn said(problem: &serde_json::Error) -> String {
    let text = problem.to_string();
    let (what, column) = text.rsplit_once(" at line 1 column ").unwrap_or((&text, ""));
    let what = if problem.is_eof() { "cut short" } else { what };
    if column.is_empty() || column == "0" { what.to_owned() } else { format!("column {column}: {what}") }
}
